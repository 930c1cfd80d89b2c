"""The files that take the place of others: under `.cleaned` until they are whole, then `.swap`, the log last."""

import pytest

from odradek.broker.testing.disks import FailingFiles
from odradek.protocol.batch import RecordBatch
from odradek.storage.compaction.output import CleanedSegment
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.offset_time_index import OffsetIndex, TimeIndex
from odradek.storage.indexes.transaction_index import AbortedTxn, decode_aborted
from odradek.storage.scan import BatchScan

from ..builders import DIRECTORY, NOW_MS, batch, file_of

ABORTED = AbortedTxn(1, 42, 45, 46)


def _stored(offset: int, timestamp: int = NOW_MS, value_bytes: int = 100) -> RecordBatch:
    head, tail = batch(timestamp=timestamp, value_bytes=value_bytes).stamped(offset, 0)
    return RecordBatch(head + bytes(tail))


def _output(files: MemoryFiles, *batches: RecordBatch) -> CleanedSegment:
    files.make_directory(DIRECTORY)
    output = CleanedSegment(files, DIRECTORY, 42, 100)
    for one in batches:
        run_to_end(output.append(one))
    return output


def _read(files: MemoryFiles, suffix: str) -> bytes:
    path = file_of(42, suffix)
    return files.read(path, 0, files.size(path))


def test_batches_are_written_as_they_came_and_indexed_as_a_log_indexes_them() -> None:
    files = MemoryFiles()
    times = [NOW_MS, NOW_MS + 9, NOW_MS + 5]
    batches = [_stored(42 + 2 * n, timestamp) for n, timestamp in enumerate(times)]
    output = _output(files, *batches)
    output.write_indexes()
    assert _read(files, ".log.cleaned") == b"".join(bytes(one.view) for one in batches)
    assert output.size_bytes == 3 * batches[0].size_bytes
    offsets = OffsetIndex.decode(_read(files, ".index.cleaned"), output.size_bytes)
    assert offsets is not None
    one = batches[0].size_bytes
    assert [offsets.floor(relative) for relative in (1, 2, 3, 4)] == [None, (2, one), (2, one), (4, 2 * one)]
    latest = TimeIndex.decode(_read(files, ".timeindex.cleaned"))
    assert latest is not None
    assert latest.last == (NOW_MS + 9, 2)


def test_much_is_written_in_pieces_with_pauses_between_them() -> None:
    files = MemoryFiles()
    output = _output(files)
    pauses = [step for _ in range(4) for step in output.append(_stored(42 + _, value_bytes=40_000))]
    assert pauses == [None, None]
    assert files.size(file_of(42, ".log.cleaned")) == 2 * 64 * 1024
    output.write_indexes()
    scan = BatchScan(files, file_of(42, ".log.cleaned"), 0, output.size_bytes, lowest_offset=42)
    assert [one.base_offset for _, one in scan] == [42, 43, 44, 45]
    assert scan.problem is None


def test_every_file_that_was_written_is_synced() -> None:
    files = FailingFiles()
    output = _output(files, _stored(42))
    output.aborted.append(ABORTED)
    for sync in output.write_indexes():
        sync()
    suffixes = (".log", ".index", ".timeindex", ".txnindex")
    assert files.synced == [file_of(42, f"{suffix}.cleaned") for suffix in suffixes]
    assert decode_aborted(_read(files, ".txnindex.cleaned")) == [ABORTED]


@pytest.mark.parametrize("has_aborted", [False, True])
def test_the_log_gets_its_names_last(has_aborted: bool) -> None:
    files = MemoryFiles()
    output = _output(files, _stored(42))
    if has_aborted:
        output.aborted.append(ABORTED)
    output.write_indexes()
    output.mark_whole()
    renames = output.final_names()
    assert renames[-1] == (file_of(42, ".log.swap"), file_of(42, ".log"))
    assert len(renames) == (4 if has_aborted else 3)
    assert sorted(files.list_directory(DIRECTORY)) == sorted(before.rpartition("/")[2] for before, _ in renames)


@pytest.mark.parametrize("is_whole", [False, True])
def test_nothing_is_left_of_what_is_discarded(is_whole: bool) -> None:
    files = MemoryFiles()
    output = _output(files, _stored(42))
    output.write_indexes()
    if is_whole:
        output.mark_whole()
    output.discard()
    assert files.list_directory(DIRECTORY) == []


def test_a_segment_of_which_nothing_is_left_is_an_empty_log() -> None:
    files = MemoryFiles()
    output = _output(files)
    output.write_indexes()
    assert {suffix: _read(files, f"{suffix}.cleaned") for suffix in (".log", ".index", ".timeindex")} == {
        ".log": b"",
        ".index": b"",
        ".timeindex": b"",
    }
