"""Offsets by time."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log_config import LogConfig
from odradek.storage.timestamp_lookup import RECORDS_A_PAUSE

from .builders import END, NOW_MS, SMALL, append, bases_of, batch, largest_timestamp, open_log, reopen_clean


def test_the_first_record_at_or_after_a_time_is_found_inside_its_batch() -> None:
    log = open_log(config=SMALL)
    for n in range(20):
        append(log, batch(5, timestamp=NOW_MS + 100 * n, step_ms=10))
    for n in range(20):
        for step in range(5):
            wanted = NOW_MS + 100 * n + 10 * step
            for early in (0, 9):
                found = run_to_end(log.offset_for_timestamp(wanted - early, END))
                assert found == (wanted, 5 * n + step, 0)


def test_the_first_record_in_offset_order_wins_over_the_nearest_in_time() -> None:
    log = open_log()
    append(log, batch(timestamp=NOW_MS + 900), batch(timestamp=NOW_MS), batch(timestamp=NOW_MS + 1000))
    assert run_to_end(log.offset_for_timestamp(NOW_MS, END)) == (NOW_MS + 900, 0, 0)
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 901, END)) == (NOW_MS + 1000, 2, 0)
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 1001, END)) is None


def test_a_time_lookup_stays_between_start_and_upper_offset() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(timestamp=NOW_MS + n, value_bytes=100) for n in range(9)])
    log.delete_records_before(4)
    assert run_to_end(log.offset_for_timestamp(NOW_MS, END)) == (NOW_MS + 4, 4, 0)
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 8, 8)) is None


def test_the_largest_timestamp_is_where_it_was_first_reached() -> None:
    log = open_log(config=SMALL)
    assert run_to_end(log.offset_of_max_timestamp(END)) is None
    append(log, batch(3, timestamp=NOW_MS, step_ms=50), batch(timestamp=NOW_MS + 100), batch(timestamp=NOW_MS))
    assert run_to_end(log.offset_of_max_timestamp(END)) == (NOW_MS + 100, 2, 0)
    assert run_to_end(log.offset_of_max_timestamp(2)) is None


def test_under_log_append_time_a_batch_has_one_time() -> None:
    log = open_log(config=LogConfig(message_timestamp_type="LogAppendTime"))
    append(log, batch(3, timestamp=1), now_ms=NOW_MS)
    append(log, batch(3, timestamp=1), now_ms=NOW_MS + 7)
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 1, END)) == (NOW_MS + 7, 3, 0)
    assert run_to_end(log.offset_of_max_timestamp(END)) == (NOW_MS + 7, 3, 0)


def test_times_are_found_after_a_restart() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, timestamp=NOW_MS + 10 * n, step_ms=1, value_bytes=50) for n in range(20)])
    log = reopen_clean(log, files)
    assert largest_timestamp(log) == NOW_MS + 191
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 101, END)) == (NOW_MS + 101, 21, 0)


def test_the_largest_timestamp_may_lie_in_a_sealed_segment() -> None:
    log = open_log(config=SMALL)
    append(log, batch(timestamp=NOW_MS + 50, value_bytes=200))
    append(log, *[batch(timestamp=NOW_MS, value_bytes=200) for _ in range(4)])
    assert len(bases_of(log)) > 2
    assert run_to_end(log.offset_of_max_timestamp(END)) == (NOW_MS + 50, 0, 0)
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 50, END)) == (NOW_MS + 50, 0, 0)


def test_a_segment_that_begins_below_the_start_is_searched_from_the_start() -> None:
    log = open_log()
    append(log, batch(3, timestamp=NOW_MS, step_ms=10), batch(timestamp=NOW_MS))
    log.delete_records_before(3)
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 5, END)) is None
    assert run_to_end(log.offset_for_timestamp(NOW_MS, END)) == (NOW_MS, 3, 0)


def test_records_without_timestamps_are_found_by_none() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(3, timestamp=-1))
    log = reopen_clean(log, files)
    assert run_to_end(log.offset_for_timestamp(0, END)) is None
    assert run_to_end(log.offset_of_max_timestamp(END)) is None
    assert largest_timestamp(log) == -1


@pytest.mark.parametrize("start", range(9))
def test_the_latest_is_looked_for_among_the_records_that_are_left(start: int) -> None:
    log = open_log(config=LogConfig(segment_bytes=400, index_interval_bytes=1))
    times = [5, 90, 80, 80, 70, 10, 60, 20]
    for one in ((5, 90, 80), (80, 70), (10, 60, 20)):
        records = [NewRecord(b"k", b"v" * 100, NOW_MS + at) for at in one]
        log.append([RecordBatch(build_batch(records))], NOW_MS + 100, leader_epoch=0)
    log.delete_records_before(start)
    left = times[start:]
    expected = (NOW_MS + max(left), start + left.index(max(left)), 0) if left else None
    assert run_to_end(log.offset_of_max_timestamp(END)) == expected


def test_a_lookup_in_many_small_batches_or_in_a_batch_of_many_records_pauses() -> None:
    log = open_log()
    for n in range(1000):
        log.append([batch(timestamp=NOW_MS - n)], NOW_MS, leader_epoch=0)
    log.append([batch(5000, step_ms=1, timestamp=NOW_MS)], NOW_MS, leader_epoch=0)
    log.delete_records_before(1)
    assert sum(1 for _ in log.offset_of_max_timestamp(END)) > 5000 // RECORDS_A_PAUSE - 1
    log.delete_records_before(2)
    assert sum(1 for _ in log.offset_for_timestamp(NOW_MS + 4999, END)) > 5000 // RECORDS_A_PAUSE - 1
