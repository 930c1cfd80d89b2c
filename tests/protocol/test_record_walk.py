"""A walk finds what the full reader finds, in one piece or many, and refuses what is not as the header says."""

from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol import record_walk
from odradek.protocol.batch import RecordBatch
from odradek.protocol.record_columns import MOST_SIMILAR
from odradek.protocol.record_walk import LongWalk, RecordFacts, each_record, walk_few, walk_records
from odradek.protocol.records import NewRecord, build_batch, read_records
from odradek.protocol.wire import CorruptFrame, put_zigzag

SOME_BYTES = st.none() | st.binary(max_size=200)
RECORD = st.builds(
    NewRecord,
    key=SOME_BYTES,
    value=SOME_BYTES,
    timestamp=st.integers(0, 2**60) | st.integers(10**12, 10**12 + 9000),
    headers=st.lists(st.tuples(st.text(max_size=3), SOME_BYTES), max_size=2),
)


def _alike(size: int, key: bytes | None, times: list[int]) -> list[NewRecord]:
    return [NewRecord(key, b"v" * size, 10**12 + at) for at in times]


ALIKE = st.builds(
    _alike,
    st.sampled_from([0, 1, 60, 70, 9000]),
    st.sampled_from([None, b"", b"k", b"k" * 70]),
    st.lists(st.sampled_from([-70, -1, 0, 1, 63, 64, 9000, 2**40]), max_size=150),
)
SIMILAR = st.tuples(st.sampled_from([(0, 40), (80, 120), (9000, 9100), (50, 70)]), st.sampled_from([0, 1, 5])).flatmap(
    lambda of: st.lists(
        st.builds(
            NewRecord,
            key=st.sampled_from([None, b"", b"k", b"k" * 20][: of[1] or 1]),
            value=st.integers(*of[0]).map(bytes),
            timestamp=st.integers(10**12, 10**12 + 63),
            headers=st.just(()),
        ),
        max_size=150,
    )
)
RECORDS = st.lists(ALIKE | SIMILAR | st.lists(RECORD, max_size=20), max_size=4).map(
    lambda parts: [one for p in parts for one in p]
)


def _records_of(records: list[NewRecord]) -> tuple[RecordBatch, bytes]:
    batch = RecordBatch(build_batch(records))
    return batch, bytes(batch.records)


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _expected(records: list[NewRecord]) -> RecordFacts:
    deltas = [one.timestamp - records[0].timestamp for one in records]
    without_key = [n for n, one in enumerate(records) if one.key is None]
    return RecordFacts(min(deltas), max(deltas), without_key[0] if without_key else None)


@settings(max_examples=200, deadline=None)
@given(RECORDS.filter(bool), st.sampled_from([1, 7, 100, 1000, 1 << 20]))
def test_a_walk_finds_what_the_records_are_however_they_are_cut(records: list[NewRecord], size: int) -> None:
    _, data = _records_of(records)
    assert walk_records(_cut(data, size), len(records)) == _expected(records)
    deltas = [(one.timestamp - records[0].timestamp, n, one.key is not None) for n, one in enumerate(records)]
    assert list(each_record(_cut(data, size), len(records))) == deltas


@settings(max_examples=200, deadline=None)
@given(RECORDS.filter(bool), st.sampled_from([7, 1000, 1 << 20]), st.sampled_from([1, 50, 1000]))
def test_a_walk_over_views_finds_the_same_however_little_of_them_is_copied(
    records: list[NewRecord], size: int, window_bytes: int
) -> None:
    _, data = _records_of(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_walk, "_WINDOW_BYTES", window_bytes)
        views = [memoryview(bytearray(piece)) for piece in _cut(data, size)]
        assert walk_records(views, len(records)) == _expected(records)
    assert list(each_record(views, len(records))) == list(each_record([data], len(records)))


@settings(max_examples=200, deadline=None)
@given(RECORDS.filter(bool), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3), st.data())
def test_a_walk_over_a_few_finds_the_same_or_leaves_it_to_the_other(
    records: list[NewRecord], damage: list[tuple[int, int]], given_data: st.DataObject
) -> None:
    _, data = _records_of(records)
    damaged = bytearray(data)
    for at, byte in damage:
        damaged[at % len(damaged)] = byte
    count = given_data.draw(st.sampled_from([len(records), len(records) + 1, max(len(records) - 1, 1)]))
    try:
        expected: RecordFacts | None = walk_records([bytes(damaged)], count)
    except CorruptFrame:
        expected = None
    try:
        found = walk_few(bytes(damaged), count)
    except CorruptFrame:
        found = None
    assert found == expected
    if not damage and count == len(records):
        assert found == _expected(records)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200, 8191, 8192, 8193, 20_000, (1 << 20) + 50])
