"""Plays the clients, the topics and the stored states around share groups: a hand-turned clock, a log in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.broker.coordination.groups.share.group import ShareGroup
from odradek.broker.coordination.groups.share.heartbeat_request import ShareHeartbeatRequest, ShareHeartbeatResult
from odradek.broker.coordination.groups.share.offsets import AlteredOffsets, TopicOutcome
from odradek.broker.coordination.groups.share.service import ShareGroupService, Summaries
from odradek.broker.coordination.groups.share.settings import ShareGroupConfig
from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import SharePartitionKey, StateError, StateSummary
from odradek.broker.runtime import Runtime
from odradek.broker.slices import Slices
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.errors import ErrorCode
from odradek.protocol.records import read_records
from odradek.protocol.state_records import decode_group_record

from ..consumer.consumer_driver import Topics, named, topic_id
from ..group_driver import AT_ONCE, Call, GroupDriver, HandClock, MemoryLog

EAGER = ShareGroupConfig(of_group=lambda group_id: ModernGroupSettings(assignment_interval_ms=0))


class MemoryStates:
    """Stored states in memory: state epoch and start offset; it can refuse, and it can be slow."""

    def __init__(self) -> None:
        self.stored: dict[SharePartitionKey, tuple[int, int]] = {}
        self.refusal = ErrorCode.NONE
        self.is_slow = False
        self.waiting: list[Any] = []

    def initialize(
        self, key: SharePartitionKey, state_epoch: int, start_offset: int, future: ResponseFuture[StateError]
    ) -> None:
        def do() -> None:
            self.stored[key] = (state_epoch, start_offset)

        self._answer(do, future)

    def delete(self, key: SharePartitionKey, future: ResponseFuture[StateError]) -> None:
        self._answer(lambda: self.stored.pop(key, None), future)

    def summary(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[StateSummary]) -> None:
        state_epoch, start_offset = self.stored.get(key, (0, -1))
        future.complete(StateSummary(state_epoch=state_epoch, start_offset=start_offset))

    def _answer(self, do: Any, future: ResponseFuture[StateError]) -> None:
        def answer() -> None:
            if self.refusal is ErrorCode.NONE:
                do()
                future.complete(StateError())
            else:
                future.refuse(self.refusal)

        if self.is_slow:
            self.waiting.append(answer)
        else:
            answer()

    def go_on(self) -> None:
        """Answer whatever waits."""
        waiting, self.waiting = self.waiting, []
        for answer in waiting:
            answer()

    def offsets(self, group_id: str = "g") -> dict[tuple[str, int], int]:
        """The start offsets by topic and partition."""
        return {
            (key.topic_id.rstrip(b"\0").decode(), key.partition): offset
            for key, (_, offset) in self.stored.items()
            if key.group_id == group_id
        }


class ShareDriver(GroupDriver):
    """A coordinator with topics and states."""

    def __init__(
        self,
        config: ShareGroupConfig = EAGER,
        topics: Topics | None = None,
        log: MemoryLog | None = None,
        states: MemoryStates | None = None,
    ) -> None:
        self.config = config
        self.topics = topics or Topics(t=4, u=2)
        self.states = states or MemoryStates()
        super().__init__(replace(AT_ONCE, share=config), log, HandClock(), self.topics)
        runtime = Runtime(self.clock, self.clock, ManualThreads(), Random(0))
        self.shares = ShareGroupService(self.service, self.states, Slices(runtime))

    def restarted(self) -> "ShareDriver":
        return ShareDriver(self.config, self.topics, self.log, self.states)

    def known_group(self, group_id: str = "g") -> ShareGroup | None:
        """The group, if it is there."""
        group = self.service.find_group(group_id)
        return group if isinstance(group, ShareGroup) else None

    @property
    def share_group(self) -> ShareGroup:
        return self.shares.find("g")

    def beat(self, member_id: str, epoch: int = 0, *, group_id: str = "g", **how: Any) -> ShareHeartbeatResult:
        """ShareGroupHeartbeat: with epoch 0 subscribed to t."""
        if epoch == 0:
            how.setdefault("subscribed_topic_names", ["t"])
        call: Call[ShareHeartbeatResult] = Call(ShareHeartbeatResult)
        self.shares.heartbeat(ShareHeartbeatRequest(group_id, member_id, epoch, "c", "/h", **how), call)
        return call.answer

    def follow(self, member_id: str) -> int:
        """Heartbeats of a client until nothing changes for it; its epoch."""
        epoch = self.share_group.members[member_id].epoch
        for _ in range(6):
            result = self.beat(member_id, epoch)
            assert result.error is ErrorCode.NONE, result
            if result.epoch == epoch:
                break
            epoch = result.epoch
        return epoch

    def settle(self) -> None:
        """All members follow."""
        for _ in range(2):
            for member_id in list(self.share_group.members):
                self.follow(member_id)

    def assigned(self) -> dict[str, dict[str, list[int]]]:
        """What each member has."""
        return {m.member_id: named(m.assigned) or {} for m in self.share_group.members.values()}

    def change_topic(self, name: str, partitions: int | None) -> None:
        """A topic has come, grown, or with None gone."""
        self.topics.partitions.pop(name, None)
        if partitions is not None:
            self.topics.partitions[name] = partitions
        self.coordinator.kinds.share.groups.on_topics_changed([name])
        if partitions is None:
            for group_id, decide in self.coordinator.kinds.share.delete_topics([topic_id(name)]):
                call = Call[Any](lambda code: code)
                self.service.write("DeleteTopics", group_id, decide, call)
            for key in [key for key in self.states.stored if key.topic_id == topic_id(name)]:
                del self.states.stored[key]

    def alter(self, offsets: Mapping[str, Mapping[int, int]], group_id: str = "g") -> AlteredOffsets:
        call: Call[AlteredOffsets] = Call(lambda code: AlteredOffsets(error=code))
        self.shares.alter_offsets(group_id, offsets, call)
        return call.answer

    def forget_offsets(self, *names: str, group_id: str = "g") -> tuple[ErrorCode, str | None, Sequence[TopicOutcome]]:
        answers: list[tuple[ErrorCode, str | None, Sequence[TopicOutcome]]] = []

        def note(error: ErrorCode, message: str | None, topics: Sequence[TopicOutcome]) -> None:
            answers.append((error, message, topics))

        self.shares.delete_offsets(group_id, names, note)
        (answer,) = answers
        return answer

    def remove_group(self, group_id: str = "g") -> ErrorCode:
        call: Call[ErrorCode] = Call(lambda code: code)
        self.shares.delete_group(group_id, call)
        return call.answer

    def summaries(self, *partitions: tuple[str, int]) -> Summaries:
        answers: list[Summaries] = []
        self.shares.summaries("g", [(topic_id(name), index) for name, index in partitions], answers.append)
        (answer,) = answers
        return answer

    def keys(self) -> list[int]:
        """The types of all records, in the order of the log."""
        kinds: list[int] = []
        for _, batches in self.log.stored():
            for batch in batches:
                for record in read_records(batch):
                    assert decode_group_record(record.key or b"", record.value) is not None
                    kinds.append(int.from_bytes((record.key or b"")[:2], "big"))
        return kinds
