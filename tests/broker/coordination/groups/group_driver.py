"""Plays everything around the group coordinator: a hand-turned clock, a log in memory, clients that wait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, TypeVar

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from odradek.broker.coordination.groups.classic.records import StoredGroup, stored_group
from odradek.broker.coordination.groups.coordinator import GroupCoordinator
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.modern.topics_view import TopicsView
from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.broker.coordination.groups.offset_records import CommittedOffset, LoggedOffset, decode_offset_record
from odradek.broker.coordination.groups.service import GroupCoordinatorService
from odradek.broker.coordination.result import Record, ResponseFuture
from odradek.broker.coordination.state_machine import Then
from odradek.broker.runtime import Runtime
from odradek.broker.slices import run_to_end
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.control import marker_batch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch, read_records
from odradek.protocol.state_records import GroupMetadataKey, GroupMetadataValue, decode_group_record
from odradek.protocol.subscription import ConsumerProtocolSubscription, encode_subscription

R = TypeVar("R")
WALL_MS = 1_700_000_000_000  # what the wall clock shows when the monotonic one shows 0
AT_ONCE = GroupConfig(initial_rebalance_delay_ms=0, offsets_topic_partitions=4)


class Call(ResponseFuture[R]):
    """A request that was sent, and all its answers so far: a second one is not ignored here, it is a fault."""

    def __init__(self, refusal: Callable[[ErrorCode], R]) -> None:
        self.answers: list[R] = []
        super().__init__(lambda response: None, refusal)

    def complete(self, response: R) -> None:
        self.answers.append(response)
        super().complete(response)

    @property
    def is_deferred(self) -> bool:
        return not self.answers

    @property
    def answer(self) -> R:
        assert len(self.answers) == 1, f"{len(self.answers)} answers"
        return self.answers[0]


@dataclass
class Timer:
    deadline: float
    callback: Callable[[], None]
    is_live: bool = True

    def cancel(self) -> None:
        self.is_live = False


class HandClock:
    """Both hands move together, and only when told to; what is scheduled rings on the way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.timers: list[Timer] = []
        self.turns = 0  # how many timers have fired

    def now(self) -> float:
        return self.seconds

    def now_ms(self) -> int:
        return WALL_MS + round(self.seconds * 1000)

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> Timer:
        timer = Timer(deadline, on_fire)
        self.timers.append(timer)
        return timer

    def call_soon(self, on_fire: Callable[[], None]) -> Timer:
        return self.call_at(self.seconds, on_fire)

    def pass_time(self, seconds: float) -> None:
        end = self.seconds + seconds
        while due := [t for t in self.timers if t.is_live and t.deadline <= end]:
            timer = min(due, key=lambda t: t.deadline)
            self.seconds = max(self.seconds, timer.deadline)
            timer.cancel()
            self.turns += 1
            timer.callback()
        self.timers = [t for t in self.timers if t.is_live]
        self.seconds = end


class MemoryLog:
    """`__consumer_offsets` as real batches in memory; it can refuse, and it can be slow to become durable."""

    def __init__(self) -> None:
        self.batches_of: dict[int, list[bytes]] = {}
        self.ends: dict[int, int] = {}
        self.refusal: KafkaError | None = None
        self.is_slow = False
        self.waiting: list[Then] = []
        self.not_ready: KafkaError | None = None
        self.offline: set[int] = set()

    def when_ready(self, then: Then) -> None:
        then(self.not_ready)

    def when_open(self, partition: int, then: Then) -> None:
        then(None)

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int, producer_epoch: int
    ) -> int:
        if self.refusal is not None:
            raise self.refusal
        offset = self.ends.get(partition, 0)
        batch = build_batch(
            [NewRecord(key, value, now_ms) for key, value in records],
            base_offset=offset,
            producer=ProducerStamp(producer_id, producer_epoch, is_transactional=producer_id >= 0),
        )
        self._put(partition, batch, len(records))
        return offset

    def append_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        marker = marker_batch(
            producer_id=producer_id,
            producer_epoch=0,
            is_commit=is_commit,
            coordinator_epoch=0,
            timestamp_ms=0,
            base_offset=self.ends.get(partition, 0),
        )
        self._put(partition, marker, 1)

    def schedule_flush(self, partition: int) -> None:
        """Nothing is done in the background."""

    def when_durable(self, partition: int, then: Then) -> None:
        if self.is_slow:
            self.waiting.append(then)
        else:
            then(None)

    def is_offline(self, partition: int) -> bool:
        return partition in self.offline

    def flush(self, error: KafkaError | None = None) -> None:
        waiting, self.waiting = self.waiting, []
        for then in waiting:
            then(error)

    def batches(self, partition: int) -> Iterator[RecordBatch]:
        return (next(whole_batches(batch)) for batch in self.batches_of.get(partition, ()))

    def stored(self) -> Iterator[tuple[int, Iterator[RecordBatch]]]:
        for partition in self.batches_of:
            yield partition, self.batches(partition)

    def records(self) -> list["LoggedGroup | LoggedOffset | None"]:
        """Everything that was logged, partition by partition."""
        return [
            logged(record.key or b"", record.value, record.offset)
            for _, batches in self.stored()
            for batch in batches
            if not batch.is_control
            for record in read_records(batch)
        ]

    def _put(self, partition: int, batch: bytes, records: int) -> None:
        self.batches_of.setdefault(partition, []).append(batch)
        self.ends[partition] = self.ends.get(partition, 0) + records


