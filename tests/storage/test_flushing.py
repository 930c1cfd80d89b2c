"""What is believed of the disk after an fsync, and after one that failed."""

from collections.abc import Sequence

import pytest

from odradek.broker.testing.disks import FailingFiles, Operation
from odradek.broker.testing.power_loss import PowerLossFiles, Survival
from odradek.storage.files.files import OpenRefused
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.producer_snapshots import decode_snapshot

from .builders import DIRECTORY, NOW_MS, SMALL, append, batch, open_log


class OpenFiles(FailingFiles):
    """Counts what is open to be synced."""

    def __init__(self) -> None:
        super().__init__()
        self.now_open = self.most_open = 0

    def before(self, operation: Operation, path: str) -> None:
        if operation == "open_to_sync":
            self.now_open += 1
            self.most_open = max(self.most_open, self.now_open)
        super().before(operation, path)
        if operation == "sync":
            self.now_open -= 1


SNAPSHOT = f"{DIRECTORY}/{1:020d}.snapshot"


def _flush(log: PartitionLog) -> None:
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)


def test_after_a_failed_fsync_no_later_one_is_believed() -> None:
    files = FailingFiles()
    log = open_log(files)
    append(log, batch())
    files.failing_syncs = 1
    job = log.begin_flush()
    with pytest.raises(OSError, match="Input/output"):
        job.run()
    assert len(files.synced) == 3  # the log, its directory and the one above: the others are tried all the same
    log.finish_flush(job)
    assert log.recovery_point == 0
    with pytest.raises(OSError, match="an earlier fsync failed"):
        append(log, batch())
    with pytest.raises(OSError, match="an earlier fsync failed"):
        log.begin_flush()
    with pytest.raises(OSError, match="an earlier fsync failed"):
        log.close()
    assert open_log(files).log_end_offset == 1


def test_an_fsync_that_fails_beside_a_file_that_cannot_be_opened_counts_as_any_other() -> None:
    files = FailingFiles()
    log = open_log(files)
    append(log, batch())
    files.opens_left, files.failing_syncs = 1, 1
    job = log.begin_flush()
    with pytest.raises(OSError, match="Input/output"):
        job.run()
    log.finish_flush(job)
    files.opens_left = None
    with pytest.raises(OSError, match="an earlier fsync failed"):
        log.begin_flush()


def test_a_failed_close_leaves_a_log_that_takes_nothing_more() -> None:
    files = FailingFiles()
    log = open_log(files)
    append(log, batch())
    files.failing_syncs = 1
    with pytest.raises(OSError, match="Input/output"):
        log.close()
    with pytest.raises(OSError, match="an earlier fsync failed"):
        append(log, batch())


def test_a_file_that_is_made_later_has_its_name_synced_too() -> None:
    """The index of aborted transactions cannot be told to be missing: readers would see what was aborted."""
    files = FailingFiles()
    log = open_log(files)
    append(log, batch(pid=1, is_transactional=True))
    _flush(log)
    log.append_marker(1, 0, 0, False, NOW_MS, 0)
    files.synced.clear()
    _flush(log)
    assert DIRECTORY in files.synced
    append(log, batch())
    files.synced.clear()
    _flush(log)
    assert DIRECTORY not in files.synced


def test_a_flush_that_finds_no_descriptor_leaves_all_of_it_to_be_done_again() -> None:
    files = FailingFiles()
    log = open_log(files)
    append(log, batch(pid=1))
    log.roll(NOW_MS)
    files.opens_left = 1
    job = log.begin_flush()
    with pytest.raises(OSError, match="Too many open files"):
        job.run()
    log.finish_flush(job)
    assert (log.recovery_point, log.failure) == (0, None)
    assert log.needs_flush(NOW_MS)
    append(log, batch(pid=1, sequence=1))
    files.opens_left = None
    files.synced.clear()
    _flush(log)
    assert log.recovery_point == 2
    assert {SNAPSHOT, DIRECTORY, DIRECTORY.rpartition("/")[0]} <= set(files.synced)


def test_a_flush_opens_one_file_at_a_time() -> None:
    files = OpenFiles()
    log = open_log(files)
    append(log, batch(pid=1))
    log.roll(NOW_MS)
    append(log, batch(pid=1, sequence=1))
    _flush(log)
    assert (files.most_open, files.now_open) == (1, 0)


def test_a_segment_that_goes_before_it_is_synced_is_not_missed() -> None:
    log = open_log(config=LogConfig(flush_messages=1, retention_bytes=0))
    append(log, batch())
    log.roll(NOW_MS)
    append(log, batch())
    job = log.begin_flush()
    old = log.begin_delete_old_segments(NOW_MS)
    old.run()
    assert log.finish_delete_old_segments(old)
    with pytest.raises(OpenRefused):
        job.run()
    log.finish_flush(job)
    assert (log.recovery_point, log.failure) == (0, None)
    _flush(log)
    assert log.recovery_point == 2


def test_sealed_segments_are_flushed_with_the_active_one_and_only_once() -> None:
    files = FailingFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(3)])
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    first = len(files.synced)
    assert not log.needs_flush(NOW_MS)
    append(log, batch())
    log.begin_flush().run()
    assert len(files.synced) - first < first


def test_jobs_that_overlap_never_move_the_recovery_point_back() -> None:
    log = open_log(config=LogConfig(flush_messages=1))
    append(log, batch())
    early = log.begin_flush()
    append(log, batch())
    late = log.begin_flush()
    late.run()
    log.finish_flush(late)
    early.run()
    log.finish_flush(early)
    assert log.recovery_point == 2


def test_a_job_that_ends_after_the_log_was_cut_claims_no_more_than_there_is() -> None:
    log = open_log()
    append(log, batch(), batch())
    job = log.begin_flush()
    job.run()
    log.truncate_to(1, NOW_MS)
    log.finish_flush(job)
    assert log.recovery_point == 1


def test_the_snapshot_of_a_new_segment_is_synced_with_the_one_it_ends() -> None:
    files = FailingFiles()
    log = open_log(files)
    append(log, batch(pid=1))
    log.roll(NOW_MS)
    _flush(log)
    assert [SNAPSHOT in files.synced, DIRECTORY in files.synced] == [True, True]
    files.synced.clear()
    append(log, batch(pid=1, sequence=1))
    _flush(log)
    assert SNAPSHOT not in files.synced


def test_who_wrote_the_records_that_retention_takes_is_on_the_disk_before_they_go() -> None:
    disk = PowerLossFiles()
    log = open_log(disk)
    for directory in ("", "/data"):
        disk.sync_handle(directory)()
    one = batch(pid=1)
    append(log, one)
    _flush(log)
    log.delete_records_before(1)
    log.roll(NOW_MS)
    assert log.delete_old_segments(NOW_MS)
    ((_, _, image),) = disk.images({disk.moment: [("names", 1)]})
    log = open_log(image, log_start_offset=1)
    assert log.append([one], NOW_MS, leader_epoch=0).is_duplicate


def test_a_snapshot_on_the_disk_is_not_put_at_risk_by_writing_it_again() -> None:
    disk = PowerLossFiles()
    log = open_log(disk)
    append(log, batch(pid=1))
    log.roll(NOW_MS)
    _flush(log)
    open_log(disk, recovery_point=1).close()
    names: Sequence[tuple[Survival, int]] = [("names", 1)]
    moments = dict.fromkeys(range(disk.moment + 1), names)
    found = [
        decode_snapshot(image.read(SNAPSHOT, 0, 999) if image.exists(SNAPSHOT) else b"") is not None
        for _, _, image in disk.images(moments)
    ]
    assert all(found[found.index(True) :])
