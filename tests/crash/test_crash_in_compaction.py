"""Kill the broker after every change to the disk during compaction: the log is whole, and the next pass ends it."""

import pytest

from odradek.broker.testing.disks import DyingFiles, Killed
from odradek.protocol.batch import whole_batches
from odradek.storage.log import PartitionLog

from ..storage.builders import END, NOW_MS, open_log
from ..storage.compaction.compacting import COMPACTED, batches_in, clean, pairs_in, write

LATER = NOW_MS + 10_000


def _written(files: DyingFiles) -> PartitionLog:
    """Segments of which some become one, some vanish, some stay; aborted records, tombstones, an empty tail."""
    log = open_log(files, COMPACTED)
    for n in range(4):
        write(log, [("a", f"a{n}"), (f"once-{n}", "1")], pid=1, sequence=2 * n)
        write(log, [("b", f"b{n}")], pid=2, sequence=n, is_transactional=True)
        log.append_marker(2, 0, 0, n != 1, NOW_MS, 0)
        if n == 2:
            write(log, [("once-0", None)])
        log.roll(NOW_MS)
    write(log, [("a", "last"), ("b", "last")])
    log.roll(NOW_MS)
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    return log


def _compact(log: PartitionLog) -> None:
    clean(log)
    clean(log, checkpoint=0, now_ms=LATER)
    for path in log.take_due(LATER):
        log._location.files.remove(path)


def _latest(log: PartitionLog) -> dict[str, str | None]:
    return {key: value for _, key, value in pairs_in(log)}


def _changes() -> tuple[int, int]:
    files = DyingFiles()
    log = _written(files)
    before = files.changes
    _compact(log)
    return before, files.changes


@pytest.mark.parametrize("torn_bytes", [0, 30])
@pytest.mark.parametrize("is_flushed", [True, False])
def test_a_kill_at_any_moment_of_a_pass_leaves_a_whole_log(torn_bytes: int, is_flushed: bool) -> None:
    before, after = _changes()
    assert after - before > 30
    whole = open_log(DyingFiles(), COMPACTED)
    whole = _written(DyingFiles())
    first_state = pairs_in(whole)
    _compact(whole)
    last_state = pairs_in(whole)
    states: set[tuple[object, ...]] = set()
    for dies_at in range(before + 1, after + 1):
        files = DyingFiles(dies_at, torn_bytes)
        log = _written(files)
        with pytest.raises(Killed):
            _compact(log)
        files.revive()
        reopened = open_log(files, COMPACTED, recovery_point=log.log_end_offset if is_flushed else 0)
        assert reopened.log_end_offset == log.log_end_offset
        assert reopened.recovery_report.truncated_bytes == 0
        assert reopened.recovery_report.segments_dropped == 0
        assert not [name for name in files.list_directory(log.path) if name.endswith((".swap", ".cleaned", ".deleted"))]
        found = pairs_in(reopened)
        assert set(last_state) <= set(found) <= set(first_state)
        assert [offset for offset, _, _ in found] == sorted({offset for offset, _, _ in found})
        states.add(tuple(found))
        _compact(reopened)
        assert pairs_in(reopened) == last_state
        assert {pid: entry.last_sequence for pid, entry in reopened.active_producers()} == {1: 7, 2: 3}
    assert len(states) > 1


def test_a_reader_sees_whole_batches_between_any_two_steps_of_a_pass() -> None:
    files = DyingFiles()
    log = _written(files)
    expected = _latest(log)
    cleaning = log.begin_cleaning(log.find_cleanable(None, NOW_MS), NOW_MS, 1 << 20)
    pauses = 0
    for step in cleaning.steps():
        if step is not None:
            step()
        pauses += 1
        assert _latest(log) == expected
        offset = log.log_end_offset // 2
        data = log.read(offset, 200, upper_offset=END).data
        assert all(batch.is_intact() for batch in whole_batches(data))
        assert batches_in(log)[-1].next_offset == log.log_end_offset
    assert pauses > 20


@pytest.mark.parametrize("again", [1, 2, 3, 5, 8])
def test_a_kill_while_the_start_finishes_a_swap_is_finished_by_the_next_start(again: int) -> None:
    before, after = _changes()
    expected = _latest(_written(DyingFiles()))
    for dies_at in range(before + 1, after + 1):
        files = DyingFiles(dies_at)
        log = _written(files)
        with pytest.raises(Killed):
            _compact(log)
        files.revive()
        files.dies_at = files.changes + again
        try:
            reopened = open_log(files, COMPACTED, recovery_point=log.log_end_offset)
        except Killed:
            files.revive()
            reopened = open_log(files, COMPACTED, recovery_point=log.log_end_offset)
        files.revive()
        assert reopened.log_end_offset == log.log_end_offset
        assert reopened.recovery_report.segments_dropped == 0
        found = _latest(reopened)
        assert {key: value for key, value in found.items() if key != "once-0"} == {
            key: value for key, value in expected.items() if key != "once-0"
        }
        assert found.get("once-0") is None
