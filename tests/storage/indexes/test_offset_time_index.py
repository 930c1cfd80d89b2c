"""The offset index and the time index."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.storage.indexes.offset_time_index import OffsetIndex, TimeIndex


def _offsets(*entries: tuple[int, int]) -> OffsetIndex:
    index = OffsetIndex()
    for offset, position in entries:
        index.append(offset, position)
    return index


def _times(*entries: tuple[int, int]) -> TimeIndex:
    index = TimeIndex()
    for timestamp, offset in entries:
        index.append_if_later(timestamp, offset)
    return index


@pytest.mark.parametrize(
    ("offset", "entry"),
    [(0, None), (9, None), (10, (10, 4100)), (19, (10, 4100)), (20, (20, 8200)), (9999, (20, 8200))],
)
def test_the_floor_is_the_greatest_entry_not_above(offset: int, entry: tuple[int, int] | None) -> None:
    assert _offsets((10, 4100), (20, 8200)).floor(offset) == entry


def test_an_entry_that_is_dropped_leaves_its_neighbours() -> None:
    index = _offsets((10, 4100), (20, 8200), (30, 9000))
    index.drop(20)
    assert index.encode() == _offsets((10, 4100), (30, 9000)).encode()
    times = _times((5, 1), (6, 4))
    times.drop(6)
    assert times.encode() == _times((5, 1)).encode()


def test_positions_are_found_both_ways() -> None:
    index = _offsets((10, 4100), (20, 8200))
    assert [index.floor_position(at) for at in (0, 4100, 9000)] == [0, 4100, 8200]
    assert [index.position_above(at) for at in (0, 4100, 8200)] == [4100, 8200, None]


def test_entries_are_big_endian_offset_then_position() -> None:
    index = _offsets((10, 4100), (20, 8200))
    assert index.encode() == struct.pack(">iiii", 10, 4100, 20, 8200)
    assert index.encode(1) == struct.pack(">ii", 20, 8200)
    assert index.encode(2) == b""


def test_time_entries_are_big_endian_timestamp_then_offset() -> None:
    index = _times((1_700_000_000_000, 3), (1_700_000_000_001, 9))
    assert index.encode() == struct.pack(">qiqi", 1_700_000_000_000, 3, 1_700_000_000_001, 9)
    assert index.encode(1) == struct.pack(">qi", 1_700_000_000_001, 9)


def test_a_time_that_is_not_later_adds_nothing() -> None:
    index = _times((5, 1), (5, 2), (4, 3), (6, 4))
    assert len(index) == 2
    assert index.last == (6, 4)
    assert TimeIndex().last is None


@pytest.mark.parametrize(("timestamp", "entry"), [(4, None), (5, (5, 1)), (6, (6, 4)), (7, (6, 4))])
def test_the_floor_of_a_time_is_where_to_start_looking(timestamp: int, entry: tuple[int, int] | None) -> None:
    assert _times((5, 1), (6, 4)).floor(timestamp) == entry


def test_a_tail_of_zeros_is_no_entries() -> None:
    offsets = OffsetIndex.decode(_offsets((10, 4100)).encode() + bytes(80), 10_000)
    times = TimeIndex.decode(_times((5, 0)).encode() + bytes(120))
    assert offsets is not None
    assert len(offsets) == 1
    assert times is not None
    assert times.last == (5, 0)


@pytest.mark.parametrize(
    "entries",
    [
        ((10, 4100), (10, 8200)),
        ((10, 4100), (9, 8200)),
        ((10, 4100), (11, 4100)),
        ((10, 10_000),),
        ((-1, 5),),
        ((10, -5),),
    ],
)
def test_an_offset_index_that_cannot_be_is_refused(entries: tuple[tuple[int, int], ...]) -> None:
    data = b"".join(struct.pack(">ii", *entry) for entry in entries)
    assert OffsetIndex.decode(data, 10_000) is None


@pytest.mark.parametrize("entries", [((5, 1), (5, 2)), ((5, 2), (6, 1)), ((5, -1),)])
def test_a_time_index_that_cannot_be_is_refused(entries: tuple[tuple[int, int], ...]) -> None:
    assert TimeIndex.decode(b"".join(struct.pack(">qi", *entry) for entry in entries)) is None


def test_torn_index_files_are_refused() -> None:
    assert OffsetIndex.decode(_offsets((10, 4100)).encode() + b"\x01", 10_000) is None
    assert TimeIndex.decode(_times((5, 1)).encode() + b"\x01") is None


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 5000)), max_size=40))
def test_what_was_encoded_is_decoded(steps: list[tuple[int, int]]) -> None:
    index, times, offset, position = OffsetIndex(), TimeIndex(), 0, 0
    for by_offset, by_position in steps:
        offset, position = offset + by_offset, position + by_position
        index.append(offset, position)
        times.append_if_later(position, offset)
    again = OffsetIndex.decode(index.encode(), position + 1)
    times_again = TimeIndex.decode(times.encode())
    assert again is not None
    assert again.encode() == index.encode()
    assert times_again is not None
    assert times_again.encode() == times.encode()


@settings(max_examples=60)
@given(st.binary(max_size=100))
def test_no_bytes_make_a_decoder_raise(data: bytes) -> None:
    for index in (OffsetIndex.decode(data, 1000), TimeIndex.decode(data)):
        assert index is None or len(index) <= len(data) // 8
