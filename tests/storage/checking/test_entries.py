"""Walking index files: free room at the end, torn entries, bounded pieces."""

import struct

import pytest

from odradek.storage.checking.entries import (
    PIECE_ENTRIES,
    AbortedEntries,
    AbortedEntry,
    OffsetEntries,
    OffsetEntry,
    TimeEntries,
    TimeEntry,
    TooLarge,
    read_small,
)
from odradek.storage.files.memory_files import MemoryFiles

PATH = "/index"


def _file(data: bytes) -> MemoryFiles:
    files = MemoryFiles()
    files.write(PATH, [data], 0)
    return files


def test_entries_come_with_their_places() -> None:
    offsets = OffsetEntries(_file(struct.pack(">iiii", 3, 0, 9, 500)), PATH)
    assert list(offsets) == [OffsetEntry(0, 3, 0), OffsetEntry(8, 9, 500)]
    times = TimeEntries(_file(struct.pack(">qiqi", 1000, 0, 2000, 7)), PATH)
    assert list(times) == [TimeEntry(0, 1000, 0), TimeEntry(12, 2000, 7)]
    aborted = AbortedEntries(_file(struct.pack(">hqqqq", 0, 5, 1, 2, 3)), PATH)
    assert list(aborted) == [AbortedEntry(0, 0, 5, 1, 2, 3)]
    assert (offsets.problem, times.problem, aborted.problem) == (None, None, None)


def test_a_large_index_is_read_in_pieces() -> None:
    count = 2 * PIECE_ENTRIES + 3
    data = b"".join(struct.pack(">ii", n + 1, 10 * n) for n in range(count))
    assert [entry.relative_offset for entry in OffsetEntries(_file(data), PATH)] == list(range(1, count + 1))


@pytest.mark.parametrize("free_bytes", [8, 4096, 10 << 20])
def test_free_room_at_the_end_is_no_entry(free_bytes: int) -> None:
    entries = OffsetEntries(_file(struct.pack(">ii", 3, 256) + bytes(free_bytes)), PATH)
    assert list(entries) == [OffsetEntry(0, 3, 256)]
    assert (entries.end, entries.problem) == (8, None)
    assert list(OffsetEntries(_file(bytes(free_bytes)), PATH)) == []


def test_zeros_in_the_middle_are_an_entry_like_any_other() -> None:
    data = bytes(8) + struct.pack(">ii", 3, 1)
    assert [entry.relative_offset for entry in OffsetEntries(_file(data), PATH)] == [0, 3]


def test_a_torn_entry_is_told_behind_the_whole_ones() -> None:
    entries = TimeEntries(_file(struct.pack(">qi", 1000, 1) + b"\1\2\3"), PATH)
    assert list(entries) == [TimeEntry(0, 1000, 1)]
    assert (entries.end, entries.problem) == (12, "it ends with 3 bytes of an entry of 12")


def test_an_index_that_shrinks_meanwhile_is_told() -> None:
    files = _file(struct.pack(">hqqqq", 0, 5, 1, 2, 3) * 2)
    entries = AbortedEntries(files, PATH)
    files.truncate(PATH, 34)
    assert len(list(entries)) == 1
    assert entries.problem == "the file is shorter than it was"


def test_a_small_file_that_is_huge_is_refused_unread() -> None:
    files = _file(b"x" * 1001)
    assert read_small(files, PATH, 1001) == b"x" * 1001
    with pytest.raises(TooLarge):
        read_small(files, PATH, 1000)
