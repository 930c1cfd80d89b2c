"""Reading: whole batches, from the right one on, within every limit."""

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.transaction_index import AbortedUnknown
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.log_reader import STEPS_AT_ONCE

from .builders import (
    DIRECTORY,
    END,
    NOW_MS,
    SMALL,
    append,
    batch,
    cold_log,
    file_of,
    offsets_read,
    open_log,
    reopen_clean,
)

COMPACTED = LogConfig(cleanup_policy=frozenset({"compact"}))


def test_reading_begins_with_the_batch_that_holds_the_offset() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(3) for _ in range(40)])
    for offset in range(120):
        found = log.read(offset, 1, upper_offset=END)
        assert (found.first_offset, found.next_offset) == (offset // 3 * 3, offset // 3 * 3 + 3)


@pytest.mark.parametrize("max_bytes", [0, 1, 61, 200, 1000, 1 << 20])
def test_only_whole_batches_are_read_whatever_the_limit(max_bytes: int) -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(2, value_bytes=n) for n in range(40)])
    assert offsets_read(log, 0, max_bytes) == list(range(0, 80, 2))


def test_a_first_batch_above_the_limit_comes_whole_or_not_at_all() -> None:
    log = open_log()
    append(log, batch(value_bytes=500))
    assert len(log.read(0, 100, upper_offset=END, at_least_one=True).data) == log.size_bytes
    assert log.read(0, 100, upper_offset=END, at_least_one=False) == (b"", 0, 0)
    assert log.read(0, 0, upper_offset=END, at_least_one=False).data == b""


def test_the_limit_is_kept_from_the_second_batch_on() -> None:
    log = open_log()
    append(log, *[batch() for _ in range(5)])
    one = batch().size_bytes
    assert len(log.read(0, 3 * one + 1, upper_offset=END).data) == 3 * one
    assert len(log.read(0, 3 * one, upper_offset=END).data) == 3 * one


def test_nothing_at_or_beyond_the_upper_offset_is_read() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(5)])
    assert log.read(0, 1 << 20, upper_offset=6).next_offset == 6
    assert log.read(0, 1 << 20, upper_offset=5).next_offset == 4
    assert log.read(4, 1 << 20, upper_offset=5).data == b""
    assert log.read(6, 1 << 20, upper_offset=6).data == b""


def test_the_end_is_readable_and_empty_and_what_lies_outside_is_out_of_range() -> None:
    log = open_log()
    append(log, batch(2))
    assert log.read(2, 100, upper_offset=END) == (b"", 2, 2)
    for offset in (-1, 3):
        with pytest.raises(KafkaError) as refused:
            log.read(offset, 100, upper_offset=END)
        assert refused.value.code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_reader_at_the_end_goes_on_over_a_roll() -> None:
    log = open_log(config=SMALL)
    offset = 0
    for n in range(30):
        append(log, batch(2, value_bytes=60))
        found = log.read(offset, 1 << 20, upper_offset=END)
        assert (found.first_offset, found.next_offset) == (2 * n, 2 * n + 2)
        offset = found.next_offset


def test_bytes_available_counts_from_the_batch_that_holds_the_offset() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(3)])
    one = batch(2).size_bytes
    assert [log.bytes_available(offset, 6) for offset in (0, 1, 2, 4, 6)] == [3 * one, 3 * one, 2 * one, one, 0]
    assert log.bytes_available(0, 4) == 2 * one
    assert log.bytes_available(4, 4) == 0


def test_bytes_in_older_segments_are_a_lot() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    assert log.bytes_available(0, END) == log.size_bytes
    log.delete_records_before(3)
    assert log.bytes_available(0, END) == 0


@pytest.mark.parametrize(("at", "byte"), [(16, 1), (8, 0x7F), (11, 1), (0, 0xFF), (23, 0xFF)])
def test_bytes_that_are_no_batch_are_refused_and_the_good_ones_before_them_served(at: int, byte: int) -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch() for _ in range(3)])
    one = batch().size_bytes
    files.write(f"{DIRECTORY}/{0:020d}.log", [bytes([byte])], one + at)
    assert log.read(0, 1 << 20, upper_offset=END).next_offset == 1
    for start in (1, 2):
        with pytest.raises(KafkaError) as refused:
            log.read(start, 1 << 20, upper_offset=END)
        assert refused.value.code == ErrorCode.CORRUPT_MESSAGE


def test_a_gap_left_by_compaction_reads_on_at_the_next_batch() -> None:
    files = MemoryFiles()
    log = open_log(files, COMPACTED)
    for base_offset in (0, 5, 9):
        head, tail = batch().stamped(base_offset, 0)
        files.write(f"{DIRECTORY}/{0:020d}.log", [head, tail], files.size(f"{DIRECTORY}/{0:020d}.log"))
    files.write(f"{DIRECTORY}/{10:020d}.log", [b""], 0)
    log = open_log(files, COMPACTED)
    assert log.log_end_offset == 10
    assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (0, 1, 5, 6, 9)] == [0, 5, 5, 9, 9]


