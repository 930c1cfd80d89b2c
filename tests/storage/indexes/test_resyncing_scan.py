"""Batches behind damage: found where the bad one ends, or where the index has the next."""

from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.offset_time_index import OffsetIndex
from odradek.storage.indexes.resyncing_scan import ResyncingScan
from odradek.storage.log_config import LONG_MAX
from odradek.storage.scan import BatchScan

from ..builders import PATH, batches_file

ONE = len(batches_file(10)[1])


def _scan(files: MemoryFiles, index: OffsetIndex | None = None, until: int = LONG_MAX) -> ResyncingScan:
    size = files.size(PATH)
    return ResyncingScan(lambda start: BatchScan(files, PATH, start, size), index or OffsetIndex(), until=until)


def _offsets(scan: ResyncingScan) -> list[tuple[int, bool]]:
    """Each base offset, and whether there was damage in front of the batch."""
    return [(batch.base_offset, scan.take_resumed()) for _, batch in scan]


def test_a_sound_file_is_passed_to_its_end() -> None:
    files, data = batches_file(10, 10, 10)
    scan = _scan(files)
    assert _offsets(scan) == [(0, False), (1, False), (2, False)]
    assert (scan.position, scan.next_offset, scan.problem, scan.damaged_bytes) == (len(data), 3, None, 0)


def test_behind_a_batch_with_a_wrong_checksum_its_length_is_believed_as_far_as_a_sound_one_follows() -> None:
    files, data = batches_file(10, 10, 10)
    files.write(PATH, [b"\xff"], ONE + 70)
    scan = _scan(files)
    assert _offsets(scan) == [(0, False), (2, True)]
    assert (scan.position, scan.next_offset, scan.damaged_bytes) == (len(data), 3, ONE)


def test_behind_bytes_that_are_no_batch_the_index_has_the_next() -> None:
    files, _ = batches_file(10, 10, 10, 10)
    files.write(PATH, [b"\x07"], ONE + 16)  # the magic of the second
    index = OffsetIndex()
    index.append(3, 3 * ONE)
    scan = _scan(files, index)
    assert _offsets(scan) == [(0, False), (3, True)]
    assert scan.damaged_bytes == 2 * ONE


def test_without_an_index_it_ends_at_the_damage_and_has_the_reason() -> None:
    files, _ = batches_file(10, 10, 10)
    files.write(PATH, [b"\x07"], ONE + 16)
    scan = _scan(files)
    assert _offsets(scan) == [(0, False)]
    assert (scan.position, scan.next_offset) == (ONE, 1)
    assert scan.problem == "magic 7 where a batch should begin"


def test_an_entry_that_leads_to_no_batch_is_passed_over_for_the_next() -> None:
    files, _ = batches_file(10, 10, 10, 10)
    files.write(PATH, [b"\x07"], ONE + 16)
    index = OffsetIndex()
    index.append(1, ONE + 5)
    index.append(2, 2 * ONE)
    assert _offsets(_scan(files, index)) == [(0, False), (2, True), (3, False)]


def test_damage_beyond_what_was_flushed_ends_the_log() -> None:
    files, _ = batches_file(10, 10, 10)
    files.write(PATH, [b"\xff"], ONE + 70)
    scan = _scan(files, until=1)
    assert _offsets(scan) == [(0, False)]
    assert scan.problem == "the checksum is wrong"
