"""Plays the clients and the topics around consumer groups: a hand-turned clock, a log in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.heartbeat_request import HeartbeatRequest, HeartbeatResult
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.broker.coordination.groups.modern.topics_view import SeenTopic
from odradek.protocol.errors import ErrorCode
from odradek.protocol.records import read_records
from odradek.protocol.state_records import decode_group_record

from ..group_driver import AT_ONCE, Call, GroupDriver, HandClock, MemoryLog

Names = Mapping[str, Sequence[int]]

EAGER = ConsumerConfig(of_group=lambda group_id: ModernGroupSettings(assignment_interval_ms=0))


class Topics:
    """The topics of a test, by name; their ids are their names."""

    def __init__(self, **partitions: int) -> None:
        self.partitions = partitions
        self.at = 1
        self.newest = 1

    def find(self, name: str) -> SeenTopic | None:
        return SeenTopic(topic_id(name), self.partitions[name]) if name in self.partitions else None

    def name_of(self, topic_id: bytes) -> str | None:
        name = topic_id.rstrip(b"\0").decode()
        return name if name in self.partitions else None

    def names(self) -> Iterable[str]:
        return list(self.partitions)

    def version(self) -> int:
        return self.at

    def version_of_newest(self) -> int:
        return self.newest


def topic_id(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def named(assignment: Mapping[bytes, Iterable[int]] | None) -> dict[str, list[int]] | None:
    """An assignment with names for ids."""
    if assignment is None:
        return None
    return {key.rstrip(b"\0").decode(): sorted(indexes) for key, indexes in assignment.items()}


class ConsumerDriver(GroupDriver):
    """A coordinator with topics; `members` are what the clients believe."""

    def __init__(
        self,
        config: ConsumerConfig = EAGER,
        topics: Topics | None = None,
        log: MemoryLog | None = None,
        clock: HandClock | None = None,
    ) -> None:
        self.config = config
        self.topics = topics or Topics(t=4, u=2)
        super().__init__(replace(AT_ONCE, consumer=config), log, clock, self.topics)

    def restarted(self) -> "ConsumerDriver":
        return ConsumerDriver(self.config, self.topics, self.log, HandClock())

    def id_of(self, number: int) -> str:
        return str(UUID(int=number))

    @property
    def consumer_group(self) -> ConsumerGroup:
        return self.service.find_consumer_group("g")[0]

    def known_group(self) -> ConsumerGroup | None:
        """The group, if it is there."""
        group = self.service.find_group("g")
        return group if isinstance(group, ConsumerGroup) else None

    def beat(self, member_id: str, epoch: int = 0, *, group_id: str = "g", **how: Any) -> HeartbeatResult:
        """ConsumerGroupHeartbeat: with epoch 0 a full one, subscribed to t."""
        if epoch == 0:
            how = {"rebalance_timeout_ms": 5000, "owned": [], **how}
            if "subscribed_topic_regex" not in how:
                how.setdefault("subscribed_topic_names", ["t"])
        elif how.get("owned") is not None:
            how["owned"] = [(topic_id(name), indexes) for name, indexes in how["owned"].items()]
        call: Call[HeartbeatResult] = Call(HeartbeatResult)
        self.service.consumer_heartbeat(HeartbeatRequest(group_id, member_id, epoch, "c", "/h", **how), call)
        return call.answer

    def follow(self, member_id: str, rounds: int = 6) -> int:
        """Heartbeats of an honest client until nothing changes for it; its epoch."""
        member = self.consumer_group.members[member_id]
        epoch, owned = member.epoch, named(member.assigned) or {}
        for _ in range(rounds):
            result = self.beat(member_id, epoch, owned=owned)
            assert result.error is ErrorCode.NONE, result
            epoch = result.epoch
            if result.assignment is not None:
                owned = named(result.assignment) or {}
        return epoch

    def settle(self) -> None:
        """All members follow until the group is Stable."""
        for _ in range(4):
            for member_id in list(self.consumer_group.members):
                self.follow(member_id, 2)
        assert self.consumer_group.state_name == "Stable"

    def assigned(self) -> dict[str, dict[str, list[int]]]:
        """What each member has."""
        return {m.member_id: named(m.assigned) or {} for m in self.consumer_group.members.values()}

    def keys(self) -> list[int]:
        """The types of all records, in the order of the log."""
        kinds: list[int] = []
        for _, batches in self.log.stored():
            for batch in batches:
                for record in read_records(batch):
                    assert decode_group_record(record.key or b"", record.value) is not None
                    kinds.append(int.from_bytes((record.key or b"")[:2], "big"))
        return kinds
