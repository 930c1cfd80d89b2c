"""What a power loss on command leaves of a log."""

from pathlib import Path

import pytest

from odradek.storage.files.files import Files, OsFiles
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import PartitionLog
from odradek.storage.unflushed import drop_unflushed

from .builders import DIRECTORY, NOW_MS, SMALL, append, bases_of, batch, file_of, offsets_read, open_log


@pytest.fixture(params=["memory", "disk"])
def files(request: pytest.FixtureRequest) -> Files:
    return MemoryFiles() if request.param == "memory" else OsFiles()


@pytest.fixture
def path(files: Files, tmp_path: Path) -> str:
    return DIRECTORY if isinstance(files, MemoryFiles) else f"{tmp_path}/t-0"


def _flush(log: PartitionLog) -> None:
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)


def _write(log: PartitionLog, first: int, count: int) -> None:
    """Transactions of two batches of two records and a marker, every other one aborted; epochs of two each."""
    for n in range(first, first + count):
        log.begin_epoch(n // 2)
        for half in (0, 1):
            one = batch(2, pid=1, sequence=4 * n + 2 * half, is_transactional=True, value_bytes=60)
            log.append([one], NOW_MS, leader_epoch=n // 2)
        log.append_marker(1, 0, 0, n % 2 == 0, NOW_MS, n // 2)


def _seen(log: PartitionLog) -> list[object]:
    end = log.log_end_offset
    return [
        (log.log_start_offset, end, log.last_stable_offset),
        offsets_read(log, log.log_start_offset),
        log.aborted_transactions(0, end),
        log.producers.snapshot_entries(),
        [log.epoch_of(offset) for offset in range(end)],
        log.size_bytes,
    ]


@pytest.mark.parametrize("flushed", range(6))
def test_what_was_flushed_is_all_that_is_left_and_recovers_without_damage(
    files: Files, path: str, flushed: int
) -> None:
    log = open_log(files, SMALL, path=path)
    _write(log, 0, flushed)
    _flush(log)
    before = _seen(log)
    size = log.size_bytes
    _write(log, flushed, 4)
    lost = log.size_bytes - size
    log.abandon()
    files.close()
    assert drop_unflushed(files, path, log.recovery_point) == lost
    again = open_log(files, SMALL, path=path, leader_epoch=9, recovery_point=log.recovery_point, known_end=5 * flushed)
    assert again.log_end_offset == 5 * flushed == log.recovery_point
    assert _seen(again) == before
    report = again.recovery_report
    assert (report.truncated_bytes, report.damaged_bytes, report.segments_dropped, report.missing_offsets) == (0,) * 4


def test_segments_and_snapshots_beyond_the_recovery_point_go_with_all_their_files() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    _write(log, 0, 2)
    _flush(log)
    _write(log, 2, 6)
    bases = {base for base in bases_of(log) if base <= 10}
    assert len(bases) < len(bases_of(log))
    log.close()  # so that everything has its files
    drop_unflushed(files, DIRECTORY, 10)
    names = [name for name in files.list_directory(DIRECTORY) if name[:20].isdecimal()]
    assert {int(name[:20]) for name in names if not name.endswith(".snapshot")} == bases
    assert {int(name[:20]) for name in names if name.endswith(".snapshot")} == bases - {0}
    assert not files.exists(file_of(max(bases), ".index"))


def test_a_log_that_was_truncated_fully_and_not_flushed_since_keeps_its_new_beginning() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2) for _ in range(3)])
    _flush(log)
    log.truncate_fully_to(20, NOW_MS)
    append(log, batch(2))
    log.abandon()
    assert drop_unflushed(files, DIRECTORY, log.recovery_point) > 0
    again = open_log(files, SMALL, recovery_point=log.recovery_point)
    assert (again.log_start_offset, again.log_end_offset) == (20, 20)


def test_a_batch_in_which_the_recovery_point_lies_goes_whole() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(4), batch(4))
    log.abandon()
    assert drop_unflushed(files, DIRECTORY, 6) == log.size_bytes // 2
    assert open_log(files).log_end_offset == 4


def test_what_was_damaged_before_is_left_to_recovery() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(2), batch(2), batch(2))
    log.abandon()
    files.write(file_of(0, ".log"), [bytes(61)], log.size_bytes // 3)
    assert drop_unflushed(files, DIRECTORY, 6) == 0
    assert files.size(file_of(0, ".log")) == log.size_bytes


def test_of_a_log_without_files_nothing_goes() -> None:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    assert drop_unflushed(files, DIRECTORY, 0) == 0
