"""The batches of one `.log` file: added at its end, read from any on, cut at a boundary."""

import pytest

from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.file_records import FileRecords
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.integrity import BatchIntegrity
from odradek.storage.read_batches import LogPosition

from .builders import PATH, batch, batches_file

END = 1 << 60
START = LogPosition(0, 0)


def _records(*value_bytes: int) -> FileRecords:
    files, data = batches_file(*value_bytes)
    return FileRecords(files, PATH, 0, size_bytes=len(data))


def test_a_file_is_there_when_it_is_created_and_holds_nothing() -> None:
    files = MemoryFiles()
    FileRecords(files, PATH, 5).create()
    assert files.size(PATH) == 0


def test_what_is_appended_stands_where_the_file_ended() -> None:
    files = MemoryFiles()
    records = FileRecords(files, PATH, 0)
    sizes = [records.append(batch(value_bytes=size).stamped(at, 0), 72 + size) for at, size in enumerate((10, 20))]
    assert sizes == [0, 82]
    assert records.size_bytes == 82 + 92


def test_a_refused_append_leaves_the_file_as_long_as_it_was() -> None:
    files = FailingFiles()
    records = FileRecords(files, PATH, 0)
    records.append([b"x" * 10], 10)
    files.write_error = FULL
    with pytest.raises(OSError, match="No space"):
        records.append([b"y" * 10], 10)
    files.write_error = None
    assert (records.append([b"z"], 1), records.size_bytes) == (10, 11)


def test_whole_batches_are_read_and_where_the_next_one_stands() -> None:
    records = _records(10, 20, 30)
    one = batch(value_bytes=10).size_bytes
    found = records.read(START, 1 << 20, END, at_least_one=True)
    assert found is not None
    assert (found.first_offset, found.next_offset, found.next_position) == (0, 3, records.size_bytes)
    found = records.read(START, 2 * one, 1, at_least_one=True)
    assert found is not None
    assert (len(found.data), found.next_offset, found.next_position) == (one, 1, one)


def test_a_first_batch_beyond_the_limit_is_read_whole_or_not_at_all() -> None:
    records = _records(5000)
    found = records.read(START, 10, END, at_least_one=True)
    assert found is not None
    assert len(found.data) == records.size_bytes
    assert records.read(START, 10, END, at_least_one=False) is None
    assert records.read(START, 1 << 20, 0, at_least_one=True) is None


def test_a_batch_elsewhere_than_expected_is_refused_unless_batches_may_be_missing() -> None:
    records = _records(10, 10)
    second = LogPosition(batch(value_bytes=10).size_bytes, 0)  # where offset 1 begins
    found = records.read(second, 1 << 20, END, at_least_one=True)
    assert found is not None
    assert found.first_offset == 1
    records.integrity.may_skip = False
    with pytest.raises(KafkaError) as refused:
        records.read(second, 1 << 20, END, at_least_one=True)
    assert refused.value.code == ErrorCode.CORRUPT_MESSAGE


def test_nothing_is_missing_in_a_file_that_compaction_never_touched() -> None:
    integrity = BatchIntegrity(may_skip=True)
    assert FileRecords(MemoryFiles(), PATH, 0, integrity=integrity).may_skip
    assert not FileRecords(MemoryFiles(), PATH, 0, integrity=integrity, is_contiguous=True).may_skip


def test_a_header_is_read_where_one_fits_and_a_cut_file_has_none_behind_its_end() -> None:
    records = _records(10, 20)
    one = batch(value_bytes=10).size_bytes
    header = records.read_header(one)
    assert header is not None
    assert header.base_offset == 1
    records.truncate(one)
    assert records.size_bytes == one
    assert records.read_header(one) is None
    assert [found.base_offset for _, found in records.scan()] == [0]


def test_what_was_read_and_is_not_served_is_not_kept() -> None:
    found = _records(10, 10, 10).read(START, 1 << 20, 1, at_least_one=True)
    assert found is not None
    assert isinstance(found.data, bytes)
    assert len(found.data) == batch(value_bytes=10).size_bytes
