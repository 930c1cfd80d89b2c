"""The segments of a log in order: found, added, replaced, taken away."""

from collections.abc import Sequence

import pytest

from odradek.broker.testing.disks import RefusingFiles
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.retention import SegmentFacts
from odradek.storage.segment import Segment
from odradek.storage.segments import Segments

from .builders import DIRECTORY, NOW_MS, batch, file_of

ONE = batch(value_bytes=100).size_bytes


def _segment(files: MemoryFiles, base_offset: int, batches: int, created_ms: int = NOW_MS) -> Segment:
    segment = Segment(files, DIRECTORY, base_offset, created_ms=created_ms)
    segment.records.create()
    for offset in range(base_offset, base_offset + batches):
        one = batch(value_bytes=100, timestamp=NOW_MS + offset)
        position = segment.records.append(one.stamped(offset, 0), one.size_bytes)
        segment.indexes.note(offset, one.max_timestamp, position, one.size_bytes, 0)
    return segment


def _segments(files: MemoryFiles, counts: Sequence[int] = (2, 2, 1)) -> Segments:
    files.make_directory(DIRECTORY)
    found: list[Segment] = []
    for count in counts:
        found.append(_segment(files, found[-1].base_offset + 2 if found else 0, count))
    return Segments(files, found)


def test_the_last_one_is_active_and_all_of_them_are_counted() -> None:
    files = MemoryFiles()
    segments = _segments(files)
    assert (segments.active.base_offset, len(segments), segments.bases) == (4, 3, [0, 2, 4])
    assert segments.size_bytes == 5 * ONE
    segments.add(_segment(files, 5, 0))
    assert (segments.active.base_offset, segments.size_bytes) == (5, 5 * ONE)


@pytest.mark.parametrize(("offset", "bases"), [(0, [0, 2, 4]), (1, [0, 2, 4]), (2, [2, 4]), (4, [4]), (9, [4])])
def test_those_from_an_offset_on_begin_with_the_one_that_holds_it(offset: int, bases: list[int]) -> None:
    assert [one.base_offset for one in _segments(MemoryFiles()).since(offset)] == bases


def test_a_reader_begins_at_its_batch_and_goes_on_with_later_segments() -> None:
    found = list(_segments(MemoryFiles()).positions_from(1))
    assert [(one.base_offset, position.byte, position.base_offset) for one, position in found] == [
        (0, ONE, 1),
        (2, 0, 2),
        (4, 0, 4),
    ]


def test_where_a_reader_stopped_is_found_again_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    segments = _segments(MemoryFiles())
    ((segment, position), *_) = segments.positions_from(1)
    segments.remember(1, segment, position)
    monkeypatch.setattr(type(segment.indexes), "position_of", None)  # any search would fail
    assert next(segments.positions_from(1)) == (segment, position)


def test_only_so_many_readers_are_remembered() -> None:
    segments = _segments(MemoryFiles(), (100,))
    for offset in range(100):
        next(segments.positions_from(offset))
    assert len(segments._hints) == 64


def test_the_indexes_of_few_sealed_segments_stay_in_memory() -> None:
    segments = _segments(MemoryFiles(), (2,) * 8)
    for offset in range(0, 14, 2):
        next(segments.positions_from(offset))
    assert len(segments._indexed) == 4


def test_a_segment_without_timestamps_is_as_old_as_its_file_or_itself() -> None:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    segments = Segments(files, [_segment(files, 0, 2), _segment(files, 2, 0, created_ms=5)])
    assert segments.facts(2) == [SegmentFacts(0, 2, 2 * ONE, NOW_MS + 1), SegmentFacts(2, 2, 0, 5)]


def test_the_oldest_are_renamed_and_due_after_the_delay() -> None:
    files = MemoryFiles()
    segments = _segments(files)
    segments.drop_first(2, NOW_MS + 10)
    assert (segments.bases, segments.size_bytes) == ([4], ONE)
    assert segments.take_due(NOW_MS + 9) == []
    assert file_of(0, ".log.deleted") in segments.take_due(NOW_MS + 10)
    assert segments.take_due(NOW_MS + 10) == []


def test_a_rename_that_is_refused_leaves_that_segment_and_all_after_it() -> None:
    files = RefusingFiles()
    segments = _segments(files)
    files.refuse(2, 1)
    with pytest.raises(OSError, match="No space"):
        segments.drop_first(2, NOW_MS)
    assert (segments.bases, segments.size_bytes) == ([2, 4], 3 * ONE)


def _merged(files: MemoryFiles) -> Segment:
    new = Segment(files, DIRECTORY, 0, created_ms=NOW_MS, size_bytes=ONE)
    files.write(file_of(0, ".log.swap"), [*batch(value_bytes=100).stamped(0, 0)], 0)
    return new


def test_a_new_segment_takes_the_place_of_neighbours() -> None:
    files = MemoryFiles()
    segments = _segments(files)
    old = list(segments)[:2]
    segments.replace(old, _merged(files), [(file_of(0, ".log.swap"), file_of(0, ".log"))], NOW_MS)
    assert (segments.bases, segments.size_bytes) == ([0, 4], 2 * ONE)
    assert files.size(file_of(0, ".log")) == ONE
    assert set(segments.take_due(NOW_MS)) >= {file_of(0, ".log.deleted"), file_of(2, ".log.deleted")}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_swap_that_is_refused_anywhere_leaves_all_as_it_was(at: int) -> None:
    files = RefusingFiles()
    segments = _segments(files)
    old, new = list(segments)[:2], _merged(files)
    before = sorted(files.list_directory(DIRECTORY))
    files.refuse(at, 1)
    with pytest.raises(OSError, match="No space"):
        segments.replace(old, new, [(file_of(0, ".log.swap"), file_of(0, ".log"))], NOW_MS)
    assert sorted(files.list_directory(DIRECTORY)) == before
    assert (segments.bases, segments.size_bytes) == ([0, 2, 4], 5 * ONE)


@pytest.mark.parametrize(
    ("offset", "end", "bases"), [(5, 5, [0, 2, 4]), (3, 3, [0, 2]), (2, 2, [0, 2]), (1, 1, [0]), (0, 0, [0])]
)
def test_a_log_is_cut_before_the_batch_that_holds_an_offset(offset: int, end: int, bases: list[int]) -> None:
    files = MemoryFiles()
    segments = _segments(files)
    assert segments.cut(offset, 100) == end
    assert segments.bases == bases
    assert segments.size_bytes == end * ONE
    assert sorted(name for name in files.list_directory(DIRECTORY) if name.endswith(".log")) == [
        f"{base:020d}.log" for base in bases
    ]
