"""Open transactions, their markers, and what was aborted."""

import pytest

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.errors import KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.transaction_index import AbortedUnknown
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig

from .builders import END, NOW_MS, SMALL, append, batch, cold_log, file_of, open_log, reopen_clean


def _transactional(pid: int, sequence: int, epoch: int = 0) -> RecordBatch:
    return batch(pid=pid, sequence=sequence, epoch=epoch, is_transactional=True)


def _end(log: PartitionLog, pid: int, *, commit: bool, epoch: int = 0) -> int:
    return log.append_marker(pid, epoch, 0, commit, NOW_MS, 0).base_offset


def test_an_open_transaction_holds_the_stable_offset_until_its_marker() -> None:
    log = open_log()
    append(log, batch(), _transactional(1, 0), batch())
    assert (log.last_stable_offset, log.log_end_offset) == (1, 3)
    assert _end(log, 1, commit=True) == 3
    assert log.last_stable_offset == log.log_end_offset == 4
    assert log.aborted_transactions(0, 4) == []


def test_an_aborted_transaction_is_indexed_with_the_stable_offset_after_it() -> None:
    log = open_log()
    append(log, _transactional(1, 0), _transactional(2, 0))
    _end(log, 1, commit=False)
    _end(log, 2, commit=False)
    assert log.aborted_transactions(0, 4) == [(1, 0, 2, 1), (2, 1, 3, 4)]
    assert log.aborted_transactions(3, 4) == [(2, 1, 3, 4)]
    assert log.aborted_transactions(0, 1) == [(1, 0, 2, 1)]
    assert log.aborted_transactions(4, 5) == []


def test_aborted_transactions_are_listed_by_first_offset() -> None:
    log = open_log()
    append(log, _transactional(1, 0), _transactional(2, 0))
    _end(log, 2, commit=False)
    _end(log, 1, commit=False)
    assert [txn.first_offset for txn in log.aborted_transactions(0, 4)] == [0, 1]


def test_aborted_transactions_are_found_over_segments_and_a_restart() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    for n in range(8):
        append(log, _transactional(1, n), batch(value_bytes=150))
        _end(log, 1, commit=False)
    before = [log.aborted_transactions(offset, 24) for offset in range(24)]
    log = reopen_clean(log, files)
    assert log.recovery_report.is_clean
    assert [log.aborted_transactions(offset, 24) for offset in range(24)] == before
    assert len(before[0]) == 8


def test_a_marker_for_nothing_is_appended_and_indexes_nothing() -> None:
    log = open_log()
    assert _end(log, 9, commit=False) == 0
    assert log.aborted_transactions(0, 9) == []
    assert log.last_stable_offset == 1


def test_a_stale_marker_is_refused_and_takes_no_offset() -> None:
    log = open_log()
    append(log, _transactional(1, 0, epoch=2))
    with pytest.raises(KafkaError):
        _end(log, 1, commit=True, epoch=1)
    with pytest.raises(KafkaError):
        log.append_marker(1, 2, 0, True, NOW_MS, 0, must_raise_epoch=True)
    assert (log.log_end_offset, log.last_stable_offset) == (1, 0)


def test_a_marker_is_a_batch_of_78_bytes_stamped_like_any_other() -> None:
    log = open_log(config=LogConfig(message_timestamp_type="LogAppendTime"))
    log.append_marker(5, 1, 3, True, NOW_MS, 4)
    (marker,) = whole_batches(log.read(0, 100, upper_offset=END).data)
    assert (marker.size_bytes, marker.attributes, marker.partition_leader_epoch) == (78, 0x38, 4)
    assert (marker.producer_id, marker.producer_epoch, marker.base_sequence) == (5, 1, -1)


def test_the_stable_offset_never_lies_below_the_start() -> None:
    log = open_log()
    append(log, _transactional(1, 0), batch(), batch())
    log.delete_records_before(2)
    assert log.last_stable_offset == 2
    _end(log, 1, commit=False)
    assert log.aborted_transactions(2, 4) == [(1, 0, 3, 4)]


def test_active_producers_are_listed_by_id() -> None:
    log = open_log()
    append(log, batch(pid=5), batch(pid=2))
    assert [(pid, entry.last_sequence) for pid, entry in log.active_producers()] == [(2, 0), (5, 0)]