@dataclass(frozen=True)
class LoggedGroup:
    """A record about a classic group; None is a tombstone."""

    group_id: str
    stored: StoredGroup | None


def logged(key: bytes, value: bytes | None, log_offset: int = 0) -> LoggedGroup | LoggedOffset | None:
    """What a record of a classic group or of an offset says; None for any other."""
    offset = decode_offset_record(key, value, log_offset)
    if offset is not None:
        return offset
    what, content = decode_group_record(key, value) or (None, None)
    if not isinstance(what, GroupMetadataKey):
        return None
    return LoggedGroup(what.group, stored_group(content) if isinstance(content, GroupMetadataValue) else None)


class GroupDriver:
    """A coordinator at work; every request is a Call that collects what it is answered."""

    def __init__(
        self,
        settings: GroupConfig = AT_ONCE,
        log: MemoryLog | None = None,
        clock: HandClock | None = None,
        topics: TopicsView | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or HandClock()
        self.log = log or MemoryLog()
        ids = count(1)
        self.coordinator = GroupCoordinator(settings, lambda: self.id_of(next(ids)), topics)
        runtime = Runtime(self.clock, self.clock, ManualThreads(), Random(0))
        self.service = GroupCoordinatorService(self.coordinator, self.log, runtime)
        self.service.load(self.log.stored())
        self.service.start()

    def restarted(self) -> "GroupDriver":
        """A new process on the same log, a moment later."""
        return GroupDriver(self.settings, self.log, HandClock())

    def id_of(self, number: int) -> str:
        """What stands for the random part of the member id that is made as the nth."""
        return f"{number}"

    def sleep(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    def group(self, group_id: str = "g") -> ClassicGroup:
        group = self.service.find_group(group_id)
        assert isinstance(group, ClassicGroup)
        return group

    def join(
        self,
        member_id: str = "",
        *,
        group_id: str = "g",
        instance: str | None = None,
        protocols: Sequence[tuple[str, bytes]] = (("range", b"r"),),
        protocol_type: str = "consumer",
        client_id: str = "c",
        session_s: float = 10,
        rebalance_s: float = 60,
        version: int = 9,
    ) -> Call[JoinResult]:
        """JoinGroup."""
        call = Call(lambda code: JoinResult(code, member_id))
        request = JoinRequest(
            group_id,
            member_id,
            instance,
            client_id,
            "/127.0.0.1",
            round(session_s * 1000),
            round(rebalance_s * 1000),
            protocol_type,
            tuple(protocols),
            must_know_its_id=version >= 4,
            can_skip_assignment=version >= 9,
        )
        self.service.join(request, call)
        return call

    def sync(
        self,
        member_id: str,
        generation: int,
        assignments: dict[str, bytes] | None = None,
        *,
        group_id: str = "g",
        instance: str | None = None,
        protocol_type: str | None = None,
        protocol_name: str | None = None,
    ) -> Call[SyncResult]:
        """SyncGroup."""
        call = Call(SyncResult)
        request = SyncRequest(
            group_id, member_id, instance, generation, protocol_type, protocol_name, assignments or {}
        )
        self.service.sync(request, call)
        return call

    def heartbeat(
        self, member_id: str, generation: int, *, group_id: str = "g", instance: str | None = None
    ) -> ErrorCode:
        """Heartbeat."""
        return self.service.heartbeat(group_id, member_id, instance, generation)

    def leave(self, *leaving: str | tuple[str, str | None], group_id: str = "g") -> Call[Sequence[ErrorCode]]:
        """LeaveGroup of member ids, or of (member id, instance id)."""
        names = [(who, None) if isinstance(who, str) else who for who in leaving]
        call: Call[Sequence[ErrorCode]] = Call(lambda code: [code] * len(names))
        self.service.leave(group_id, names, call)
        return call

    def commit(
        self,
        member_id: str = "",
        generation: int = -1,
        offset: int = 5,
        *,
        topic: str = "t",
        partition: int = 0,
        group_id: str = "g",
        instance: str | None = None,
        metadata: str = "",
        producer_id: int = -1,
        retention_ms: int = -1,
    ) -> Call[Sequence[ErrorCode]]:
        """OffsetCommit, or with a producer id TxnOffsetCommit, of one partition."""
        call: Call[Sequence[ErrorCode]] = Call(lambda code: [code])
        request = OffsetCommit(
            group_id,
            generation,
            member_id,
            instance,
            [OffsetToCommit(topic, partition, offset, 0, metadata)],
            retention_ms=retention_ms,
            producer_id=producer_id,
            producer_epoch=0 if producer_id >= 0 else -1,
        )
        self.service.commit(request, run_to_end(self.service.encode(request)), call)
        return call

    def committed(self, topic: str = "t", partition: int = 0, group_id: str = "g") -> int | None:
        """The committed offset."""
        found: CommittedOffset | None = self.service.find_offset(group_id, topic, partition)
        return None if found is None else found.offset

    def end_transaction(self, producer_id: int, *, is_commit: bool, group_id: str = "g") -> None:
        """The marker of a transaction comes to the group's partition."""
        partition = self.service.partition_of(group_id)
        self.log.append_marker(partition, producer_id, is_commit)
        self.coordinator.replay_marker(partition, producer_id, is_commit)

    def delete_group(self, group_id: str = "g") -> Call[ErrorCode]:
        """DeleteGroups of one group."""
        call: Call[ErrorCode] = Call(lambda code: code)
        self.service.delete_group(group_id, call)
        return call

    def delete_offsets(self, *partitions: tuple[str, int], group_id: str = "g") -> Call[Sequence[ErrorCode]]:
        """OffsetDelete."""
        call: Call[Sequence[ErrorCode]] = Call(lambda code: [code] * len(partitions))
        self.service.delete_offsets(group_id, partitions, call)
        return call

    # Stories that many tests begin with

    def join_fresh(self, **how: Any) -> Call[JoinResult]:
        """A newcomer of JoinGroup v3: admitted at once, waiting until the generation is complete."""
        return self.join(version=3, **how)

    def stable_group(self, members: int = 1, **how: Any) -> list[str]:
        """A Stable group at its newest generation; the member ids, the leader first."""
        first = self.join_fresh(**how)
        if first.is_deferred:
            self.sleep(self.settings.initial_rebalance_delay_ms / 1000)
        ids = [first.answer.member_id]
        generation = first.answer.generation_id
        for _ in range(members - 1):
            newcomer = self.join_fresh(**how)
            rejoined = [self.join(member_id, version=3, **how) for member_id in ids]
            assert [call.answer.error for call in rejoined] == [ErrorCode.NONE] * len(ids)
            ids.append(newcomer.answer.member_id)
            generation = newcomer.answer.generation_id
        group_id = str(how.get("group_id", "g"))
        synced = [self.sync(m, generation, group_id=group_id) for m in ids[1:]]
        synced.append(self.sync(ids[0], generation, {m: m.encode() for m in ids}, group_id=group_id))
        assert [call.answer.error for call in synced] == [ErrorCode.NONE] * len(ids)
        return ids


def subscription(*topics: str) -> bytes:
    """What a consumer of these topics joins with."""
    return encode_subscription(ConsumerProtocolSubscription(topics=topics), 1)
