"""Control batches."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.control import (
    MARKER_BATCH_BYTES,
    ControlType,
    Marker,
    control_type,
    find_marker,
    marker_batch,
)
from odradek.protocol.quorum_records import LeaderChangeMessage, Voter
from odradek.protocol.records import NewRecord, build_batch, read_records
from odradek.protocol.wire import CorruptFrame

from .batches import control_batch

# Written by Apache Kafka 4.3.
KAFKAS_COMMIT = bytes.fromhex(
    "0000000000000001000000420000000002c014633c003000000000000001a1fe3f7865000001a1fe3f786500000000000000000000"
    "ffffffff000000012000000008000000010c00000000000000"
)
KAFKAS_LEADER_CHANGE = bytes.fromhex(
    "00000000000000000000004f0000000102f27367a7002000000000000001a1fe382025000001a1fe382025ffffffffffffffff"
    "ffffffffffff000000013a0000000800000002260000000000010200000001000200000001000000"
)


def test_a_marker_is_kafkas_byte_for_byte() -> None:
    ours = marker_batch(
        producer_id=0,
        producer_epoch=0,
        is_commit=True,
        coordinator_epoch=0,
        timestamp_ms=1795266934885,
        base_offset=1,
        partition_leader_epoch=0,
    )
    assert ours == KAFKAS_COMMIT
    assert len(ours) == MARKER_BATCH_BYTES


@pytest.mark.parametrize("is_commit", [True, False])
def test_a_marker_tells_how_its_transaction_ended(is_commit: bool) -> None:
    data = marker_batch(producer_id=7, producer_epoch=3, is_commit=is_commit, coordinator_epoch=9, timestamp_ms=5)
    batch = RecordBatch(data)
    assert find_marker(batch) == Marker(is_commit, 9)
    assert (batch.is_control, batch.is_transactional, batch.base_sequence) == (True, True, -1)
    assert batch.is_intact()


def test_the_marker_of_a_topic_with_append_times_says_so() -> None:
    data = marker_batch(
        producer_id=7,
        producer_epoch=3,
        is_commit=True,
        coordinator_epoch=0,
        timestamp_ms=5,
        has_log_append_time=True,
    )
    assert RecordBatch(data).attributes == 0x38


def test_a_leader_change_is_kafkas_byte_for_byte() -> None:
    voter = Voter(voter_id=1)
    value = LeaderChangeMessage(leader_id=1, voters=[voter], granting_voters=[voter], version=0)
    ours = control_batch(
        ControlType.LEADER_CHANGE,
        encode_bytes(value, 0),
        timestamp_ms=RecordBatch(KAFKAS_LEADER_CHANGE).base_timestamp,
        partition_leader_epoch=1,
    )
    assert ours == KAFKAS_LEADER_CHANGE
    (record,) = read_records(RecordBatch(KAFKAS_LEADER_CHANGE))
    assert record.value is not None
    assert decode(LeaderChangeMessage, 0, record.value) == value


def test_control_records_that_end_no_transaction_are_skipped() -> None:
    assert find_marker(RecordBatch(KAFKAS_LEADER_CHANGE)) is None
    unknown = build_batch([NewRecord(b"\x00\x00\x00\x63", b"?", 0)], is_control=True)
    assert find_marker(RecordBatch(unknown)) is None
    assert control_type(b"\x00\x00\x00\x63") == 99


def test_a_marker_of_a_newer_version_is_read_by_what_is_known_of_it() -> None:
    data = build_batch([NewRecord(b"\x00\x01\x00\x01", b"\x00\x01\x00\x00\x00\x04more", 0)], is_control=True)
    assert find_marker(RecordBatch(data)) == Marker(True, 4)


@pytest.mark.parametrize(
    ("key", "value"), [(None, b""), (b"\x00\x00\x00", b""), (b"\x00\x00\x00\x01", None), (bytes(4), b"\x00\x00\x00")]
)
def test_a_marker_cut_short_is_a_corrupt_frame(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(CorruptFrame):
        find_marker(RecordBatch(build_batch([NewRecord(key, value, 0)], is_control=True)))
