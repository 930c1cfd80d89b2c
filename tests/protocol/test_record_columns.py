"""Runs of records of one shape: as far as they go, and what is true of them."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.record_columns import FEWEST, MOST_SIMILAR, Run, alike, similar
from odradek.protocol.records import NewRecord, build_batch

COUNT = 50


def records_of(*records: NewRecord) -> bytes:
    return bytes(RecordBatch(build_batch(records)).records)


def run_of(found: Run | None) -> tuple[int, int, set[int], int] | None:
    return None if found is None else (found.records, found.end, set(found.deltas), found.keyless)


@pytest.mark.parametrize("size", [0, 1, 50, 100, 5000])
@pytest.mark.parametrize("key", [None, b"", b"k" * 16])
def test_records_that_differ_in_their_times_and_contents_are_alike(size: int, key: bytes | None) -> None:
    data = records_of(*(NewRecord(key, bytes([n]) * size, 10**12 + n % 3) for n in range(COUNT)))
    for found in (alike(data, 0, 0, COUNT), similar(data, 0, 0, COUNT)):
        assert run_of(found) == (COUNT, len(data), {0, 1, 2}, 0 if key is None else -1)


@pytest.mark.parametrize("sizes", [(0, 20), (100, 2000)])
@pytest.mark.parametrize("keys", [[None], [b"k" * 16], [b"1", b"22", b"333"], [b"1", None, b"22"]])
def test_records_whose_lengths_have_as_many_bytes_are_similar(sizes: tuple[int, int], keys: list[bytes | None]) -> None:
    low, high = sizes
    data = records_of(
        *(NewRecord(keys[n % len(keys)], bytes(low + n * 7919 % (high - low)), 10**12 + n % 2) for n in range(COUNT))
    )
    assert alike(data, 0, 0, COUNT) is None
    keyless = keys.index(None) if None in keys else -1
    assert run_of(similar(data, 0, 0, COUNT)) == (COUNT, len(data), {0, 1}, keyless)
    assert run_of(similar(memoryview(data), 0, 0, COUNT)) == (COUNT, len(data), {0, 1}, keyless)


def test_a_run_goes_on_where_lengths_have_one_byte_or_two_and_ends_where_they_have_three_or_the_data_ends() -> None:
    sizes = [50 + n for n in range(20)] + [9000] + [100] * 5
    data = records_of(*(NewRecord(None, bytes(size), 0) for size in sizes))
    found = similar(data, 0, 0, len(sizes))
    assert found is not None
    assert found.records == 20
    cut_off = similar(data[: found.end - 1], 0, 0, len(sizes))
    assert cut_off is not None
    assert cut_off.records == 19


@pytest.mark.parametrize(
    "one",
    [
        NewRecord(None, None, 0),
        NewRecord(b"k" * 70, b"v" * 100, 0),
        NewRecord(None, bytes(20_000), 0),
        NewRecord(None, b"v", 0, [("a", b"")]),
    ],
)
def test_what_has_another_shape_is_left_to_a_walk_over_single_records(one: NewRecord) -> None:
    data = records_of(*[one] * FEWEST)
    found = similar(data, 0, 0, FEWEST)
    assert found is None or not found.records


@pytest.mark.parametrize("run", [alike, similar])
def test_a_few_are_no_run(run: object) -> None:
    assert callable(run)
    data = records_of(*[NewRecord(None, b"v", 0)] * (FEWEST - 1))
    assert run(data, 0, 0, FEWEST - 1) is None


@pytest.mark.parametrize("at", [-1, 0, 1, 4, 5, 7, 8])
def test_every_byte_that_says_where_a_field_ends_counts(at: int) -> None:
    """In order: the headers of the record before, its length, its offset delta, those of its key and its value."""
    data = records_of(*(NewRecord(b"k", bytes(100 + n), 10**12) for n in range(COUNT)))
    start = 0
    for _ in range(COUNT // 2):
        start += 2 + ((data[start] & 0x7F | data[start + 1] << 7) >> 1)
    damaged = bytearray(data)
    damaged[start + at] ^= 0x82
    found = similar(bytes(damaged), 0, 0, COUNT)
    assert found is None or found.records <= COUNT // 2


def test_what_is_looked_at_in_vain_is_bounded_and_told() -> None:
    records = [NewRecord(b"k", bytes(100 + n % 50), 10**12) for n in range(3 * MOST_SIMILAR)]
    found = similar(records_of(*records), 0, 0, len(records))
    assert found is not None
    assert found.records == 64, "offset deltas of one byte"
    records[20] = NewRecord(b"k", None, 10**12)
    assert similar(records_of(*records), 0, 0, len(records)) == Run(0, 0, (), -1)
