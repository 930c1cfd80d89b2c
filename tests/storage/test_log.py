"""The log of one partition: beginning later, getting shorter, its epochs, reaching the disk."""

import dataclasses

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log_config import LogConfig

from .builders import (
    DIRECTORY,
    END,
    NOW_MS,
    SMALL,
    append,
    bases_of,
    batch,
    offsets_read,
    open_log,
    refusal,
    reopen_clean,
)

# Beginning later


def test_deleted_records_are_out_of_range_at_once_and_after_a_restart() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    assert log.delete_records_before(5) == 5
    assert log.delete_records_before(3) == 5
    log = reopen_clean(log, files)
    assert log.log_start_offset == 5
    with pytest.raises(KafkaError):
        log.read(4, 100, upper_offset=END)
    assert log.read(5, 1, upper_offset=END).first_offset == 4


@pytest.mark.parametrize("offset", [-1, 3])
def test_records_cannot_be_deleted_beyond_the_end(offset: int) -> None:
    log = open_log()
    append(log, batch(2))
    with pytest.raises(KafkaError) as refused:
        log.delete_records_before(offset)
    assert refused.value.code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_old_segments_are_renamed_first_and_removed_after_the_delay() -> None:
    files = MemoryFiles()
    log = open_log(files, dataclasses.replace(SMALL, retention_ms=1000))
    append(log, *[batch(2, value_bytes=100, timestamp=NOW_MS + 500 * n) for n in range(4)])
    gone = log.delete_old_segments(NOW_MS + 1501)
    assert [(segment.base_offset, segment.reason) for segment in gone] == [(0, "retention.ms"), (2, "retention.ms")]
    assert (log.log_start_offset, bases_of(log)) == (4, (4, 6))
    renamed = sorted(name for name in files.list_directory(DIRECTORY) if name.endswith(".deleted"))
    assert f"{0:020d}.log.deleted" in renamed
    assert f"{2:020d}.snapshot" not in files.list_directory(DIRECTORY)
    assert not log.take_due(NOW_MS + 1501 + 59_999)
    due = log.take_due(NOW_MS + 1501 + 60_000)
    assert sorted(due) == [f"{DIRECTORY}/{name}" for name in renamed]
    assert not log.take_due(NOW_MS + 1501 + 60_000)
    assert offsets_read(log, 4) == [4, 6]


def test_when_everything_is_old_an_empty_segment_at_the_end_remains() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(3, timestamp=NOW_MS - 30 * 86_400_000))
    assert len(log.delete_old_segments(NOW_MS)) == 1
    assert (log.log_start_offset, log.log_end_offset, log.size_bytes) == (3, 3, 0)
    assert log.delete_old_segments(NOW_MS) == []
    assert append(log, batch()) == 3
    log = reopen_clean(log, files)
    assert (log.log_start_offset, log.log_end_offset) == (3, 4)


def test_a_log_can_be_cut_and_goes_on_from_there() -> None:
    log = open_log(config=SMALL)
    for n in range(9):
        append(log, batch(2, pid=1, sequence=2 * n, value_bytes=60))
    log.truncate_to(7, NOW_MS)
    assert (log.log_end_offset, offsets_read(log)) == (6, [0, 2, 4])
    assert refusal(log, batch(2, pid=1, sequence=8)) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert append(log, batch(2, pid=1, sequence=6)) == 6
    log.truncate_to(100, NOW_MS)
    assert log.log_end_offset == 8


def test_readers_find_other_batches_where_cut_ones_were() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(6)])
    for offset in range(0, 12, 2):
        log.read(offset, 1, upper_offset=END)
    log.truncate_to(4, NOW_MS)
    append(log, *[batch(2, value_bytes=99) for _ in range(6)])
    assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (12, 10, 8, 6, 4)] == [12, 10, 8, 6, 4]


# Epochs


def test_epochs_end_where_the_next_one_begins() -> None:
    files = MemoryFiles()
    log = open_log(files)
    for epoch, count in ((0, 2), (2, 3), (4, 1)):
        log.append([batch(count)], NOW_MS, leader_epoch=epoch)
    asked = (-5, -1, 0, 1, 2, 3, 4, 5)
    answers = [(-5, 0), (-1, -1), (0, 2), (0, 2), (2, 5), (2, 5), (4, 6), (-1, -1)]
    assert [log.end_offset_for_epoch(epoch) for epoch in asked] == answers
    assert log.leader_epoch == 4
    log = reopen_clean(log, files)
    assert [log.end_offset_for_epoch(epoch) for epoch in asked] == answers


def test_an_epoch_that_has_begun_is_known_before_anything_is_written_in_it_and_what_is_written_can_be_read() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(2))
    log.begin_epoch(3)
    assert (log.leader_epoch, log.end_offset_for_epoch(3), log.end_offset_for_epoch(0)) == (3, (3, 2), (0, 2))
    log.append([batch(1)], NOW_MS, leader_epoch=3)
    assert offsets_read(log) == [0, 2]
    assert log.end_offset_for_epoch(3) == (3, 3)


def test_the_epoch_of_an_empty_log_ends_at_its_end() -> None:
    assert open_log().end_offset_for_epoch(0) == (0, 0)


# Reaching the disk


def test_a_flush_moves_the_recovery_point_to_where_it_began() -> None:
    log = open_log()
    append(log, batch(2))
    job = log.begin_flush()
    append(log, batch(2))
    job.run()
    log.finish_flush(job)
    assert (log.recovery_point, log.unflushed_messages) == (2, 2)


@pytest.mark.parametrize(("config", "due_after"), [(LogConfig(flush_messages=3), 3), (LogConfig(), None)])
def test_a_flush_is_due_after_so_many_messages(config: LogConfig, due_after: int | None) -> None:
    log = open_log(config=config)
    for n in range(1, 5):
        append(log, batch())
        assert log.needs_flush(NOW_MS + 10**9) == (due_after is not None and n >= due_after)


def test_a_flush_is_due_after_so_much_time() -> None:
    log = open_log(config=LogConfig(flush_ms=500))
    append(log, batch())
    assert not log.needs_flush(NOW_MS + 499)
    assert log.needs_flush(NOW_MS + 500)
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    assert not log.needs_flush(NOW_MS + 10**9)


def test_a_sealed_segment_is_flushed_soon() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(2)])
    assert log.needs_flush(NOW_MS)


def test_a_log_shows_whose_it_is_and_where_it_begins_and_ends() -> None:
    log = open_log(config=SMALL)
    append(log, batch(2, value_bytes=200), batch(2, value_bytes=200))
    assert offsets_read(log) == [0, 2]
    assert repr(log) == "PartitionLog(t-0, 0..4)"
