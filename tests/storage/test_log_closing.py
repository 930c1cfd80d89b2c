"""A log that is closed: when it is, what it refuses then, and what keeps it open."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from odradek.broker.testing.disks import FailingFiles
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.files import OpenRefused
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LONG_MAX

from .builders import END, NOW_MS, SMALL, append, batch, offsets_read, open_log

USES: dict[str, Callable[[PartitionLog], object]] = {
    "append": lambda log: append(log, batch()),
    "append_marker": lambda log: log.append_marker(1, 0, 0, False, NOW_MS, 0),
    "roll": lambda log: log.roll(NOW_MS),
    "truncate_to": lambda log: log.truncate_to(1, NOW_MS),
    "delete_records_before": lambda log: log.delete_records_before(1),
    "delete_old_segments": lambda log: log.delete_old_segments(NOW_MS),
    "begin_cleaning": lambda log: log.begin_cleaning(log.find_cleanable(None, NOW_MS), NOW_MS, 1000),
    "begin_flush": lambda log: log.begin_flush(),
    "read": lambda log: log.read(0, 1000, upper_offset=END),
    "batches": lambda log: list(log.batches()),
    "bytes_available": lambda log: log.bytes_available(0, END),
    "aborted_transactions": lambda log: log.aborted_transactions(0, END),
    "offset_for_timestamp": lambda log: run_to_end(log.offset_for_timestamp(0, END)),
    "offset_of_max_timestamp": lambda log: run_to_end(log.offset_of_max_timestamp(END)),
}


def _filled(files: MemoryFiles) -> PartitionLog:
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    return log


def _bytes_of(files: MemoryFiles) -> dict[str, bytes]:
    return {name: files.read(f"/data/t-0/{name}", 0, 1 << 20) for name in files.list_directory("/data/t-0")}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("ending", ["close", "abandon"])
def test_a_closed_log_refuses_every_use_and_touches_nothing(use: str, ending: str) -> None:
    files = MemoryFiles()
    log = _filled(files)
    getattr(log, ending)()
    left = _bytes_of(files)
    with pytest.raises(OSError, match=r"the log in /data/t-0 is closed"):
        USES[use](log)
    assert _bytes_of(files) == left


def test_a_closed_log_still_says_how_far_it_came_and_closes_once_more_without_harm() -> None:
    files = MemoryFiles()
    log = _filled(files)
    log.close()
    left = _bytes_of(files)
    log.close()
    assert _bytes_of(files) == left
    assert (log.recovery_point, log.high_watermark, log.log_start_offset) == (8, 8, 0)


def test_an_abandoned_log_is_recovered_by_the_next_start() -> None:
    files = MemoryFiles()
    _filled(files).abandon()
    log = open_log(files, SMALL)
    assert not log.recovery_report.is_clean
    assert offsets_read(log) == [0, 2, 4, 6]


def test_a_log_that_was_only_read_while_its_fsyncs_ran_is_closed() -> None:
    files = MemoryFiles()
    log = _filled(files)
    closing = log.begin_close()
    assert offsets_read(log) == [0, 2, 4, 6]
    closing.run()
    assert log.finish_close(closing)
    assert open_log(files, SMALL, is_clean=True, recovery_point=log.recovery_point).recovery_report.is_clean


CHANGES: dict[str, Callable[[PartitionLog], object]] = {
    "append": lambda log: append(log, batch()),
    "roll": lambda log: log.roll(NOW_MS),
    "truncate_to": lambda log: log.truncate_to(6, NOW_MS),
    "delete_records_before": lambda log: log.delete_records_before(3),
    "begin_delete_records": lambda log: log.begin_delete_records(3),
    "delete_old_segments": lambda log: log.delete_old_segments(LONG_MAX),
    "begin_cleaning": lambda log: log.begin_cleaning(log.find_cleanable(None, NOW_MS), NOW_MS, 1000),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_log_that_was_changed_while_its_fsyncs_ran_stays_open(change: str) -> None:
    log = _filled(MemoryFiles())
    closing = log.begin_close()
    CHANGES[change](log)
    with suppress(OpenRefused):  # a file that has gone cannot be opened
        closing.run()
    assert not log.finish_close(closing)
    append(log, batch())


def test_what_the_fsyncs_covered_is_known_to_be_durable_though_the_log_stays_open() -> None:
    files = MemoryFiles()
    log = _filled(files)
    closing = log.begin_close()
    append(log, batch(2))
    closing.run()
    assert not log.finish_close(closing)
    assert log.recovery_point == 8
    log.close()
    reopened = open_log(files, SMALL, is_clean=True, recovery_point=log.recovery_point)
    assert reopened.recovery_report.is_clean
    assert offsets_read(reopened) == [0, 2, 4, 6, 8]


def test_a_close_that_was_prepared_and_never_made_durable_is_prepared_again() -> None:
    files = FailingFiles()
    log = open_log(files, SMALL)
    append(log, batch())
    assert log.prepare_close()
    files.opens_left = 0
    with pytest.raises(OSError, match="Too many open files"):
        log.close()
    files.opens_left = None
    log.close()
    assert files.synced
    assert log.recovery_point == 1


def test_a_log_whose_last_fsync_fails_is_not_closed_and_takes_nothing_more() -> None:
    files = FailingFiles()
    log = open_log(files, SMALL)
    append(log, batch())
    closing = log.begin_close()
    files.failing_syncs = 1
    with pytest.raises(OSError, match="Input/output"):
        closing.run()
    with pytest.raises(OSError, match="Input/output"):
        log.finish_close(closing)
    assert (log.failure is not None, log.recovery_point) == (True, 0)
    with pytest.raises(OSError, match="an earlier fsync failed"):
        append(log, batch())
    assert offsets_read(log) == [0]


def test_an_unchanged_log_closes_without_an_fsync() -> None:
    files = FailingFiles()
    log = open_log(files, SMALL)
    append(log, batch())
    log.close()
    again = open_log(files, SMALL, is_clean=True, recovery_point=1)
    files.synced.clear()
    again.close()
    assert files.synced == []
    with pytest.raises(OSError, match="is closed"):
        append(again, batch())


def test_a_log_is_not_closed_while_records_of_it_are_being_deleted() -> None:
    log = _filled(MemoryFiles())
    deletion = log.begin_delete_records(3)
    with pytest.raises(OSError, match="are being deleted"):
        log.begin_close()
    deletion.run()
    assert log.finish_delete_records(deletion) == 3
    log.close()
