"""The log of one partition: appending, rolling, beginning later, reaching the disk."""

import dataclasses

import pytest

from odradek.protocol.batch import whole_batches
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log_config import LogConfig
from odradek.storage.validation import InvalidRecords

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


def test_batches_get_offsets_one_after_another() -> None:
    log = open_log()
    first = log.append([batch(3)], NOW_MS, leader_epoch=0)
    second = log.append([batch(2)], NOW_MS, leader_epoch=0)
    assert (first.base_offset, first.last_offset, second.base_offset, second.last_offset) == (0, 2, 3, 4)
    assert (first.log_append_time_ms, first.log_start_offset, first.is_duplicate) == (-1, 0, False)
    assert log.log_end_offset == log.high_watermark == log.last_stable_offset == 5
    assert log.size_bytes == first.size_bytes + second.size_bytes
    assert log.largest_timestamp == NOW_MS


def test_stored_batches_carry_offset_and_epoch_and_are_intact() -> None:
    log = open_log()
    log.append([batch(2)], NOW_MS, leader_epoch=3)
    log.append([batch(1), batch(4)], NOW_MS, leader_epoch=3, is_from_client=False)
    stored = list(whole_batches(log.read(0, 1 << 20, upper_offset=END).data))
    assert [(one.base_offset, one.partition_leader_epoch, one.is_intact()) for one in stored] == [
        (0, 3, True),
        (2, 3, True),
        (3, 3, True),
    ]


def test_appending_nothing_changes_nothing() -> None:
    log = open_log()
    assert log.append([], NOW_MS, leader_epoch=0).base_offset == 0
    assert log.log_end_offset == 0


def test_a_batch_sent_again_is_answered_with_its_first_offset() -> None:
    log = open_log()
    append(log, batch(1), batch(3, pid=1, sequence=0))
    again = log.append([batch(3, pid=1, sequence=0)], NOW_MS + 5, leader_epoch=0)
    assert (again.base_offset, again.last_offset, again.is_duplicate, again.size_bytes) == (1, 3, True, 0)
    assert again.log_append_time_ms == NOW_MS
    assert log.log_end_offset == 4


def test_a_refused_batch_takes_no_offset() -> None:
    log = open_log()
    append(log, batch(pid=1, sequence=0))
    assert refusal(log, batch(pid=1, sequence=2)) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert append(log, batch(pid=1, sequence=1)) == 1


def test_records_out_of_their_time_are_listed() -> None:
    log = open_log()
    with pytest.raises(InvalidRecords) as refused:
        append(log, batch(2, timestamp=NOW_MS + 3_600_000, step_ms=1))
    assert refused.value.code == ErrorCode.INVALID_TIMESTAMP
    assert [error.batch_index for error in refused.value.record_errors] == [1]
    assert log.log_end_offset == 0


def test_append_time_is_answered_and_stored_where_the_topic_asks_for_it() -> None:
    log = open_log(config=LogConfig(message_timestamp_type="LogAppendTime"))
    answered = log.append([batch(2, timestamp=5)], NOW_MS, leader_epoch=0)
    (stored,) = whole_batches(log.read(0, 1 << 20, upper_offset=END).data)
    assert answered.log_append_time_ms == NOW_MS
    assert (stored.has_log_append_time, stored.max_timestamp, stored.is_intact()) == (True, NOW_MS, True)


def test_a_batch_larger_than_a_segment_is_18() -> None:
    log = open_log(config=LogConfig(segment_bytes=200))
    assert refusal(log, batch(value_bytes=300)) == ErrorCode.RECORD_LIST_TOO_LARGE


class FullDisk(MemoryFiles):
    """Files on a disk that is full from some moment on."""

    is_full = False

    def write(self, path: str, buffers: object, position: int) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        super().write(path, buffers, position)  # type: ignore[arg-type]


def test_a_full_disk_leaves_the_log_as_it_was_and_able_to_go_on() -> None:
    files = FullDisk()
    log = open_log(files)
    append(log, batch(pid=1, sequence=0))
    files.is_full = True
    with pytest.raises(OSError, match="No space"):
        append(log, batch(pid=1, sequence=1))
    assert (log.log_end_offset, log.size_bytes) == (1, batch(pid=1).size_bytes)
    files.is_full = False
    assert append(log, batch(pid=1, sequence=1)) == 1
    assert offsets_read(log) == [0, 1]


# Rolling


def test_a_full_segment_is_followed_by_one_named_after_its_first_offset() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(6)])
    assert bases_of(log) == (0, 2, 4, 6, 8, 10)
    assert f"{2:020d}.snapshot" in files.list_directory(DIRECTORY)
    assert offsets_read(log) == [0, 2, 4, 6, 8, 10]


def test_a_segment_ages_by_its_records_timestamps() -> None:
    log = open_log(config=LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    append(log, batch(timestamp=NOW_MS + 1000), now_ms=NOW_MS + 9999)
    assert list(bases_of(log)) == [0]
    append(log, batch(timestamp=NOW_MS + 1001))
    assert bases_of(log) == (0, 2)


def test_a_segment_without_timestamps_ages_by_the_clock() -> None:
    log = open_log(config=LogConfig(segment_ms=1000), now_ms=NOW_MS - 50_000)
    append(log, batch(timestamp=-1))
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1000)
    assert list(bases_of(log)) == [0]
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1001)
    assert bases_of(log) == (0, 2)


def test_a_reopened_segment_remembers_its_first_timestamp() -> None:
    files = MemoryFiles()
    log = open_log(files, LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    log = reopen_clean(log, files)
    append(log, batch(timestamp=NOW_MS + 1001))
    assert bases_of(log) == (0, 1)


def test_jitter_rolls_a_segment_a_little_early_and_always_at_the_same_age() -> None:
    ages = set[int]()
    for _ in range(2):
        log = open_log(config=LogConfig(segment_ms=1000, segment_jitter_ms=900))
        append(log, batch(timestamp=NOW_MS))
        for age in range(1, 1002):
            append(log, batch(timestamp=NOW_MS + age))
            if len(bases_of(log)) > 1:
                ages.add(age)
                break
    assert len(ages) == 1
    assert ages.pop() <= 1001


def test_a_full_index_rolls_the_segment() -> None:
    log = open_log(config=LogConfig(segment_index_bytes=24, index_interval_bytes=0))
    append(log, *[batch() for _ in range(4)])
    assert len(bases_of(log)) > 1


def test_an_empty_segment_is_not_rolled() -> None:
    log = open_log()
    log.roll(NOW_MS)
    assert list(bases_of(log)) == [0]


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
