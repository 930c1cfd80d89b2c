"""Opening logs: what is trusted, what is read again, what is cut."""

from collections.abc import Generator

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.offset_time_index import TimeIndex
from odradek.storage.integrity import ignore_damage
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.log_location import LogCheckpoints, LogLocation

from .builders import DIRECTORY, NOW_MS, SMALL, aborting_log, append, bases_of, batch, file_of, open_log, reopen_clean


def _flush(log: PartitionLog) -> None:
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)


def test_an_empty_directory_becomes_an_empty_log_of_onefile_of() -> None:
    files = MemoryFiles()
    log = open_log(files, is_clean=True)
    assert (log.log_start_offset, log.log_end_offset) == (0, 0)
    assert files.list_directory(DIRECTORY) == [f"{0:020d}.log"]
    assert open_log(files).log_end_offset == 0


def test_an_empty_log_begins_where_its_checkpoint_says() -> None:
    log = open_log(log_start_offset=7)
    assert (log.log_start_offset, log.log_end_offset) == (7, 7)
    assert append(log, batch()) == 7


def test_a_clean_stop_leaves_everything_as_it_was() -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    before = log.aborted_transactions(0, 24)
    reopened = reopen_clean(log, files)
    assert reopened.recovery_report.is_clean
    assert (reopened.log_end_offset, reopened.size_bytes) == (24, log.size_bytes)
    assert reopened.aborted_transactions(0, 24) == before
    assert reopened.recovery_point == 24
    assert append(reopened, batch(pid=1, sequence=8)) == 24


def test_a_log_that_nobody_changed_is_closed_without_a_write() -> None:
    files = MemoryFiles()
    log = reopen_clean(aborting_log(files), files)
    before = {name: files.read(f"{DIRECTORY}/{name}", 0, 1 << 20) for name in files.list_directory(DIRECTORY)}
    log.read(0, 1 << 20, upper_offset=24)
    log.close()
    assert {name: files.read(f"{DIRECTORY}/{name}", 0, 1 << 20) for name in files.list_directory(DIRECTORY)} == before


def test_after_a_crash_indexes_and_aborted_transactions_are_derived_again() -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    before = log.aborted_transactions(0, 24)
    assert len(before) == 8
    for name in files.list_directory(DIRECTORY):
        if not name.endswith(".log"):
            files.remove(f"{DIRECTORY}/{name}")
    log = open_log(files, SMALL)
    assert log.aborted_transactions(0, 24) == before
    assert log.recovery_report.segments_recovered == len(bases_of(log))
    assert append(log, batch(pid=1, sequence=8)) == 24


def test_what_recovery_derived_is_on_the_disk_before_the_recovery_point_moves() -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    before = log.aborted_transactions(0, 24)
    for name in files.list_directory(DIRECTORY):
        if name.endswith((".txnindex", "index")):
            files.remove(f"{DIRECTORY}/{name}")
    log = open_log(files, SMALL)
    _flush(log)
    log = open_log(files, SMALL, recovery_point=log.recovery_point)
    assert log.recovery_report.segments_recovered == 1
    assert log.aborted_transactions(0, 24) == before


def test_segments_below_the_recovery_point_are_not_read_again() -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    _flush(log)
    append(log, batch())
    log = open_log(files, SMALL, recovery_point=log.recovery_point)
    assert log.recovery_report.segments_recovered == 1


def test_segments_after_a_bad_batch_go() -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    bases = bases_of(log)
    files.write(file_of(bases[2], ".log"), [b"\xff" * 20], 20)
    log = open_log(files, SMALL)
    assert bases_of(log) == bases[:3]
    assert log.log_end_offset == bases[2]
    assert log.recovery_report.segments_dropped == len(bases) - 3
    assert log.recovery_report.truncated_bytes > 1000
    assert append(log, batch()) == bases[2]
    assert not [name for name in files.list_directory(DIRECTORY) if int(name[:20] if name[0] == "0" else 0) > bases[2]]


def test_a_segment_that_begins_before_the_one_before_it_ends_goes() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(5))
    head, tail = batch().stamped(3, 0)
    files.write(file_of(3, ".log"), [head, tail], 0)
    log = open_log(files)
    assert (log.log_end_offset, bases_of(log)) == (5, (0,))
    assert "begins before" in log.recovery_report.why


