"""The spans of records are where the full reader finds the records, whatever they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.batch import RecordBatch
from odradek.protocol.record_spans import put_moved_record, record_spans
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch, read_records
from odradek.protocol.wire import CorruptFrame

SOME_BYTES = st.none() | st.binary(max_size=300)
RECORDS = st.lists(
    st.builds(
        NewRecord,
        key=SOME_BYTES,
        value=SOME_BYTES,
        timestamp=st.integers(0, 2**60),
        headers=st.lists(st.tuples(st.text(max_size=3), SOME_BYTES), max_size=2),
    ),
    min_size=1,
    max_size=90,
)


@settings(max_examples=100, deadline=None)
@given(RECORDS)
def test_spans_say_what_the_records_say(records: list[NewRecord]) -> None:
    batch = RecordBatch(build_batch(records))
    data = bytes(batch.records)
    spans = list(record_spans(data, len(records)))
    assert [
        (batch.base_timestamp + timestamp_delta, offset_delta, key, has_value)
        for _, _, _, timestamp_delta, offset_delta, key, has_value in spans
    ] == [(one.timestamp, n, one.key, one.value is not None) for n, one in enumerate(records)]
    assert b"".join(data[span[0] : span[2]] for span in spans) == data


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.integers(-(2**40), 2**40))
def test_records_keep_their_timestamps_when_their_base_moves(records: list[NewRecord], shift: int) -> None:
    batch = RecordBatch(build_batch(records))
    data, out = bytes(batch.records), bytearray()
    for span in record_spans(data, len(records)):
        put_moved_record(out, data, span, span[3] + shift)
    moved = batch.refilled(
        bytes(out),
        len(records),
        attributes=batch.attributes,
        base_timestamp=batch.base_timestamp - shift,
        max_timestamp=batch.max_timestamp,
    )
    assert moved.is_intact()
    assert list(read_records(moved)) == list(read_records(batch))


@pytest.mark.parametrize(
    ("records", "count"),
    [
        ("", 1),
        ("0c" + "00" * 6 + "00", 1),  # a byte after the last record
        ("0c" + "00" * 6, 2),  # one record, two announced
        ("0e" + "00" * 6, 1),  # longer than the batch
        ("0a" + "00" * 6, 1),  # shorter than any record
        ("01" + "00" * 6, 1),
        ("0c" + "00" * 3 + "7e" + "00" * 2, 1),  # a key beyond the record
        ("0c" + "00" * 3 + "04" + "00" * 2, 1),  # a key that leaves no room for a value
        ("0c" + "ff" * 12, 1),
        ("ffffffff1f" + "00" * 6, 1),
        ("ffffffffff" + "00" * 6, 1),
    ],
)
def test_damaged_records_are_a_corrupt_frame(records: str, count: int) -> None:
    with pytest.raises(CorruptFrame):
        list(record_spans(bytes.fromhex(records), count))


@settings(max_examples=200)
@given(st.binary(max_size=80), st.integers(0, 5))
def test_no_bytes_do_more_than_raise_a_corrupt_frame(data: bytes, count: int) -> None:
    try:
        assert len(list(record_spans(data, count))) == count
    except CorruptFrame:
        return


def test_a_batch_can_be_left_with_no_records() -> None:
    batch = RecordBatch(build_batch([NewRecord(b"k", b"v", 5)] * 3, producer=ProducerStamp(7, 1, 4)))
    empty = batch.refilled(b"", 0, attributes=0, base_timestamp=-1, max_timestamp=5)
    assert empty.is_intact()
    assert (empty.size_bytes, empty.records_count, empty.last_offset, empty.last_sequence) == (61, 0, 2, 6)
    assert list(read_records(empty)) == []
