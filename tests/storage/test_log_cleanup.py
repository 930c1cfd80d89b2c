"""What is taken from the beginning of a log: begun, run on another thread, and finished, whatever happens meanwhile."""

from threading import Thread

import pytest

from odradek.broker.testing.disks import RefusingFiles
from odradek.broker.testing.power_loss import PowerLossFiles
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.disk_job import DiskJob
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.leader_epochs import LeaderEpochs
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig

from .builders import DIRECTORY, NOW_MS, append, bases_of, batch, offsets_read, open_log

CONFIG = LogConfig(segment_bytes=500, index_interval_bytes=100, retention_bytes=0, file_delete_delay_ms=1000)


def _filled(files: MemoryFiles) -> PartitionLog:
    log = open_log(files, CONFIG)
    append(log, *[batch(2, pid=1, sequence=2 * n, value_bytes=100) for n in range(4)])
    return log


def _run_elsewhere(job: DiskJob) -> None:
    thread = Thread(target=job.run)
    thread.start()
    thread.join()


def _epochs_on_disk(files: MemoryFiles) -> list[tuple[int, int]]:
    found = LeaderEpochs.load(files, DIRECTORY)
    assert found is not None
    return found.entries


def test_records_are_deleted_when_the_job_is_finished_and_not_before() -> None:
    files = MemoryFiles()
    log = _filled(files)
    deletion = log.begin_delete_records(3)
    assert (log.log_start_offset, _epochs_on_disk(files)) == (0, [(0, 0)])
    _run_elsewhere(deletion)
    assert (log.log_start_offset, _epochs_on_disk(files)) == (0, [(0, 3)])
    assert log.finish_delete_records(deletion) == 3
    assert log.log_start_offset == 3


def test_a_start_that_cannot_be_is_refused_when_it_is_asked_for() -> None:
    log = _filled(MemoryFiles())
    with pytest.raises(KafkaError) as refused:
        log.begin_delete_records(9)
    assert refused.value.code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_deletion_that_cannot_be_written_leaves_the_log_as_it_was() -> None:
    files = RefusingFiles()
    log = _filled(files)
    deletion = log.begin_delete_records(3)
    files.refuse(1, 1)
    with pytest.raises(OSError, match="No space left"):
        deletion.run()
    assert log.finish_delete_records(deletion) == 0
    append(log, batch(2))
    assert _epochs_on_disk(files) == [(0, 0)]
    assert log.delete_records_before(3) == 3


def test_deletions_under_way_together_end_where_the_last_one_asked() -> None:
    files = MemoryFiles()
    log = _filled(files)
    first, second = log.begin_delete_records(3), log.begin_delete_records(5)
    for deletion in (first, second):
        _run_elsewhere(deletion)
    assert [log.finish_delete_records(deletion) for deletion in (first, second)] == [3, 5]
    assert _epochs_on_disk(files) == [(0, 5)]


def test_a_lower_start_asked_for_meanwhile_does_not_bring_records_back() -> None:
    files = MemoryFiles()
    log = _filled(files)
    first, second = log.begin_delete_records(5), log.begin_delete_records(3)
    for deletion in (first, second):
        _run_elsewhere(deletion)
        log.finish_delete_records(deletion)
    assert (log.log_start_offset, _epochs_on_disk(files)) == (5, [(0, 5)])


def test_what_is_appended_under_a_new_epoch_meanwhile_is_written_down_with_the_next_append() -> None:
    files = MemoryFiles()
    log = _filled(files)
    deletion = log.begin_delete_records(3)
    log.append([batch(2)], NOW_MS, leader_epoch=1)
    log.append([batch(2)], NOW_MS, leader_epoch=1)
    assert _epochs_on_disk(files) == [(0, 0)]  # the job writes that file: nothing else may
    _run_elsewhere(deletion)
    log.finish_delete_records(deletion)
    log.append([batch(2)], NOW_MS, leader_epoch=1)
    assert _epochs_on_disk(files) == [(0, 3), (1, 8)]


def test_a_deletion_that_was_answered_survives_a_power_loss() -> None:
    files = PowerLossFiles()
    log = _filled(files)
    flush = log.begin_flush()
    flush.run()
    log.finish_flush(flush)
    deletion = log.begin_delete_records(3)
    deletion.run()
    log.finish_delete_records(deletion)
    ((_, _, image),) = files.images({files.moment: [("nothing", 1)]})
    assert open_log(image, CONFIG, recovery_point=8, log_start_offset=3).log_start_offset == 3


def test_old_segments_go_when_their_producers_are_on_the_disk() -> None:
    files = MemoryFiles()
    log = _filled(files)
    deletion = log.begin_delete_old_segments(NOW_MS)
    assert [one.base_offset for one in deletion.expired] == [0, 2, 4, 6]
    assert offsets_read(log) == [0, 2, 4, 6]
    _run_elsewhere(deletion)
    assert offsets_read(log) == [0, 2, 4, 6]
    assert list(log.finish_delete_old_segments(deletion)) == list(deletion.expired)
    assert (log.log_start_offset, log.log_end_offset) == (8, 8)
    assert log.take_due(NOW_MS + 999) == []
    assert len([path for path in log.take_due(NOW_MS + 1000) if path.endswith(".log.deleted")]) == 4


def test_nothing_goes_if_the_fsync_fails() -> None:
    files = RefusingFiles()
    log = _filled(files)
    deletion = log.begin_delete_old_segments(NOW_MS)
    files.fail_fsync(1)
    with pytest.raises(OSError, match="Input/output"):
        deletion.run()
    assert log.finish_delete_old_segments(deletion) == ()
    assert offsets_read(log) == [0, 2, 4, 6]
    assert len(log.delete_old_segments(NOW_MS)) == 4


def test_a_job_that_has_not_run_takes_nothing_away() -> None:
    log = _filled(MemoryFiles())
    assert log.finish_delete_old_segments(log.begin_delete_old_segments(NOW_MS)) == ()
    assert log.finish_delete_records(log.begin_delete_records(3)) == 0
    assert offsets_read(log) == [0, 2, 4, 6]


def test_segments_that_went_meanwhile_go_once() -> None:
    log = _filled(MemoryFiles())
    first, second = log.begin_delete_old_segments(NOW_MS), log.begin_delete_old_segments(NOW_MS)
    first.run()
    second.run()
    assert len(log.finish_delete_old_segments(first)) == 4
    assert len(log.finish_delete_old_segments(second)) == 0
    assert log.log_start_offset == 8


def test_a_log_cut_meanwhile_keeps_its_active_segment() -> None:
    log = _filled(MemoryFiles())
    deletion = log.begin_delete_old_segments(NOW_MS)
    deletion.run()
    log.truncate_to(4, NOW_MS)
    assert [one.base_offset for one in log.finish_delete_old_segments(deletion)] == [0, 2]
    assert (bases_of(log), log.log_start_offset) == ((4,), 4)
    append(log, batch(pid=1, sequence=4))
    assert offsets_read(log, 4) == [4]


def test_a_power_loss_after_old_segments_went_leaves_their_producers() -> None:
    files = PowerLossFiles()
    log = _filled(files)
    deletion = log.begin_delete_old_segments(NOW_MS)
    deletion.run()
    log.finish_delete_old_segments(deletion)
    for renamed in (DIRECTORY, "/data", "/"):  # as the system may do whenever it likes
        files.sync_handle(renamed)()
    ((_, _, image),) = files.images({files.moment: [("nothing", 1)]})
    found = open_log(image, CONFIG, log_start_offset=8).find_producer(1)
    assert found is not None
    assert found.last_sequence == 7