def test_long_rows_of_records_that_are_alike_are_walked_in_columns(count: int) -> None:
    out = bytearray()
    for n in range(count):
        one = bytearray(b"\0\x02")
        put_zigzag(one, n)
        out += bytes([2 * len(one) + 6]) + one + b"\x01\x01\0"
    steps = count // 16 + 200 + max(count - (1 << 20), 0)
    assert walk_records([bytes(out)], count, steps) == RecordFacts(1, 1, 0)


@settings(max_examples=200, deadline=None)
@given(RECORDS.filter(bool), st.data())
def test_a_walk_refuses_what_the_full_reader_refuses(records: list[NewRecord], data: st.DataObject) -> None:
    batch, good = _records_of(records)
    damaged = bytearray(good)
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=2)):
        damaged[at] = data.draw(st.integers(0, 255))
    again = batch.refilled(
        bytes(damaged), len(records), attributes=0, base_timestamp=batch.base_timestamp, max_timestamp=0
    )
    try:
        read = list(read_records(again))
        facts = _expected([NewRecord(one.key, one.value, one.timestamp) for one in read])
        expected = [one.offset for one in read] == list(range(len(read)))
        shift = read[0].timestamp - batch.base_timestamp
    except CorruptFrame:
        expected, facts, shift = False, None, 0
    for size in (1 << 20, 50):
        if expected:
            assert facts is not None
            assert walk_records(_cut(bytes(damaged), size), len(records)) == RecordFacts(
                facts.earliest_delta + shift, facts.latest_delta + shift, facts.first_without_key
            )
        else:
            with pytest.raises(CorruptFrame):
                walk_records(_cut(bytes(damaged), size), len(records))


@pytest.mark.parametrize("count", [1, 100])
def test_fewer_records_and_more_are_refused(count: int) -> None:
    _, data = _records_of([NewRecord(b"k", b"v", 0)] * count)
    for wrong in (count + 1, count - 1 or count + 2):
        with pytest.raises(CorruptFrame):
            walk_records([data], wrong)
    with pytest.raises(CorruptFrame):
        walk_records([data[:-1]], count)
    with pytest.raises(CorruptFrame):
        walk_records([data, b"\0"], count)


@pytest.mark.parametrize("times", [2, 100])
def test_a_row_of_equal_records_ends_at_the_second(times: int) -> None:
    _, one = _records_of([NewRecord(b"k", b"v", 0)])
    walked: list[int] = []

    def pieces() -> Iterator[bytes]:
        for n in range(times):
            walked.append(n)
            yield one

    with pytest.raises(CorruptFrame, match="offset delta 0"):
        walk_records(pieces(), times)
    assert len(walked) <= 3  # a varint may reach into the next piece


def test_a_record_of_many_pieces_is_passed_over_and_not_put_together() -> None:
    _, data = _records_of([NewRecord(b"k" * 1000, b"v" * 100_000, 0), NewRecord(None, b"v", 5)])
    assert walk_records(iter(_cut(data, 100)), 2) == RecordFacts(0, 5, 1)


def test_a_walk_ends_when_its_steps_are_used_up_by_records_or_headers() -> None:
    _, unlike = _records_of([NewRecord(b"k" * 200, bytes(n % 2), 0) for n in range(1000)])
    assert walk_records([unlike], 1000, 1000)
    with pytest.raises(LongWalk):
        walk_records([unlike], 1000, 900)
    _, headers = _records_of([NewRecord(b"k", b"v", 0, [("a", b"")] * 1000)])
    assert walk_records([headers], 1, 1001)
    for size in (1 << 20, 100):
        with pytest.raises(LongWalk):
            walk_records(_cut(headers, size), 1, 900)


def test_what_columns_have_looked_at_in_vain_counts_as_work() -> None:
    some = [NewRecord(b"k", bytes(100 + n % 50) if n % 20 else None, 0) for n in range(1000)]
    _, data = _records_of(some)
    assert walk_records([data], 1000, 1000 + 10 * MOST_SIMILAR)
    with pytest.raises(LongWalk):
        walk_records([data], 1000, 1000)


@settings(max_examples=400, deadline=None)
@given(
    (ALIKE | SIMILAR).filter(bool),
    st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), max_size=2),
    st.sampled_from([0, 1, -1]),
    st.sampled_from([1 << 20, 5000]),
)
def test_columns_find_what_a_walk_over_single_records_finds_whatever_is_damaged(
    records: list[NewRecord], damage: list[tuple[int, int]], more: int, size: int
) -> None:
    _, data = _records_of(records)
    damaged = bytearray(data)
    for at, byte in damage:
        damaged[at % len(damaged)] = byte
    count = max(len(records) + more, 1)

    def walked() -> RecordFacts | None:
        try:
            return walk_records(_cut(bytes(damaged), size), count)
        except CorruptFrame:
            return None

    with pytest.MonkeyPatch.context() as patch:
        for run in ("alike", "similar"):
            patch.setattr(record_walk, run, Mock(return_value=None))
        singly = walked()
    assert walked() == singly
