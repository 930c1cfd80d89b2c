"""What a share partition leaves in `__share_group_state`: snapshots, and updates since the last one, as Kafka 4.3 does.

The one rule: what is replayed is what the state is; see ShareState.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ....protocol.share_group_records import (
    ShareSnapshotKey,
    ShareSnapshotValue,
    ShareUpdateKey,
    ShareUpdateValue,
)
from ....protocol.share_group_records import StateBatch as StoredBatch
from ....protocol.state_records import encode_key, encode_value
from ..result import Record
from .requests import NO_COUNT, NO_START_OFFSET, SharePartitionKey, StateBatch
from .state_batches import Batches, combine

NO_EPOCH = -1


@dataclass(frozen=True, slots=True)
class ShareState:
    """What is stored of a share partition; the times are those of its newest snapshot, in wall milliseconds.

    `created_ms` is when it was last written for a change, `written_ms` may be later: see snapshots of cold partitions.
    """

    snapshot_epoch: int = 0
    state_epoch: int = 0
    leader_epoch: int = 0
    start_offset: int = NO_START_OFFSET
    delivery_complete_count: int = NO_COUNT
    batches: Batches = ()
    created_ms: int = 0
    written_ms: int = 0

    def updated(self, change: "ShareState") -> "ShareState":
        """With an update taken over: its start offset or leader epoch of -1 leaves the old one."""
        start_offset = self.start_offset if change.start_offset == NO_START_OFFSET else change.start_offset
        return replace(
            self,
            leader_epoch=self.leader_epoch if change.leader_epoch == NO_EPOCH else change.leader_epoch,
            start_offset=start_offset,
            delivery_complete_count=change.delivery_complete_count,
            batches=combine(self.batches, change.batches, start_offset),
        )


def snapshot_record(key: SharePartitionKey, state: ShareState) -> Record:
    """Everything about a share partition."""
    value = ShareSnapshotValue(
        snapshot_epoch=state.snapshot_epoch,
        state_epoch=state.state_epoch,
        leader_epoch=state.leader_epoch,
        start_offset=state.start_offset,
        delivery_complete_count=state.delivery_complete_count,
        create_timestamp=state.created_ms,
        write_timestamp=state.written_ms,
        state_batches=_to_store(state.batches),
    )
    return _snapshot_key(key), encode_value(value)


def update_record(key: SharePartitionKey, change: ShareState) -> Record:
    """A change since the snapshot; it has no state epoch and no times."""
    value = ShareUpdateValue(
        snapshot_epoch=change.snapshot_epoch,
        leader_epoch=change.leader_epoch,
        start_offset=change.start_offset,
        delivery_complete_count=change.delivery_complete_count,
        state_batches=_to_store(change.batches),
    )
    return encode_key(ShareUpdateKey(group_id=key.group_id, topic_id=key.topic_id, partition=key.partition)), (
        encode_value(value)
    )


def state_tombstone(key: SharePartitionKey) -> Record:
    """The share partition is gone."""
    return _snapshot_key(key), None


def snapshot_of(value: ShareSnapshotValue) -> ShareState:
    """What a stored snapshot holds."""
    return ShareState(
        value.snapshot_epoch,
        value.state_epoch,
        value.leader_epoch,
        value.start_offset,
        value.delivery_complete_count,
        _stored(value.state_batches),
        value.create_timestamp,
        value.write_timestamp,
    )


def update_of(value: ShareUpdateValue) -> ShareState:
    """What a stored update holds."""
    return ShareState(
        snapshot_epoch=value.snapshot_epoch,
        leader_epoch=value.leader_epoch,
        start_offset=value.start_offset,
        delivery_complete_count=value.delivery_complete_count,
        batches=_stored(value.state_batches),
    )


def _snapshot_key(key: SharePartitionKey) -> bytes:
    return encode_key(ShareSnapshotKey(group_id=key.group_id, topic_id=key.topic_id, partition=key.partition))


def _to_store(batches: Iterable[StateBatch]) -> list[StoredBatch]:
    return [
        StoredBatch(
            first_offset=batch.first_offset,
            last_offset=batch.last_offset,
            delivery_state=batch.delivery_state,
            delivery_count=batch.delivery_count,
        )
        for batch in batches
    ]


def _stored(batches: Iterable[StoredBatch]) -> Batches:
    return tuple(StateBatch(b.first_offset, b.last_offset, b.delivery_state, b.delivery_count) for b in batches)