def test_silent_producers_are_forgotten_and_may_begin_anew() -> None:
    log = open_log(config=LogConfig(producer_id_expiration_ms=1000))
    append(log, batch(pid=5))
    assert log.expire_producers(NOW_MS + 1000) == 1
    assert append(log, batch(pid=5, sequence=77)) == 1


def test_cutting_reopens_the_transaction_whose_marker_goes() -> None:
    log = open_log()
    append(log, _transactional(1, 0))
    _end(log, 1, commit=False)
    append(log, _transactional(2, 0))
    log.truncate_to(1, NOW_MS)
    assert log.last_stable_offset == 0
    assert log.aborted_transactions(0, 9) == []


class ReadsCounted(MemoryFiles):
    reads = 0

    def read(self, path: str, position: int, size: int) -> bytes:
        self.reads += 1
        return super().read(path, position, size)


def _abort(log: PartitionLog, sequence: int) -> int:
    append(log, _transactional(1, sequence))
    return _end(log, 1, commit=False)


def test_the_first_abort_in_a_cold_log_reads_no_batch() -> None:
    files = ReadsCounted()
    log, end = cold_log(files)
    append(log, _transactional(1, 2))
    reads = files.reads
    _end(log, 1, commit=False)
    assert files.reads == reads
    for _ in log._reader.find_aborted(0, log.log_end_offset):
        pass
    assert log.aborted_transactions(0, log.log_end_offset)[1:] == [
        (1, end - 2, end - 1, end),
        (1, end, end + 1, end + 2),
    ]


def test_aborts_during_the_search_and_after_it_are_all_there() -> None:
    files = MemoryFiles()
    log, end = cold_log(files)
    _abort(log, 2)
    with pytest.raises(AbortedUnknown) as unknown:
        log.aborted_transactions(0, log.log_end_offset)
    _abort(log, 3)
    for _ in unknown.value.steps:
        pass
    _abort(log, 4)
    expected = [(1, 0, 1, 2), *((1, at, at + 1, at + 2) for at in range(end - 2, end + 6, 2))]
    assert log.aborted_transactions(0, log.log_end_offset) == expected
    log = reopen_clean(log, files)
    _abort(log, 5)
    log = reopen_clean(log, files)  # without a search in between
    assert files.size(file_of(0, ".txnindex")) == 6 * 34
    for _ in log._reader.find_aborted(0, log.log_end_offset):
        pass
    assert log.aborted_transactions(0, log.log_end_offset) == [*expected, (1, end + 6, end + 7, end + 8)]


def test_a_search_that_finds_what_the_index_has_reports_no_damage() -> None:
    told = list[str]()
    files = MemoryFiles()
    log, end = cold_log(files)
    log.close()
    log = open_log(files, is_clean=True, recovery_point=end, on_damage=told.append)
    _abort(log, 2)
    for _ in log._reader.find_aborted(0, log.log_end_offset):
        pass
    assert told == []


def test_an_index_that_was_torn_gets_the_next_abort_behind_its_last_whole_entry() -> None:
    files = MemoryFiles()
    log, end = cold_log(files)
    log.close()
    files.truncate(file_of(0, ".txnindex"), 50)
    log = open_log(files, is_clean=True, recovery_point=end)
    _abort(log, 2)
    log = reopen_clean(log, files)
    assert files.size(file_of(0, ".txnindex")) == 68
    for _ in log._reader.find_aborted(0, log.log_end_offset):
        pass
    assert len(log.aborted_transactions(0, log.log_end_offset)) == 3


def test_what_was_written_in_epochs_that_were_deleted_is_still_known_to_a_truncation() -> None:
    log = open_log()
    append(log, _transactional(1, 0), batch())
    log.begin_epoch(1)
    for one in (batch(), batch(pid=2, sequence=0), batch()):
        log.append([one], NOW_MS, leader_epoch=1)
    log.delete_records_before(3)
    log.truncate_to(4, NOW_MS)
    assert [pid for pid, _ in log.active_producers()] == [1, 2]
    assert log.last_stable_offset == 3
    log.append_marker(1, 0, 0, False, NOW_MS, 1)
    assert log.aborted_transactions(3, 5) == [(1, 0, 4, 5)]
