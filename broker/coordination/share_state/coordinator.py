"""The state of share partitions: what each request does to it, decided without a clock or a file (KIP-932).

Every method returns what is to be logged and the answer, or raises KafkaError and has changed nothing. State moves only
when that is replayed. An epoch once seen is held against whoever comes with an older one, until the state is deleted.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.share_group_records import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue
from ....protocol.state_records import decode_share_state_record
from ..coordinator_partition import partition_for
from ..result import CoordinatorResult, Instant, Operation, Record, ResponseFuture
from .records import NO_EPOCH, ShareState, snapshot_of, snapshot_record, state_tombstone, update_of, update_record
from .requests import (
    NO_COUNT,
    NO_START_OFFSET,
    ReadState,
    SharePartitionKey,
    StateError,
    StateSummary,
    WriteState,
)
from .share_state_config import ShareStateConfig
from .state_batches import combine

RECORDS_AT_ONCE = 500  # in one batch of what nobody waits for

R = TypeVar("R")


@dataclass(slots=True)
class StoredPartition:
    """A share partition, and what of its past still counts."""

    state: ShareState
    leader_epoch: int  # the highest seen
    state_epoch: int  # likewise; of an update that no snapshot precedes it is unknown
    updates: int = 0  # since a snapshot was written because there were too many
    snapshot_offset: int = -1


class ShareStateCoordinator:
    """The state of all share partitions of this broker; `partitions_of` gives how many a topic has, if it exists."""

    def __init__(self, config: ShareStateConfig, partitions_of: Callable[[bytes], int | None]) -> None:
        self._config = config
        self._partitions_of = partitions_of
        self._by_partition: dict[int, dict[SharePartitionKey, StoredPartition]] = {}
        self._by_topic: dict[bytes, set[SharePartitionKey]] = {}
        # Where the newest tombstone of a partition stands: what counts if nothing is left.
        self._tombstones: dict[int, int] = {}

    # Questions

    def partition_of(self, key: SharePartitionKey) -> int:
        """The partition of `__share_group_state` that keeps this share partition."""
        return partition_for(key.coordinator_key(), self._config.state_topic_partitions)

    def find(self, key: SharePartitionKey) -> StoredPartition | None:
        """What is stored of a share partition."""
        return self._by_partition.get(self.partition_of(key), {}).get(key)

    def partitions(self) -> Collection[int]:
        """The partitions of `__share_group_state` that keep anything, or have kept it."""
        return {*self._by_partition, *self._tombstones}

    def redundant_before(self, partition: int) -> int | None:
        """The offset before which no record of a partition is needed any more; None where all are."""
        kept = self._by_partition.get(partition)
        offset = min(s.snapshot_offset for s in kept.values()) if kept else self._tombstones.get(partition, 0)
        return offset if offset > 0 else None

    def topics_gone(self) -> list[bytes]:
        """The topics that have a state and do not exist: a crash came between their deletion and that of the state."""
        return [topic_id for topic_id in self._by_topic if self._partitions_of(topic_id) is None]

    # Requests

    def initialize(
        self, key: SharePartitionKey, state_epoch: int, start_offset: int, at: Instant
    ) -> CoordinatorResult[StateError]:
        """Begin the state of a share partition, or begin it anew."""
        _check_key(key)
        held = self.find(key)
        if held is not None and state_epoch != NO_EPOCH and held.state_epoch > state_epoch:
            raise KafkaError(ErrorCode.FENCED_STATE_EPOCH)
        self._check_exists(key)
        state = ShareState(
            snapshot_epoch=0 if held is None else held.state.snapshot_epoch + 1,
            state_epoch=state_epoch,
            start_offset=start_offset,
            delivery_complete_count=NO_COUNT if start_offset == NO_START_OFFSET else 0,
            created_ms=at.now_ms,
            written_ms=at.now_ms,
        )
        return CoordinatorResult([snapshot_record(key, state)], StateError())

    def write(self, key: SharePartitionKey, write: WriteState, at: Instant) -> CoordinatorResult[StateError]:
        """Change the state of a share partition; the leader epoch is checked, and kept as it is."""
        _check_key(key)
        held = self.find(key)
        if held is None:
            why = "Write operation on uninitialized share partition not allowed."
            raise KafkaError(ErrorCode.INVALID_REQUEST, why)
        if write.leader_epoch != NO_EPOCH and held.leader_epoch > write.leader_epoch:
            raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH)
        if write.state_epoch != NO_EPOCH and held.state_epoch > write.state_epoch:
            raise KafkaError(ErrorCode.FENCED_STATE_EPOCH)
        self._check_exists(key)
        self._check_batches(held, write)
        return self._changed(key, held, write, held.state.leader_epoch, StateError(), at)

    def read(self, key: SharePartitionKey, leader_epoch: int, at: Instant) -> CoordinatorResult[ReadState]:
        """What is stored; a new leader epoch is noted, which is how a new leader fences the one before."""
        _check_key(key)
        held = self.find(key)
        if held is None:
            why = "Read operation on uninitialized share partition not allowed."
            raise KafkaError(ErrorCode.INVALID_REQUEST, why)
        if held.leader_epoch > leader_epoch:
            raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH)
        self._check_exists(key)
        state = held.state
        answer = ReadState(state_epoch=state.state_epoch, start_offset=state.start_offset, batches=state.batches)
        if leader_epoch in (NO_EPOCH, held.leader_epoch):
            return CoordinatorResult(response=answer)
        same = WriteState(state.state_epoch, leader_epoch, state.start_offset, state.delivery_complete_count)
        return self._changed(key, held, same, leader_epoch, answer, at)

    def summary(self, key: SharePartitionKey, at: Instant) -> CoordinatorResult[StateSummary]:
        """Where a share partition stands; one that was never begun stands nowhere, which is no error."""
        _check_key(key)
        self._check_exists(key)
        held = self.find(key)
        if held is None:
            return CoordinatorResult(response=StateSummary(start_offset=NO_START_OFFSET))
        state = held.state
        answer = StateSummary(
            state_epoch=state.state_epoch,
            leader_epoch=state.leader_epoch,
            start_offset=state.start_offset,
            delivery_complete_count=state.delivery_complete_count,
        )
        return CoordinatorResult(response=answer)

    def delete(self, key: SharePartitionKey, at: Instant) -> CoordinatorResult[StateError]:
        """Remove the state of a share partition; none is as good."""
        _check_key(key)
        self._check_exists(key)
        return CoordinatorResult([] if self.find(key) is None else [state_tombstone(key)], StateError())

    def _changed(
        self,
        key: SharePartitionKey,
        held: StoredPartition,
        write: WriteState,
        leader_epoch: int,
        answer: R,
        at: Instant,
    ) -> CoordinatorResult[R]:
        """Log a change as an update, or as a snapshot if there have been updates enough."""
        state = held.state
        if held.updates >= self._config.updates_per_snapshot:
            start_offset = state.start_offset if write.start_offset == NO_START_OFFSET else write.start_offset
            snapshot = ShareState(
                state.snapshot_epoch + 1,
                state.state_epoch,
                leader_epoch,
                start_offset,
                write.delivery_complete_count,
                combine(state.batches, write.batches, start_offset),
                at.now_ms,
                at.now_ms,
            )
            record = snapshot_record(key, snapshot)
            return CoordinatorResult([record], answer, replay=partial(self._put_snapshot, key, snapshot))
        update = ShareState(
            snapshot_epoch=state.snapshot_epoch,
            leader_epoch=leader_epoch,
            start_offset=write.start_offset,
            delivery_complete_count=write.delivery_complete_count,
            batches=combine((), write.batches, write.start_offset),
        )
        updated = state.updated(update)
        record = update_record(key, update)
        return CoordinatorResult([record], answer, replay=lambda offset: self._put_update(key, update, updated))

    def _check_exists(self, key: SharePartitionKey) -> None:
        partitions = self._partitions_of(key.topic_id)
        if partitions is None or partitions <= key.partition:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)

    def _check_batches(self, held: StoredPartition, write: WriteState) -> None:
        """What Kafka does not check, and comes to grief by."""
        most = self._config.max_batches
        if len(held.state.batches) + len(write.batches) > most:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"A share partition has {most} state batches at most.")
        if any(batch.first_offset > batch.last_offset for batch in write.batches):
            raise KafkaError(ErrorCode.INVALID_REQUEST, "A state batch ends before it begins.")

    # What nobody asks for

    def delete_topics(self, topic_ids: Collection[bytes]) -> Iterator[Operation[None]]:
        """Topics have been deleted: remove what was stored of them."""
        gone: dict[int, list[SharePartitionKey]] = {}
        for topic_id in topic_ids:
            for key in self._by_topic.get(topic_id, ()):
                gone.setdefault(self.partition_of(key), []).append(key)
        for partition, keys in gone.items():
            for at in range(0, len(keys), RECORDS_AT_ONCE):
                decide = partial(self._remove, partition, keys[at : at + RECORDS_AT_ONCE])
                yield Operation("DeleteTopics", "", partition, decide)

    def _remove(self, partition: int, keys: Sequence[SharePartitionKey], at: Instant) -> CoordinatorResult[None]:
        kept = self._by_partition.get(partition, {})
        return CoordinatorResult([state_tombstone(key) for key in keys if key in kept])

    def snapshot_cold(self, partition: int, at: Instant) -> CoordinatorResult[None]:
        """Write anew what has had no snapshot for long, so that the records before it can go.

        Not if all of a partition has been written anew already: it is quiet, and nothing would be gained.
        """
        kept = self._by_partition.get(partition, {})
        if all(stored.state.created_ms != stored.state.written_ms for stored in kept.values()):
            return CoordinatorResult()
        records: list[Record] = []
        for key, stored in kept.items():
            if at.now_ms - stored.state.written_ms >= self._config.cold_snapshot_interval_ms:
                epoch = stored.state.snapshot_epoch + 1
                records.append(snapshot_record(key, replace(stored.state, snapshot_epoch=epoch, written_ms=at.now_ms)))
        return CoordinatorResult(records)

    # The log

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        """Take over one record, in the order of the log; keys of an unknown kind are skipped. Raises CorruptFrame."""
        kind, content = decode_share_state_record(key, value) or (None, None)
        if isinstance(kind, ShareSnapshotKey):
            name = SharePartitionKey(kind.group_id, bytes(kind.topic_id), kind.partition)
            if isinstance(content, ShareSnapshotValue):
                self._put_snapshot(name, snapshot_of(content), log_offset)
            else:
                self._drop(name, log_offset)
        elif isinstance(kind, ShareUpdateKey) and isinstance(content, ShareUpdateValue):
            name = SharePartitionKey(kind.group_id, bytes(kind.topic_id), kind.partition)
            held, update = self.find(name), update_of(content)
            self._put_update(name, update, update if held is None else held.state.updated(update))

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """Nothing here is transactional."""

    def unload(self, partition: int) -> Collection[ResponseFuture[Any]]:
        """Drop what was replayed of a partition, where no request waits."""
        for key in list(self._by_partition.get(partition, ())):
            self._remove_key(partition, key)
        self._tombstones.pop(partition, None)
        return ()

    def _put_snapshot(self, key: SharePartitionKey, state: ShareState, log_offset: int) -> None:
        stored = self._stored(key, state)
        stored.state = state
        stored.leader_epoch = max(stored.leader_epoch, state.leader_epoch)
        stored.state_epoch = max(stored.state_epoch, state.state_epoch)
        stored.snapshot_offset = log_offset
        if stored.updates >= self._config.updates_per_snapshot:
            stored.updates = 0

    def _put_update(self, key: SharePartitionKey, update: ShareState, updated: ShareState) -> None:
        stored = self._stored(key, updated)
        stored.state = updated
        stored.leader_epoch = max(stored.leader_epoch, update.leader_epoch)
        stored.updates += 1

    def _stored(self, key: SharePartitionKey, state: ShareState) -> StoredPartition:
        kept = self._by_partition.setdefault(self.partition_of(key), {})
        stored = kept.get(key)
        if stored is None:
            stored = kept[key] = StoredPartition(state, state.leader_epoch, NO_EPOCH)
            self._by_topic.setdefault(key.topic_id, set()).add(key)
        return stored

    def _drop(self, key: SharePartitionKey, log_offset: int) -> None:
        partition = self.partition_of(key)
        self._tombstones[partition] = log_offset
        self._remove_key(partition, key)

    def _remove_key(self, partition: int, key: SharePartitionKey) -> None:
        kept = self._by_partition.get(partition, {})
        if kept.pop(key, None) is None:
            return
        if not kept:
            del self._by_partition[partition]
        of_topic = self._by_topic[key.topic_id]
        of_topic.discard(key)
        if not of_topic:
            del self._by_topic[key.topic_id]


def _check_key(key: SharePartitionKey) -> None:
    if key.partition < 0:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "The partition id cannot be a negative number.")
