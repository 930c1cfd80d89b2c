"""The view on a record batch."""

import struct

import pytest

from odradek.protocol.batch import RecordBatch, sequence_after, whole_batches
from odradek.protocol.crc32c import crc32c


def batch_bytes(records: bytes = b"records", **fields: int) -> bytes:
    """A batch with a right checksum around bytes that stand for its records."""
    body = struct.pack(
        ">hiqqqhii",
        fields.get("attributes", 0),
        fields.get("last_offset_delta", 0),
        100,
        fields.get("max_timestamp", 100),
        fields.get("producer_id", -1),
        fields.get("producer_epoch", -1),
        fields.get("base_sequence", -1),
        fields.get("records_count", 1),
    )
    body += records
    return struct.pack(">qiibI", 0, len(body) + 9, -1, 2, crc32c(body)) + body


def test_a_stamped_batch_keeps_its_checksum_and_its_bytes() -> None:
    original = batch_bytes()
    head, tail = RecordBatch(original).stamped(base_offset=41, leader_epoch=3)
    stored = RecordBatch(head + bytes(tail))
    assert (stored.base_offset, stored.partition_leader_epoch) == (41, 3)
    assert stored.is_intact()
    assert bytes(stored.view[16:]) == original[16:]
    assert tail.obj is original


def test_a_flipped_bit_breaks_the_checksum() -> None:
    data = bytearray(batch_bytes())
    data[-1] ^= 1
    assert not RecordBatch(data).is_intact()


@pytest.mark.parametrize(
    ("sequence", "delta", "after"),
    [(0, 4, 4), (2147483646, 1, 2147483647), (2147483647, 1, 0), (2147483646, 3, 1)],
)
def test_sequences_wrap_to_zero_after_2147483647(sequence: int, delta: int, after: int) -> None:
    assert sequence_after(sequence, delta) == after


@pytest.mark.parametrize("missing", [1, 60, 70])
def test_a_torn_last_batch_is_not_returned(missing: int) -> None:
    one = batch_bytes(b"x" * 40)
    assert [b.size_bytes for b in whole_batches((one + one)[: 2 * len(one) - missing])] == [len(one)]