def test_a_segment_goes_if_the_one_before_it_has_lost_its_end() -> None:
    """As after a power loss: the later file was written back, the end of the earlier one was not."""
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(value_bytes=150) for _ in range(6)])
    first, second, *_ = bases_of(log)
    files.truncate(file_of(first, ".log"), batch(value_bytes=150).size_bytes)
    log = open_log(files, SMALL)
    assert (log.log_end_offset, list(bases_of(log))) == (1, [first])
    assert f"the next segment begins at {second}" in log.recovery_report.why
    assert append(log, batch()) == 1


def test_a_gap_between_segments_that_compaction_may_have_made_is_none() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(value_bytes=150) for _ in range(6)])
    end = log.log_end_offset
    files.truncate(file_of(0, ".log"), batch(value_bytes=150).size_bytes)
    compacted = LogConfig(segment_bytes=500, cleanup_policy=frozenset({"compact"}))
    assert open_log(files, compacted).log_end_offset == end


def test_a_compacted_log_that_ends_with_a_gap_is_read_to_its_end() -> None:
    files = MemoryFiles()
    log = open_log(files, LogConfig(cleanup_policy=frozenset({"compact"})))
    append(log, batch(), batch())
    log.roll(NOW_MS)
    files.truncate(file_of(0, ".log"), batch().size_bytes)
    log = open_log(files, log.config)
    assert [one.base_offset for one in log.batches()] == [0]
    found = log.read(1, 1000, upper_offset=2)
    assert (found.data, found.next_offset) == (b"", 2)


def test_damage_below_the_recovery_point_is_kept_refused_and_passed_over() -> None:
    files = MemoryFiles()
    log = open_log(files, LogConfig(index_interval_bytes=200))
    append(log, *[batch(value_bytes=50) for _ in range(20)])
    _flush(log)
    append(log, batch())
    end = log.log_end_offset
    files.write(file_of(0, ".log"), [b"\xff" * 4], 2 * batch(value_bytes=50).size_bytes + 8)
    log = open_log(files, LogConfig(index_interval_bytes=200), recovery_point=20)
    assert log.log_end_offset == end
    assert log.recovery_report.damaged_bytes > 0
    assert log.recovery_report.truncated_bytes == 0
    assert log.read(0, 1 << 20, upper_offset=end).next_offset == 2
    with pytest.raises(KafkaError) as refused:
        log.read(2, 1 << 20, upper_offset=end)
    assert refused.value.code == ErrorCode.CORRUPT_MESSAGE
    assert log.read(10, 1 << 20, upper_offset=end).next_offset == end
    assert append(log, batch()) == end


def test_damage_below_the_recovery_point_without_an_index_is_cut() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch() for _ in range(3)])
    files.write(file_of(0, ".log"), [b"\xff" * 4], batch().size_bytes + 8)
    log = open_log(files, recovery_point=3)
    assert log.log_end_offset == 1


def test_after_a_clean_stop_only_the_newest_batch_of_a_producer_is_known() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch(pid=1, sequence=n) for n in range(3)])
    log = reopen_clean(log, files)
    assert log.append([batch(pid=1, sequence=2)], NOW_MS, leader_epoch=0).is_duplicate
    with pytest.raises(KafkaError):
        append(log, batch(pid=1, sequence=1))


def test_old_snapshots_go_when_a_newer_one_is_written() -> None:
    files = MemoryFiles()
    log = open_log(files)
    for _ in range(3):
        append(log, batch())
        log = reopen_clean(log, files)
    assert [name for name in files.list_directory(DIRECTORY) if name.endswith(".snapshot")] == [f"{3:020d}.snapshot"]


def test_a_log_that_ends_below_its_start_begins_anew_at_its_start() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(3), batch(3))
    log.delete_records_before(5)
    files.truncate(file_of(0, ".log"), batch(3).size_bytes)
    log = open_log(files, log_start_offset=5)
    assert (log.log_start_offset, log.log_end_offset, bases_of(log)) == (5, 5, (5,))
    assert f"{0:020d}.log" not in files.list_directory(DIRECTORY)
    assert log.recovery_report.segments_dropped == 1


