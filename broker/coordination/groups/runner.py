"""The shell around the group coordinator: it logs, replays, answers and keeps one timer.

The one rule: nothing is answered before it is logged, and what cannot be logged has not happened.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from ....protocol.batch import RecordBatch
from ....protocol.control import find_marker
from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.records import read_records
from ....protocol.wire import CorruptFrame
from ...log_output import get_logger
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...runtime import Runtime, Timer
from ..coordinator_errors import COORDINATOR_ERRORS
from ..result import Effects, Ticket
from .classic.group import ClassicGroup
from .classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from .coordinator import GroupCoordinator
from .group_records import CommittedOffset
from .log import GroupLog
from .offsets import OffsetCommit

logger = get_logger("groups")

R = TypeVar("R")


class GroupRunner:
    """What handlers call; each call takes a ticket, and the ticket gets exactly one answer, now or later."""

    def __init__(self, coordinator: GroupCoordinator, group_log: GroupLog, runtime: Runtime) -> None:
        self._coordinator = coordinator
        self._log = group_log
        self._clock = runtime.clock
        self._alarm = Timer(runtime.timers, self._on_time)
        self._unreadable: set[int] = set()

    # Starting

    def load(self, partition: int, batches: Iterable[RecordBatch]) -> None:
        """Replay what a partition of `__consumer_offsets` holds; call `start` after the last one.

        If it cannot be read, its groups have no coordinator, as in Kafka; the others are not concerned.
        """
        try:
            self._replay(partition, batches)
        except (OSError, KafkaError, CorruptFrame) as error:
            logger.error("groups cannot be read, and are not served", partition=partition, error=str(error))
            self._unreadable.add(partition)
            self._coordinator.unload(partition)

    def check_served(self, group_id: str) -> None:
        """NOT_COORDINATOR where the log of this group could not be read, or is offline."""
        partition = self._coordinator.partition_of(group_id)
        if partition in self._unreadable or self._log.is_offline(partition):
            raise KafkaError(ErrorCode.NOT_COORDINATOR)

    def _replay(self, partition: int, batches: Iterable[RecordBatch]) -> None:
        for batch in batches:
            if batch.is_control:
                marker = find_marker(batch)
                if marker is not None:
                    self._coordinator.replay_marker(partition, batch.producer_id, marker.is_commit)
                continue
            producer_id = batch.producer_id if batch.is_transactional else -1
            for record in read_records(batch):
                self._replay_stored(partition, record.key, record.value, record.offset, producer_id)

    def start(self) -> None:
        """Everything is loaded: the members of loaded groups have a whole session to show themselves."""
        self._coordinator.start(self._clock.now())
        self._arm()

    # Members

    def join(self, joining: JoinRequest, ticket: Ticket[JoinResult]) -> None:
        """JoinGroup."""
        if self._serves(joining.group_id, ticket):
            self._do(self._coordinator.join(joining, ticket, self._clock.now(), self._clock.now_ms()))

    def sync(self, syncing: SyncRequest, ticket: Ticket[SyncResult]) -> None:
        """SyncGroup."""
        if self._serves(syncing.group_id, ticket):
            self._do(self._coordinator.sync(syncing, ticket, self._clock.now(), self._clock.now_ms()))

    def heartbeat(self, group_id: str, member_id: str, group_instance_id: str | None, generation: int) -> ErrorCode:
        """Heartbeat."""
        try:
            self.check_served(group_id)
        except KafkaError as error:
            return error.code
        return self._coordinator.heartbeat(group_id, member_id, group_instance_id, generation, self._clock.now())

    def leave(
        self, group_id: str, leaving: Sequence[tuple[str, str | None]], ticket: Ticket[Sequence[ErrorCode]]
    ) -> None:
        """LeaveGroup of members (member id, instance id): one error for each; raises 16, 24."""
        self.check_served(group_id)
        self._do(self._coordinator.leave(group_id, leaving, ticket, self._clock.now(), self._clock.now_ms()))

    # Offsets

    def commit(self, committing: OffsetCommit, ticket: Ticket[Sequence[ErrorCode]]) -> None:
        """OffsetCommit or TxnOffsetCommit: one error for each offset."""
        if self._serves(committing.group_id, ticket):
            self._do(self._coordinator.commit(committing, ticket, self._clock.now(), self._clock.now_ms()))

    def find_offset(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The committed offset, if there is one."""
        return self._coordinator.offsets.find(group_id, topic, partition)

    def is_offset_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction may yet change this offset."""
        return self._coordinator.offsets.is_pending(group_id, topic, partition)

    def committed_partitions(self, group_id: str) -> list[tuple[str, list[int]]]:
        """Topics and partitions for which the group has an offset."""
        return self._coordinator.offsets.topics_of(group_id)

    def delete_offsets(
        self, group_id: str, partitions: Sequence[tuple[str, int]], ticket: Ticket[Sequence[ErrorCode]]
    ) -> None:
        """OffsetDelete: one error for each partition; raises 16, 24, 68, 69."""
        self.check_served(group_id)
        now, now_ms = self._clock.now(), self._clock.now_ms()
        self._do(self._coordinator.delete_offsets(group_id, partitions, ticket, now, now_ms))

    def note_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """A transaction's marker has been written to this partition of `__consumer_offsets`."""
        self._coordinator.replay_marker(partition, producer_id, is_commit)

    def note_topics_deleted(self, topics: Collection[str]) -> None:
        """Forget what was committed for topics that are gone."""
        for effects in self._coordinator.delete_topics(topics, self._clock.now(), self._clock.now_ms()):
            self._perform(effects)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """The metadata has changed: groups lose the topics that are gone."""
        if delta.deleted_topics:
            self.note_topics_deleted([topic.name for topic in delta.deleted_topics])

    # Groups

    def groups(self) -> Collection[ClassicGroup]:
        """All groups, to be looked at only."""
        return self._coordinator.groups()

    def find_group(self, group_id: str) -> ClassicGroup | None:
        """The group of that name, to be looked at only."""
        return self._coordinator.find_group(group_id)

    def partition_of(self, group_id: str) -> int:
        """The partition of `__consumer_offsets` that keeps this group."""
        return self._coordinator.partition_of(group_id)

    def delete_group(self, group_id: str, ticket: Ticket[ErrorCode]) -> None:
        """One group of a DeleteGroups."""
        if self._serves(group_id, ticket):
            self._do(self._coordinator.delete_group(group_id, ticket, self._clock.now(), self._clock.now_ms()))

    # Performing

    def _serves(self, group_id: str, ticket: Ticket[R]) -> bool:
        try:
            self.check_served(group_id)
        except KafkaError as error:
            ticket.deliver(ticket.refusal(error.code))
            return False
        return True

    def _do(self, effects: Effects) -> None:
        self._perform(effects)
        self._arm()

    def _perform(self, effects: Effects) -> None:
        if not effects.records:
            _answer(effects)
            return
        partition = self._coordinator.partition_of(effects.group_id)
        try:
            offset = self._log.append(
                partition, effects.records, effects.now_ms, effects.producer_id, effects.producer_epoch
            )
        except KafkaError as error:
            self._fail(effects, error)
            return
        for at, (key, value) in enumerate(effects.records):
            self._coordinator.replay(key, value, offset + at, effects.producer_id)
        self._log.when_durable(partition, lambda error: _answer(effects) if error is None else _refuse(effects, error))

    def _fail(self, effects: Effects, error: KafkaError) -> None:
        logger.error("a group could not be logged", group=effects.group_id, error=str(error))
        _refuse(effects, error)
        if effects.after_failure is not None:
            further = Effects(effects.group_id, effects.now, effects.now_ms)
            effects.after_failure(further)
            self._perform(further)

    def _on_time(self) -> None:
        try:
            for effects in self._coordinator.on_time(self._clock.now(), self._clock.now_ms()):
                self._perform(effects)
        finally:
            # Whatever goes wrong in one group, the others must not lose their clock.
            self._arm()

    def _arm(self) -> None:
        self._alarm.set(self._coordinator.next_deadline())

    def _replay_stored(
        self, partition: int, key: bytes | None, value: bytes | None, offset: int, producer_id: int
    ) -> None:
        try:
            self._coordinator.replay(key or b"", value, offset, producer_id)
        except CorruptFrame as error:
            # One record that cannot be read must not keep every other group from coming back.
            logger.warning("a stored group record was skipped", partition=partition, offset=offset, error=str(error))


def _answer(effects: Effects) -> None:
    for answer in effects.answers:
        answer.ticket.deliver(answer.result)


def _refuse(effects: Effects, error: KafkaError) -> None:
    code = COORDINATOR_ERRORS.get(error.code, error.code)
    for answer in effects.answers:
        answer.ticket.deliver(answer.ticket.refusal(code))
