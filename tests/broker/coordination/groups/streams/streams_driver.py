"""Plays the applications and the topics around streams groups: a hand-turned clock, a log in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from odradek.broker.coordination.groups.modern.topics_view import SeenTopic
from odradek.broker.coordination.groups.streams.configured_topology import ConfiguredSubtopology
from odradek.broker.coordination.groups.streams.group import StreamsGroup
from odradek.broker.coordination.groups.streams.heartbeat_request import (
    StreamsHeartbeatRequest,
    StreamsHeartbeatResult,
)
from odradek.broker.coordination.groups.streams.settings import StreamsConfig, StreamsGroupSettings
from odradek.broker.coordination.groups.streams.topology import (
    CopartitionGroup,
    InternalTopic,
    ReportedTopology,
    Subtopology,
    Topology,
)
from odradek.protocol.records import read_records
from odradek.protocol.state_records import decode_group_record

from ..group_driver import AT_ONCE, Call, GroupDriver, HandClock, MemoryLog

Owned = Mapping[str, Iterable[int]]


def config(*, max_size: int = 0x7FFFFFFF, **how: int) -> StreamsConfig:
    """Tasks are given out with every change, unless it says otherwise."""
    settings = StreamsGroupSettings(**{"assignment_interval_ms": 0, "initial_rebalance_delay_ms": 0, **how})
    return StreamsConfig(max_size=max_size, of_group=lambda group_id: settings)


EAGER = config()


def subtopology(
    subtopology_id: str = "0",
    sources: Sequence[str] = (),
    *,
    changelogs: Sequence[str | InternalTopic] = (),
    sinks: Sequence[str] = (),
    repartitions: Sequence[str | InternalTopic] = (),
    copartitions: Sequence[CopartitionGroup] = (),
    regexes: Sequence[str] = (),
) -> Subtopology:
    return Subtopology(
        subtopology_id,
        tuple(sources),
        tuple(regexes),
        tuple(map(internal, changelogs)),
        tuple(sinks),
        tuple(map(internal, repartitions)),
        tuple(copartitions),
    )


def internal(topic: str | InternalTopic) -> InternalTopic:
    return InternalTopic(topic) if isinstance(topic, str) else topic


def reported(*subtopologies: Subtopology, epoch: int = 0) -> ReportedTopology:
    return ReportedTopology(epoch, subtopologies)


def topology(*subtopologies: Subtopology, epoch: int = 0) -> Topology:
    return reported(*subtopologies, epoch=epoch).checked()


def existing(**partitions: int) -> Callable[[str], int | None]:
    """The topics that there are."""
    return partitions.get


def configured(tasks: int, *, is_stateful: bool = True) -> ConfiguredSubtopology:
    changelogs = {"c": InternalTopic("c", tasks)} if is_stateful else {}
    return ConfiguredSubtopology(tasks, frozenset({"t"}), frozenset(), {}, changelogs)


class Topics:
    """The topics of a test, by name; their ids are their names."""

    def __init__(self, **partitions: int) -> None:
        self.partitions = partitions

    def find(self, name: str) -> SeenTopic | None:
        if name not in self.partitions:
            return None
        return SeenTopic(name.encode().ljust(16, b"\0"), self.partitions[name])

    def name_of(self, topic_id: bytes) -> str | None:
        return topic_id.rstrip(b"\0").decode()

    def names(self) -> Iterable[str]:
        return list(self.partitions)

    def version(self) -> int:
        return 0

    def version_of_newest(self) -> int:
        return 0


PLAIN = reported(subtopology("0", ["t"]))


class StreamsDriver(GroupDriver):
    """A coordinator with topics; the topology of a join is one subtopology that reads t, unless it says otherwise."""

    def __init__(
        self,
        config: StreamsConfig = EAGER,
        topics: Topics | None = None,
        log: MemoryLog | None = None,
        clock: HandClock | None = None,
    ) -> None:
        self.config = config
        self.topics = topics or Topics(t=4)
        super().__init__(replace(AT_ONCE, streams=config), log, clock, self.topics)

    def restarted(self) -> "StreamsDriver":
        return StreamsDriver(self.config, self.topics, self.log, HandClock())

    @property
    def streams_group(self) -> StreamsGroup:
        return self.service.find_streams_group("g")

    def known_group(self) -> StreamsGroup | None:
        """The group, if it is there."""
        return self.coordinator.kinds.streams.groups.known("g")

    def set_topic(self, name: str, partitions: int) -> None:
        """A topic comes or grows, or goes where it has no partitions left."""
        self.topics.partitions.pop(name, None)
        if partitions:
            self.topics.partitions[name] = partitions
        self.coordinator.kinds.streams.groups.on_topics_changed([name])

    def beat(
        self,
        member_id: str,
        epoch: int = 0,
        *,
        group_id: str = "g",
        owned: Owned | None = None,
        standby: Owned | None = None,
        **how: Any,
    ) -> StreamsHeartbeatResult:
        """StreamsGroupHeartbeat: with epoch 0 a whole one, of a process of its own."""
        if epoch == 0:
            how = {"rebalance_timeout_ms": 5000, "topology": PLAIN, "process_id": f"p-{member_id}", **how}
            owned = owned or {}
        if owned is not None:
            how = {"active": _tasks(owned), "standby": _tasks(standby or {}), "warmup": {}, **how}
        call: Call[StreamsHeartbeatResult] = Call(StreamsHeartbeatResult)
        self.service.streams_heartbeat(StreamsHeartbeatRequest(group_id, member_id, epoch, "c", "/h", **how), call)
        return call.answer

    def kinds_logged(self) -> list[int]:
        """The types of the records, in the order of the log."""
        kinds: list[int] = []
        for _, batches in self.log.stored():
            for batch in batches:
                for record in read_records(batch):
                    assert decode_group_record(record.key or b"", record.value) is not None
                    kinds.append(int.from_bytes((record.key or b"")[:2], "big"))
        return kinds


def _tasks(owned: Owned) -> dict[str, frozenset[int]]:
    return {name: frozenset(indexes) for name, indexes in owned.items()}


def active(result: StreamsHeartbeatResult) -> dict[str, list[int]] | None:
    """The active tasks of an answer."""
    return None if result.tasks is None else {name: sorted(own) for name, own in result.tasks.active.items()}


def standby(result: StreamsHeartbeatResult) -> dict[str, list[int]] | None:
    """The standby tasks of an answer."""
    return None if result.tasks is None else {name: sorted(own) for name, own in result.tasks.standby.items()}