def test_an_unclean_log_is_replayed_from_the_snapshot_of_its_first_unflushed_segment() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(pid=1, sequence=0))
    log = reopen_clean(log, files)
    append(log, batch(pid=1, sequence=1))
    log.roll(NOW_MS)
    append(log, batch(pid=1, sequence=2))
    files.remove(file_of(2, ".snapshot"))
    log = open_log(files, recovery_point=2)
    assert log.recovery_report.segments_recovered == 1
    assert log.append([batch(pid=1, sequence=2)], NOW_MS, leader_epoch=0).is_duplicate
    assert log.append([batch(pid=1, sequence=0)], NOW_MS, leader_epoch=0).is_duplicate


def test_half_done_changes_are_finished_or_swept_up() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    log.close()
    compacted = files.read(file_of(2, ".log"), 0, 1000)
    for name in (
        file_of(6, ".log.deleted"),
        file_of(2, ".log.cleaned"),
        file_of(99, ".index"),
        file_of(0, ".snapshot.tmp"),
    ):
        files.write(name, [b"x"], 0)
    files.write(f"{DIRECTORY}/notes.txt", [b"mine"], 0)
    files.write(file_of(2, ".log.swap"), [compacted], 0)
    files.write(file_of(2, ".index.swap"), [b""], 0)
    log = open_log(files, SMALL, is_clean=True, recovery_point=8)
    assert bases_of(log) == (0, 2, 4, 6)
    names = files.list_directory(DIRECTORY)
    assert "notes.txt" in names
    assert not [name for name in names if name.endswith((".deleted", ".cleaned", ".swap", ".tmp"))]
    assert f"{99:020d}.index" not in names
    assert log.read(2, 10, upper_offset=8).first_offset == 2


def test_a_swap_takes_the_place_of_every_segment_it_covers() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    log.close()
    merged = b"".join(files.read(file_of(base, ".log"), 0, 1000) for base in (0, 2, 4))
    files.write(file_of(0, ".log.swap"), [merged], 0)
    log = open_log(files, SMALL, is_clean=True, recovery_point=8)
    assert bases_of(log) == (0, 6)
    assert [log.read(offset, 1, upper_offset=8).first_offset for offset in range(8)] == [0, 0, 2, 2, 4, 4, 6, 6]


def test_a_sealed_segment_that_was_recovered_ends_its_time_index_with_its_latest_timestamp() -> None:
    files, config = MemoryFiles(), LogConfig(segment_bytes=500)
    log = open_log(files, config)
    append(log, *[batch(timestamp=NOW_MS + n, value_bytes=40) for n in range(12)])
    first_end = bases_of(log)[1]
    log = open_log(files, config)
    _flush(log)
    index = TimeIndex.decode(files.read(file_of(0, ".timeindex"), 0, 1000))
    assert index is not None
    assert index.last == (NOW_MS + first_end - 1, first_end - 1)


def test_records_deleted_by_request_stay_deleted_when_a_recovered_log_is_stopped_and_started() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch() for _ in range(4)])
    log.delete_records_before(2)
    log = open_log(files, log_start_offset=2)
    assert not log.recovery_report.is_clean
    assert reopen_clean(log, files).log_start_offset == 2


def test_a_log_that_lost_all_that_was_not_deleted_still_knows_who_wrote_it() -> None:
    files = MemoryFiles()
    log = open_log(files)
    one = batch(pid=1)
    append(log, one, batch())
    log.delete_records_before(2)
    files.truncate(file_of(0, ".log"), one.size_bytes)
    for _ in range(2):  # and after another crash
        log = open_log(files, log_start_offset=2)
        assert (log.log_start_offset, log.log_end_offset) == (2, 2)
        assert log.append([one], NOW_MS, leader_epoch=0).is_duplicate


def test_aborted_transactions_that_recovery_has_found_are_no_damage() -> None:
    files = MemoryFiles()
    expected = aborting_log(files).aborted_transactions(0, 24)
    damage: list[str] = []
    assert open_log(files, SMALL, on_damage=damage.append).aborted_transactions(0, 24) == expected
    assert damage == []


