"""A pass over a log that is used meanwhile, and what it leaves of the files."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.compaction.cleaning import Cleaning, CleaningAborted
from odradek.storage.compaction.keys import TABLES
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import PartitionLog

from ..builders import END, NOW_MS, bases_of, open_log, reopen_clean
from .compacting import COMPACTED, PLENTY, batches_in, clean, left_in, pairs_in, roll_and_clean, write


def _segments(files: MemoryFiles, count: int = 4, batches: int = 3) -> PartitionLog:
    log = open_log(files, COMPACTED)
    for n in range(count):
        for m in range(batches):
            write(log, [("a", f"{n}.{m}"), (f"b{n}", f"{m}")], pid=1, sequence=2 * (n * batches + m))
        log.roll(NOW_MS)
    return log


def _begin(log: PartitionLog) -> Cleaning:
    return log.begin_cleaning(log.find_cleanable(None, NOW_MS), NOW_MS, PLENTY)


def _run(cleaning: Cleaning, before: Callable[[int], None]) -> int:
    """All steps; `before` each one something else may happen. Returns their number."""
    count = 0
    for step in cleaning.steps():
        if step is not None:
            step()
        before(count)
        count += 1
    return count


def _retain(log: PartitionLog) -> None:
    log.delete_records_before(6)
    log.delete_old_segments(NOW_MS)


def _truncate(log: PartitionLog) -> None:
    log.truncate_to(20, NOW_MS)


def _append(log: PartitionLog) -> None:
    write(log, [("a", "new")])
    log.roll(NOW_MS)


def test_a_log_that_becomes_a_compacted_one_while_it_is_open_is_read_with_its_gaps() -> None:
    told: list[str] = []
    log = open_log(MemoryFiles(), replace(COMPACTED, cleanup_policy=frozenset({"delete"})), on_damage=told.append)
    for n in range(4):
        for m in range(3):
            write(log, [("a", f"{n}.{m}"), (f"b{n}", f"{m}")])
        log.roll(NOW_MS)
    log.config = COMPACTED
    clean(log)
    write(log, [("a", "new")])
    roll_and_clean(log)
    assert {key: value for _, key, value in pairs_in(log)} == {"a": "new", **{f"b{n}": "2" for n in range(4)}}
    for offset in range(log.log_end_offset):
        log.read(offset, 1, upper_offset=log.log_end_offset)
    assert told == []


LATEST = {"_retain": "3.2", "_truncate": "3.0", "_append": "new"}


@pytest.mark.parametrize("change", [_retain, _truncate, _append])
def test_whatever_happens_to_a_log_between_two_steps_the_pass_leaves_it_whole(
    change: Callable[[PartitionLog], None],
) -> None:
    steps = _run(_begin(_segments(MemoryFiles())), lambda _: None) - TABLES  # which are freed at the end
    fates: set[str] = set()
    for at in range(steps):
        files = MemoryFiles()
        log = _segments(files)

        def happens(step: int, at: int = at, log: PartitionLog = log) -> None:
            if step == at:
                change(log)

        try:
            _run(_begin(log), happens)
            fate = "done"
        except CleaningAborted:
            fate = "ended"
        fates.add(fate)
        latest = {key: value for _, key, value in pairs_in(log)}
        if change is not _truncate or fate == "ended":  # else what superseded the older values may have been cut off
            assert latest["a"] == LATEST[change.__name__]
            assert latest["b3"] == ("0" if change is _truncate else "2")
        assert [batch.next_offset for batch in batches_in(log)][-1] == log.log_end_offset
        if change is _truncate:
            continue  # no broker cuts into what was compacted, so no start expects it
        expected = pairs_in(log)
        log = reopen_clean(log, files)
        assert log.recovery_report.is_clean
        assert pairs_in(log) == expected
        log.roll(NOW_MS)
        clean(log)
        assert {key: value for _, key, value in pairs_in(log)} == latest
        assert not [name for name in files.list_directory(log.path) if name.endswith((".cleaned", ".swap"))]
    assert fates == ({"done"} if change is _append else {"done", "ended"})


def test_a_pass_that_is_given_up_leaves_nothing_behind() -> None:
    files = MemoryFiles()
    log = _segments(files)
    before = sorted(files.list_directory(log.path))
    for count in range(20):
        steps = _begin(log).steps()
        for _ in range(count):
            next(steps)
        steps.close()
        assert sorted(files.list_directory(log.path)) == before


def test_small_neighbours_become_one_segment_with_one_snapshot() -> None:
    files = MemoryFiles()
    log = _segments(files)
    assert list(bases_of(log)) == [0, 6, 12, 18, 24]
    clean(log)
    assert list(bases_of(log)) == [0, 24]
    log.close()
    names = {name for name in files.list_directory(log.path) if not name.startswith(("leader", "partition"))}
    assert names == {
        f"{0:020d}.log",
        f"{0:020d}.index",
        f"{0:020d}.timeindex",
        f"{24:020d}.log",
        f"{24:020d}.snapshot",
    }


def test_neighbours_that_would_fill_a_segment_are_not_merged() -> None:
    files = MemoryFiles()
    log = _segments(files)
    size = log.size_bytes // 4
    log.config = replace(COMPACTED, segment_bytes=2 * size)
    clean(log)
    assert list(bases_of(log)) == [0, 12, 24]
    clean(log, checkpoint=24)
    assert list(bases_of(log)) == [0, 24]


def test_a_segment_of_which_nothing_goes_is_not_written_anew() -> None:
    files = MemoryFiles()
    log = open_log(files, COMPACTED)
    write(log, [("a", "1"), ("b", "1")])
    write(log, [("c", "1")])
    log.roll(NOW_MS)
    before = list(bases_of(log))
    cleaning = clean(log)
    assert (cleaning.end_offset, cleaning.bytes_before, list(bases_of(log))) == (3, 0, before)
    assert not [name for name in files.list_directory(log.path) if name.endswith((".deleted", ".cleaned"))]


def test_the_indexes_of_a_cleaned_segment_are_those_that_a_recovery_would_make() -> None:
    files = MemoryFiles()
    log = open_log(files, replace(COMPACTED, index_interval_bytes=150))
    for n in range(40):
        write(log, [(f"k{n % 25}", "v" * (n % 7)), (f"l{n}", "w")], timestamp=NOW_MS + 1000 * (n * 7 % 40))
    roll_and_clean(log)
    names = [f"{log.path}/{0:020d}.index", f"{log.path}/{0:020d}.timeindex"]
    made = [files.read(name, 0, 1 << 20) for name in names]
    assert all(len(data) > 24 for data in made)
    open_log(files, log.config).close()  # recovers everything
    assert [files.read(name, 0, 1 << 20) for name in names] == made


def test_offsets_are_found_by_time_after_compaction() -> None:
    log = open_log(config=COMPACTED)
    for n in range(6):
        write(log, [("a" if n % 2 else f"b{n}", "v")], timestamp=NOW_MS + 10 * n)
    roll_and_clean(log)
    assert [one.base_offset for one in left_in(log)] == [0, 2, 4, 5]
    for timestamp, offset in ((0, 0), (5, 2), (10, 2), (25, 4), (41, 5)):
        found = run_to_end(log.offset_for_timestamp(NOW_MS + timestamp, END))
        assert found is not None
        assert found.offset == offset
    assert run_to_end(log.offset_for_timestamp(NOW_MS + 51, END)) is None
    latest = run_to_end(log.offset_of_max_timestamp(END))
    assert latest is not None
    assert (latest.offset, latest.timestamp) == (5, NOW_MS + 50)


def test_a_segment_that_must_not_be_cleaned_is_not_even_if_the_dirty_part_begins_in_it() -> None:
    log = open_log(config=COMPACTED)
    write(log, [("a", "1")], pid=1, is_transactional=True)
    log.append_marker(1, 0, 0, False, NOW_MS, 0)
    write(log, [("a", "2")], pid=2, is_transactional=True)  # which stays open
    log.roll(NOW_MS)
    log.delete_records_before(1)
    cleanable = log.find_cleanable(None, NOW_MS)
    assert (cleanable.first_dirty_offset, cleanable.upper_offset) == (1, 0)
    size = log.size_bytes
    clean(log)
    assert log.size_bytes == size


def test_a_damaged_batch_ends_the_pass_before_anything_is_swapped() -> None:
    files = MemoryFiles()
    log = _segments(files)
    files.write(f"{log.path}/{18:020d}.log", [b"\xff"], 75)  # in a key or a value
    size = log.size_bytes
    with pytest.raises(KafkaError) as refused:
        clean(log)
    assert refused.value.code == ErrorCode.CORRUPT_MESSAGE
    assert log.size_bytes == size
    assert bases_of(log) == (0, 6, 12, 18, 24)


def test_a_marker_stays_as_long_as_a_crash_would_replay_it() -> None:
    """The snapshot at the start of a segment may say that a transaction is open there: its marker must be found."""
    files = MemoryFiles()
    log = open_log(files, replace(COMPACTED, delete_retention_ms=0))
    write(log, [("a", "1")], pid=5, is_transactional=True)
    log.roll(NOW_MS)
    log.append_marker(5, 1, 0, False, NOW_MS, 0)
    write(log, [("a", "2")], pid=5, epoch=1)
    log.roll(NOW_MS)
    for n in range(4):
        write(log, [("a", f"{n}")])
        log.roll(NOW_MS)
        now_ms = NOW_MS + 10 * n
        cleaning = log.begin_cleaning(log.find_cleanable(None, now_ms), now_ms, PLENTY, recovered_from=1)
        _run(cleaning, lambda _: None)
    reopened = open_log(files, log.config, recovery_point=1)
    assert reopened.last_stable_offset == reopened.log_end_offset
    for n in range(4):
        write(log, [("a", f"{n}")])
        log.roll(NOW_MS)
        clean(log, now_ms=NOW_MS + 100 + n)
    assert not [batch for batch in batches_in(log) if batch.is_control]


def test_a_log_that_is_closed_between_two_steps_keeps_the_segments_that_it_had() -> None:
    files = MemoryFiles()
    log = _segments(files)
    bases = list(bases_of(log))
    steps = _begin(log).steps()
    next(steps)
    log.abandon()
    with pytest.raises(CleaningAborted, match="is closed"):
        run_to_end(steps)
    assert not [name for name in files.list_directory("/data/t-0") if name.endswith((".cleaned", ".swap", ".deleted"))]
    assert list(bases_of(open_log(files, COMPACTED))) == bases
