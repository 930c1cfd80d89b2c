"""One segment: its records and indexes together, and its files as a whole."""

import pytest

from odradek.broker.testing.disks import RefusingFiles
from odradek.storage.file_names import SEGMENT_SUFFIXES
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.segment import NO_TIMESTAMP, Segment

from .builders import DIRECTORY, NOW_MS, batch, file_of


def _segment(files: MemoryFiles, base_offset: int = 0) -> Segment:
    files.make_directory(DIRECTORY)
    segment = Segment(files, DIRECTORY, base_offset, created_ms=NOW_MS)
    segment.records.create()
    return segment


def _append(segment: Segment, *timestamps: int) -> None:
    for timestamp in timestamps:
        one = batch(timestamp=timestamp, value_bytes=100)
        offset = segment.base_offset + segment.size_bytes // one.size_bytes
        position = segment.records.append(one.stamped(offset, 0), one.size_bytes)
        segment.indexes.note(offset, timestamp, position, one.size_bytes, 100)


def test_its_files_are_called_after_its_first_offset() -> None:
    files = MemoryFiles()
    segment = _segment(files, 42)
    assert segment.records.path == file_of(42, ".log")
    assert repr(segment) == "Segment(42, 0 bytes)"
    assert files.list_directory(DIRECTORY) == [f"{42:020d}.log"]


def test_it_ages_from_the_timestamp_of_its_first_batch_which_is_read_once() -> None:
    segment = _segment(MemoryFiles())
    assert segment.read_first_timestamp() == NO_TIMESTAMP
    assert segment.first_timestamp is None
    _append(segment, NOW_MS + 5, NOW_MS)
    assert segment.read_first_timestamp() == NOW_MS + 5
    assert segment.first_timestamp == NOW_MS + 5
    assert segment.max_timestamp == NOW_MS + 5


def test_a_cut_is_followed_by_its_indexes() -> None:
    segment = _segment(MemoryFiles())
    _append(segment, NOW_MS, NOW_MS + 1, NOW_MS + 2, NOW_MS + 3)
    one = segment.size_bytes // 4
    segment.read_first_timestamp()
    assert segment.truncate(2 * one, 100) == 2
    assert (segment.size_bytes, segment.max_timestamp) == (2 * one, NOW_MS + 1)
    assert segment.indexes.position_of(2).byte == 2 * one
    assert segment.truncate(0, 100) == 0
    assert (segment.max_timestamp, segment.first_timestamp) == (NO_TIMESTAMP, None)


def test_what_must_be_synced_is_what_has_been_written() -> None:
    segment = _segment(MemoryFiles())
    _append(segment, NOW_MS, NOW_MS + 1, NOW_MS + 2)
    assert segment.durable_paths() == [file_of(0, ".log")]
    segment.indexes.save(is_final=True)
    assert segment.durable_paths() == [file_of(0, suffix) for suffix in (".log", ".index", ".timeindex")]


def test_all_its_files_are_renamed_the_log_first_and_those_it_has_not_are_passed_over() -> None:
    files = MemoryFiles()
    segment = _segment(files)
    _append(segment, NOW_MS, NOW_MS + 1)
    segment.indexes.save(is_final=True)
    marked = segment.mark_deleted()
    assert marked == [file_of(0, f"{suffix}.deleted") for suffix in (".log", ".index", ".timeindex")]
    assert sorted(files.list_directory(DIRECTORY)) == sorted(path.rpartition("/")[2] for path in marked)


def test_a_log_that_cannot_be_renamed_leaves_the_segment_as_it_was() -> None:
    files = RefusingFiles()
    segment = _segment(files)
    files.refuse(1, 1)
    with pytest.raises(OSError, match="No space"):
        segment.mark_deleted()
    assert files.list_directory(DIRECTORY) == [f"{0:020d}.log"]


def test_all_its_files_are_removed_at_once() -> None:
    files = MemoryFiles()
    segment = _segment(files)
    for suffix in SEGMENT_SUFFIXES:
        files.write(file_of(0, suffix), [b"x"], 0)
    files.write(file_of(5, ".log"), [b"x"], 0)
    segment.remove()
    assert files.list_directory(DIRECTORY) == [f"{5:020d}.log"]