@pytest.mark.parametrize("size", [0, 30, 89, 100])
@pytest.mark.parametrize("is_clean", [True, False])
def test_a_log_that_was_cut_from_outside_is_refused(size: int, is_clean: bool) -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch(value_bytes=20) for _ in range(5)])
    assert log.size_bytes == 5 * 89
    log.close()
    files.truncate(file_of(0, ".log"), size)
    for _ in range(2):
        with pytest.raises(OSError, match=r"ends at [01], and had everything below 5 on the disk"):
            open_log(files, is_clean=is_clean, recovery_point=5, known_end=5)
    assert files.size(file_of(0, ".log")) == size
    # One file that has a number may be wrong itself.
    report = open_log(files, is_clean=is_clean, recovery_point=5, known_end=0).recovery_report
    assert report.missing_offsets == 5 - size // 89


def test_a_log_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(OSError, match="ends at 0, and had everything below 5"):
        open_log(known_end=5)
    assert open_log(known_end=5, log_start_offset=5).log_end_offset == 5  # what is missing was deleted by request


def test_a_damaged_end_is_no_cut() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch(value_bytes=20) for _ in range(5)])
    log.close()
    files.write(file_of(0, ".log"), [b"?"], 5 * 89 - 1)
    report = open_log(files, is_clean=True, recovery_point=5, known_end=5).recovery_report
    assert (report.truncated_bytes, report.missing_offsets) == (89, 1)


def test_an_old_segment_that_compaction_has_left_shorter_is_no_cut() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch(value_bytes=20) for _ in range(5)])
    log.roll(NOW_MS)
    append(log, batch())
    log.close()
    files.truncate(file_of(0, ".log"), 89)  # as if what came after had been replaced later
    opened = open_log(files, recovery_point=4, known_end=4, cleaned_below=5)
    assert opened.log_end_offset == 6


def test_a_file_that_is_cut_while_it_is_served_is_an_error_of_the_disk() -> None:
    files = MemoryFiles()
    damage: list[str] = []
    log = open_log(files, on_damage=damage.append)
    append(log, *[batch(value_bytes=20) for _ in range(5)])
    files.truncate(file_of(0, ".log"), 89)
    assert log.read(0, 89, upper_offset=5).next_offset == 1
    with pytest.raises(OSError, match="has become 356 bytes shorter"):
        log.read(1, 1000, upper_offset=5)
    assert len(damage) == 1


def test_epochs_of_a_compacted_log_that_begin_later_than_the_log_are_no_damage() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch() for _ in range(5)])
    log.close()
    files.write_whole(f"{DIRECTORY}/leader-epoch-checkpoint", b"0\n1\n0 3\n")
    damage: list[str] = []
    opened = open_log(files, is_clean=True, recovery_point=5, cleaned_below=5, on_damage=damage.append)
    assert (opened.log_start_offset, damage) == (0, [])
    opened = open_log(files, is_clean=True, recovery_point=5, on_damage=damage.append)
    assert (opened.log_start_offset, len(damage)) == (0, 1)


def test_a_sealed_segment_that_was_recovered_has_its_indexes_after_a_clean_stop() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch())
    log.roll(NOW_MS)
    append(log, batch())
    recovered = open_log(files)
    recovered.begin_delete_old_segments(NOW_MS)  # which looks at every segment, and lets its memory go
    recovered.close()
    for suffix in (".index", ".timeindex"):
        assert files.exists(file_of(0, suffix))
    assert files.size(file_of(0, ".timeindex")) == 12


def test_a_recovery_pauses_every_few_batches_and_may_be_ended_there() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch(pid=1, sequence=n) for n in range(160)])
    steps = _opening(files)
    for _ in range(5):
        next(steps)
    steps.close()
    steps = _opening(files)
    for _ in range(10):
        next(steps)
    with pytest.raises(StopIteration) as ended:
        next(steps)
    assert ended.value.value.log_end_offset == 160


def _opening(files: MemoryFiles) -> Generator[None, None, PartitionLog]:
    return PartitionLog.opening(
        LogLocation(files, DIRECTORY, "t", 0), LogConfig(), NOW_MS, LogCheckpoints(), ignore_damage
    )