def test_a_gap_at_the_end_of_a_segment_reads_on_in_the_next_one() -> None:
    files = MemoryFiles()
    log = open_log(files, COMPACTED)
    append(log, batch())
    head, tail = batch().stamped(7, 0)
    files.write(f"{DIRECTORY}/{5:020d}.log", [head, tail], 0)
    files.write(f"{DIRECTORY}/{8:020d}.log", [*batch().stamped(8, 0)], 0)
    log = open_log(files, COMPACTED, recovery_point=9)
    assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (0, 1, 5, 7, 8)] == [0, 7, 7, 7, 8]


def test_the_active_segment_of_a_compacted_log_has_no_gaps() -> None:
    files = MemoryFiles()
    _with_a_gap(files)
    log = open_log(files, COMPACTED)
    assert log.log_end_offset == 1
    assert "offset 4 where 1 was expected" in log.recovery_report.why


def _with_a_gap(files: MemoryFiles) -> None:
    log = open_log(files, COMPACTED)
    append(log, batch())
    head, tail = batch().stamped(4, 0)
    files.write(f"{DIRECTORY}/{0:020d}.log", [head, tail], log.size_bytes)


def test_a_gap_where_nothing_was_ever_compacted_is_damage() -> None:
    files = MemoryFiles()
    _with_a_gap(files)
    log = open_log(files)
    assert log.log_end_offset == 1
    assert "offset 4 where 1 was expected" in log.recovery_report.why


def test_a_topic_that_is_not_compacted_any_more_keeps_its_gaps() -> None:
    files = MemoryFiles()
    _with_a_gap(files)
    files.write(f"{DIRECTORY}/{5:020d}.log", [b""], 0)
    log = open_log(files, cleaned_below=5)
    assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (0, 1, 4)] == [0, 4, 4]


def test_each_damaged_batch_is_reported_once_and_its_neighbours_are_served() -> None:
    files, told = MemoryFiles(), list[str]()
    log = open_log(files, on_damage=told.append)
    append(log, *[batch() for _ in range(5)])
    files.write(f"{DIRECTORY}/{0:020d}.log", [b"\xff"], 2 * batch().size_bytes + 70)
    for _ in range(3):
        assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (0, 1, 3, 4)] == [0, 1, 3, 4]
        with pytest.raises(KafkaError) as refused:
            log.read(2, 1, upper_offset=END)
        assert refused.value.code == ErrorCode.CORRUPT_MESSAGE
    assert len(told) == 1


def test_the_aborted_transactions_of_a_cold_segment_of_many_batches_are_searched_for_in_steps() -> None:
    log, end = cold_log(MemoryFiles())
    with pytest.raises(AbortedUnknown) as unknown:
        log.aborted_transactions(0, end)
    assert sum(1 for _ in unknown.value.steps) > 20  # of sixteen batches each
    assert log.aborted_transactions(0, end) == [(1, 0, 1, 2), (1, end - 2, end - 1, end)]


def test_whoever_asks_next_goes_on_where_a_client_that_has_gone_left_off() -> None:
    log, end = cold_log(MemoryFiles())
    asked = 1
    while True:
        try:
            log.aborted_transactions(0, end)
            break
        except AbortedUnknown as unknown:
            unknown.steps.close()
            asked += 1
    assert asked == 94 // STEPS_AT_ONCE + 1


def test_a_segment_that_is_deleted_while_it_is_searched_ends_the_search() -> None:
    log, end = cold_log(MemoryFiles(), LogConfig(retention_bytes=0, file_delete_delay_ms=0))
    log.roll(NOW_MS)
    with pytest.raises(AbortedUnknown) as unknown:
        log.aborted_transactions(0, end)
    assert log.delete_old_segments(NOW_MS)
    for _ in unknown.value.steps:
        pass
    with pytest.raises(KafkaError) as refused:
        log.read(0, 1 << 20, upper_offset=end)
    assert refused.value.code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_log_that_is_closed_while_it_is_searched_ends_the_search() -> None:
    log, end = cold_log(MemoryFiles())
    with pytest.raises(AbortedUnknown) as unknown:
        log.aborted_transactions(0, end)
    log.close()
    with pytest.raises(OSError, match="is closed"):
        next(unknown.value.steps)


def test_only_the_segments_that_a_read_needs_are_searched() -> None:
    log, end = cold_log(MemoryFiles())
    log.roll(NOW_MS)
    append(log, batch(pid=1, sequence=2, is_transactional=True), *[batch() for _ in range(1500)])
    log.append_marker(1, 0, 0, False, NOW_MS, 0)
    log = reopen_clean(log, log._location.files)
    assert _steps(log, 0, 2) == _steps(log, 0, 2) + 94  # the first segment; then all is known
    assert _steps(log, end, end + 1) == 93


def _steps(log: PartitionLog, offset: int, upper: int) -> int:
    return sum(1 for _ in log._reader.find_aborted(offset, upper))


def test_a_damaged_index_of_a_segment_that_is_searched_is_made_anew() -> None:
    files = MemoryFiles()
    log, end = cold_log(files)
    log.close()
    true = files.read(file_of(0, ".txnindex"), 0, 999)
    files.write(file_of(0, ".txnindex"), [b"\xff"], 12)
    log = open_log(files, is_clean=True, recovery_point=end)
    for _ in log._reader.find_aborted(0, end):
        pass
    assert files.read(file_of(0, ".txnindex"), 0, 999) == true
