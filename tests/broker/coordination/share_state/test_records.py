"""What is stored can be read back, and a state changes by an update as Kafka has it."""

from odradek.broker.coordination.share_state.records import (
    ShareState,
    snapshot_of,
    snapshot_record,
    state_tombstone,
    update_of,
    update_record,
)
from odradek.broker.coordination.share_state.requests import SharePartitionKey, StateBatch
from odradek.protocol.share_group_records import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue
from odradek.protocol.state_records import decode_share_state_record

KEY = SharePartitionKey("g", b"t" * 16, 3)
STATE = ShareState(1, 2, 3, 4, 5, (StateBatch(4, 9, 2, 1), StateBatch(10, 10, 0, 2)), 6, 7)


def test_a_snapshot_keeps_everything() -> None:
    key, value = decode_share_state_record(*snapshot_record(KEY, STATE)) or (None, None)
    assert key == ShareSnapshotKey(group_id="g", topic_id=b"t" * 16, partition=3)
    assert isinstance(value, ShareSnapshotValue)
    assert snapshot_of(value) == STATE


def test_an_update_has_neither_a_state_epoch_nor_times() -> None:
    key, value = decode_share_state_record(*update_record(KEY, STATE)) or (None, None)
    assert key == ShareUpdateKey(group_id="g", topic_id=b"t" * 16, partition=3)
    assert isinstance(value, ShareUpdateValue)
    assert update_of(value) == ShareState(1, 0, 3, 4, 5, STATE.batches, 0, 0)


def test_a_tombstone_is_one_of_the_snapshot() -> None:
    assert decode_share_state_record(*state_tombstone(KEY)) == (
        ShareSnapshotKey(group_id="g", topic_id=b"t" * 16, partition=3),
        None,
    )


def test_an_update_moves_the_start_and_lets_go_of_what_lies_before() -> None:
    updated = STATE.updated(ShareState(leader_epoch=9, start_offset=10, delivery_complete_count=1))
    assert updated == ShareState(1, 2, 9, 10, 1, (StateBatch(10, 10, 0, 2),), 6, 7)


def test_an_update_without_a_start_or_an_epoch_leaves_them() -> None:
    updated = STATE.updated(ShareState(leader_epoch=-1, start_offset=-1, delivery_complete_count=8))
    assert (updated.leader_epoch, updated.start_offset, updated.delivery_complete_count) == (3, 4, 8)
