"""The log of one partition: appending, reading, rolling, retention, transactions."""

import dataclasses

import pytest

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.memory_files import MemoryFiles
from odradek.storage.validation import InvalidRecords

from .builders import DIRECTORY, NOW_MS, append, batch, open_log, reopen_clean

END = 1 << 60
SMALL = LogConfig(segment_bytes=500, index_interval_bytes=100)


def _offsets(log: PartitionLog, start: int = 0, max_bytes: int = 1 << 20) -> list[int]:
    """The base offsets a reader passes, from `start` to the end."""
    found: list[int] = []
    while start < log.log_end_offset:
        part = log.read(start, max_bytes, upper_offset=END)
        assert part.first_offset >= 0
        found += [one.base_offset for one in whole_batches(part.data)]
        start = part.next_offset
    return found


def _refusal(log: PartitionLog, one: RecordBatch) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        append(log, one)
    return refused.value.code


# Appending


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
    assert _refusal(log, batch(pid=1, sequence=2)) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
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
    assert _refusal(log, batch(value_bytes=300)) == ErrorCode.RECORD_LIST_TOO_LARGE


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
    assert _offsets(log) == [0, 1]


# Rolling


def test_a_full_segment_is_followed_by_one_named_after_its_first_offset() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(6)])
    assert log.segment_base_offsets == (0, 2, 4, 6, 8, 10)
    assert f"{2:020d}.snapshot" in files.list_directory(DIRECTORY)
    assert _offsets(log) == [0, 2, 4, 6, 8, 10]


def test_a_segment_ages_by_its_records_timestamps() -> None:
    log = open_log(config=LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    append(log, batch(timestamp=NOW_MS + 1000), now_ms=NOW_MS + 9999)
    assert log.segment_base_offsets == (0,)
    append(log, batch(timestamp=NOW_MS + 1001))
    assert log.segment_base_offsets == (0, 2)


def test_a_segment_without_timestamps_ages_by_the_clock() -> None:
    log = open_log(config=LogConfig(segment_ms=1000), now_ms=NOW_MS - 50_000)
    append(log, batch(timestamp=-1))
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1000)
    assert log.segment_base_offsets == (0,)
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1001)
    assert log.segment_base_offsets == (0, 2)


def test_a_reopened_segment_remembers_its_first_timestamp() -> None:
    files = MemoryFiles()
    log = open_log(files, LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    log = reopen_clean(log, files)
    append(log, batch(timestamp=NOW_MS + 1001))
    assert log.segment_base_offsets == (0, 1)


def test_a_full_index_rolls_the_segment() -> None:
    log = open_log(config=LogConfig(segment_index_bytes=24, index_interval_bytes=0))
    append(log, *[batch() for _ in range(4)])
    assert len(log.segment_base_offsets) > 1


def test_an_empty_segment_is_not_rolled() -> None:
    log = open_log()
    log.roll(NOW_MS)
    assert log.segment_base_offsets == (0,)


# Reading


def test_reading_begins_with_the_batch_that_holds_the_offset() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(3) for _ in range(40)])
    for offset in range(120):
        found = log.read(offset, 1, upper_offset=END)
        assert (found.first_offset, found.next_offset) == (offset // 3 * 3, offset // 3 * 3 + 3)


@pytest.mark.parametrize("max_bytes", [0, 1, 61, 200, 1000, 1 << 20])
def test_only_whole_batches_are_read_whatever_the_limit(max_bytes: int) -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(2, value_bytes=n) for n in range(40)])
    assert _offsets(log, 0, max_bytes) == list(range(0, 80, 2))


def test_a_first_batch_above_the_limit_comes_whole_or_not_at_all() -> None:
    log = open_log()
    append(log, batch(value_bytes=500))
    assert len(log.read(0, 100, upper_offset=END, at_least_one=True).data) == log.size_bytes
    assert log.read(0, 100, upper_offset=END, at_least_one=False) == (b"", 0, 0)
    assert log.read(0, 0, upper_offset=END, at_least_one=False).data == b""


def test_the_limit_is_kept_from_the_second_batch_on() -> None:
    log = open_log()
    append(log, *[batch() for _ in range(5)])
    one = batch().size_bytes
    assert len(log.read(0, 3 * one + 1, upper_offset=END).data) == 3 * one
    assert len(log.read(0, 3 * one, upper_offset=END).data) == 3 * one


def test_nothing_at_or_beyond_the_upper_offset_is_read() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(5)])
    assert log.read(0, 1 << 20, upper_offset=6).next_offset == 6
    assert log.read(0, 1 << 20, upper_offset=5).next_offset == 4
    assert log.read(4, 1 << 20, upper_offset=5).data == b""
    assert log.read(6, 1 << 20, upper_offset=6).data == b""


def test_the_end_is_readable_and_empty_and_what_lies_outside_is_out_of_range() -> None:
    log = open_log()
    append(log, batch(2))
    assert log.read(2, 100, upper_offset=END) == (b"", 2, 2)
    for offset in (-1, 3):
        with pytest.raises(KafkaError) as refused:
            log.read(offset, 100, upper_offset=END)
        assert refused.value.code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_reader_at_the_end_goes_on_over_a_roll() -> None:
    log = open_log(config=SMALL)
    offset = 0
    for n in range(30):
        append(log, batch(2, value_bytes=60))
        found = log.read(offset, 1 << 20, upper_offset=END)
        assert (found.first_offset, found.next_offset) == (2 * n, 2 * n + 2)
        offset = found.next_offset


def test_bytes_available_counts_from_the_batch_that_holds_the_offset() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(3)])
    one = batch(2).size_bytes
    assert [log.bytes_available(offset, 6) for offset in (0, 1, 2, 4, 6)] == [3 * one, 3 * one, 2 * one, one, 0]
    assert log.bytes_available(0, 4) == 2 * one
    assert log.bytes_available(4, 4) == 0


def test_bytes_in_older_segments_are_a_lot() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    assert log.bytes_available(0, END) == log.size_bytes
    log.delete_records_before(3)
    assert log.bytes_available(0, END) == 0


@pytest.mark.parametrize(("at", "byte"), [(16, 1), (8, 0x7F), (11, 1), (0, 0xFF), (23, 0xFF)])
def test_bytes_that_are_no_batch_are_refused_and_the_good_ones_before_them_served(at: int, byte: int) -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, *[batch() for _ in range(3)])
    one = batch().size_bytes
    files.write(f"{DIRECTORY}/{0:020d}.log", [bytes([byte])], one + at)
    assert log.read(0, 1 << 20, upper_offset=END).next_offset == 1
    for start in (1, 2):
        with pytest.raises(KafkaError) as refused:
            log.read(start, 1 << 20, upper_offset=END)
        assert refused.value.code == ErrorCode.CORRUPT_MESSAGE


def test_a_gap_left_by_compaction_reads_on_at_the_next_batch() -> None:
    files = MemoryFiles()
    log = open_log(files)
    for base_offset in (0, 5, 9):
        head, tail = batch().stamped(base_offset, 0)
        files.write(f"{DIRECTORY}/{0:020d}.log", [head, tail], files.size(f"{DIRECTORY}/{0:020d}.log"))
    log = open_log(files)
    assert log.log_end_offset == 10
    assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (0, 1, 5, 6, 9)] == [0, 5, 5, 9, 9]


def test_a_gap_at_the_end_of_a_segment_reads_on_in_the_next_one() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch())
    head, tail = batch().stamped(7, 0)
    files.write(f"{DIRECTORY}/{5:020d}.log", [head, tail], 0)
    log = open_log(files, recovery_point=8)
    assert [log.read(offset, 1, upper_offset=END).first_offset for offset in (0, 1, 5, 7)] == [0, 7, 7, 7]


# Transactions


def _transactional(pid: int, sequence: int, epoch: int = 0) -> RecordBatch:
    return batch(pid=pid, sequence=sequence, epoch=epoch, is_transactional=True)


def _end(log: PartitionLog, pid: int, *, commit: bool, epoch: int = 0) -> int:
    return log.append_marker(pid, epoch, 0, commit, NOW_MS, 0).base_offset


def test_an_open_transaction_holds_the_stable_offset_until_its_marker() -> None:
    log = open_log()
    append(log, batch(), _transactional(1, 0), batch())
    assert (log.last_stable_offset, log.log_end_offset) == (1, 3)
    assert _end(log, 1, commit=True) == 3
    assert log.last_stable_offset == log.log_end_offset == 4
    assert log.aborted_transactions(0, 4) == []


def test_an_aborted_transaction_is_indexed_with_the_stable_offset_after_it() -> None:
    log = open_log()
    append(log, _transactional(1, 0), _transactional(2, 0))
    _end(log, 1, commit=False)
    _end(log, 2, commit=False)
    assert log.aborted_transactions(0, 4) == [(1, 0, 2, 1), (2, 1, 3, 4)]
    assert log.aborted_transactions(3, 4) == [(2, 1, 3, 4)]
    assert log.aborted_transactions(0, 1) == [(1, 0, 2, 1)]
    assert log.aborted_transactions(4, 5) == []


def test_aborted_transactions_are_listed_by_first_offset() -> None:
    log = open_log()
    append(log, _transactional(1, 0), _transactional(2, 0))
    _end(log, 2, commit=False)
    _end(log, 1, commit=False)
    assert [txn.first_offset for txn in log.aborted_transactions(0, 4)] == [0, 1]


def test_aborted_transactions_are_found_over_segments_and_a_restart() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    for n in range(8):
        append(log, _transactional(1, n), batch(value_bytes=150))
        _end(log, 1, commit=False)
    before = [log.aborted_transactions(offset, 24) for offset in range(24)]
    log = reopen_clean(log, files)
    assert log.recovery_report.is_clean
    assert [log.aborted_transactions(offset, 24) for offset in range(24)] == before
    assert len(before[0]) == 8


def test_a_marker_for_nothing_is_appended_and_indexes_nothing() -> None:
    log = open_log()
    assert _end(log, 9, commit=False) == 0
    assert log.aborted_transactions(0, 9) == []
    assert log.last_stable_offset == 1


def test_a_stale_marker_is_refused_and_takes_no_offset() -> None:
    log = open_log()
    append(log, _transactional(1, 0, epoch=2))
    with pytest.raises(KafkaError):
        _end(log, 1, commit=True, epoch=1)
    with pytest.raises(KafkaError):
        log.append_marker(1, 2, 0, True, NOW_MS, 0, must_raise_epoch=True)
    assert (log.log_end_offset, log.last_stable_offset) == (1, 0)


def test_a_marker_is_a_batch_of_78_bytes_stamped_like_any_other() -> None:
    log = open_log(config=LogConfig(message_timestamp_type="LogAppendTime"))
    log.append_marker(5, 1, 3, True, NOW_MS, 4)
    (marker,) = whole_batches(log.read(0, 100, upper_offset=END).data)
    assert (marker.size_bytes, marker.attributes, marker.partition_leader_epoch) == (78, 0x38, 4)
    assert (marker.producer_id, marker.producer_epoch, marker.base_sequence) == (5, 1, -1)


def test_the_stable_offset_never_lies_below_the_start() -> None:
    log = open_log()
    append(log, _transactional(1, 0), batch(), batch())
    log.delete_records_before(2)
    assert log.last_stable_offset == 2
    _end(log, 1, commit=False)
    assert log.aborted_transactions(2, 4) == [(1, 0, 3, 4)]


def test_active_producers_are_listed_by_id() -> None:
    log = open_log()
    append(log, batch(pid=5), batch(pid=2))
    assert [(pid, entry.last_sequence) for pid, entry in log.active_producers()] == [(2, 0), (5, 0)]


def test_silent_producers_are_forgotten_and_may_begin_anew() -> None:
    log = open_log(config=LogConfig(producer_id_expiration_ms=1000))
    append(log, batch(pid=5))
    assert log.expire_producers(NOW_MS + 1000) == 1
    assert append(log, batch(pid=5, sequence=77)) == 1


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
    assert (log.log_start_offset, log.segment_base_offsets) == (4, (4, 6))
    assert f"{0:020d}.log.deleted" in files.list_directory(DIRECTORY)
    assert f"{2:020d}.snapshot" not in files.list_directory(DIRECTORY)
    assert log.purge(NOW_MS + 1501 + 59_999) == 0
    assert log.purge(NOW_MS + 1501 + 60_000) > 0
    assert not [name for name in files.list_directory(DIRECTORY) if name.endswith(".deleted")]
    assert _offsets(log, 4) == [4, 6]


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
    assert (log.log_end_offset, _offsets(log)) == (6, [0, 2, 4])
    assert _refusal(log, batch(2, pid=1, sequence=8)) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
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


def test_cutting_reopens_the_transaction_whose_marker_goes() -> None:
    log = open_log()
    append(log, _transactional(1, 0))
    _end(log, 1, commit=False)
    append(log, _transactional(2, 0))
    log.truncate_to(1, NOW_MS)
    assert log.last_stable_offset == 0
    assert log.aborted_transactions(0, 9) == []


# Time and epochs


def test_the_first_record_at_or_after_a_time_is_found_inside_its_batch() -> None:
    log = open_log(config=SMALL)
    for n in range(20):
        append(log, batch(5, timestamp=NOW_MS + 100 * n, step_ms=10))
    for n in range(20):
        for step in range(5):
            wanted = NOW_MS + 100 * n + 10 * step
            for early in (0, 9):
                found = log.offset_for_timestamp(wanted - early, END)
                assert found == (wanted, 5 * n + step, 0)


def test_the_first_record_in_offset_order_wins_over_the_nearest_in_time() -> None:
    log = open_log()
    append(log, batch(timestamp=NOW_MS + 900), batch(timestamp=NOW_MS), batch(timestamp=NOW_MS + 1000))
    assert log.offset_for_timestamp(NOW_MS, END) == (NOW_MS + 900, 0, 0)
    assert log.offset_for_timestamp(NOW_MS + 901, END) == (NOW_MS + 1000, 2, 0)
    assert log.offset_for_timestamp(NOW_MS + 1001, END) is None


def test_a_time_lookup_stays_between_start_and_upper_offset() -> None:
    log = open_log(config=SMALL)
    append(log, *[batch(timestamp=NOW_MS + n, value_bytes=100) for n in range(9)])
    log.delete_records_before(4)
    assert log.offset_for_timestamp(NOW_MS, END) == (NOW_MS + 4, 4, 0)
    assert log.offset_for_timestamp(NOW_MS + 8, 8) is None


def test_the_largest_timestamp_is_where_it_was_first_reached() -> None:
    log = open_log(config=SMALL)
    assert log.offset_of_max_timestamp(END) is None
    append(log, batch(3, timestamp=NOW_MS, step_ms=50), batch(timestamp=NOW_MS + 100), batch(timestamp=NOW_MS))
    assert log.offset_of_max_timestamp(END) == (NOW_MS + 100, 2, 0)
    assert log.offset_of_max_timestamp(2) is None


def test_under_log_append_time_a_batch_has_one_time() -> None:
    log = open_log(config=LogConfig(message_timestamp_type="LogAppendTime"))
    append(log, batch(3, timestamp=1), now_ms=NOW_MS)
    append(log, batch(3, timestamp=1), now_ms=NOW_MS + 7)
    assert log.offset_for_timestamp(NOW_MS + 1, END) == (NOW_MS + 7, 3, 0)
    assert log.offset_of_max_timestamp(END) == (NOW_MS + 7, 3, 0)


def test_times_are_found_after_a_restart() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, timestamp=NOW_MS + 10 * n, step_ms=1, value_bytes=50) for n in range(20)])
    log = reopen_clean(log, files)
    assert log.largest_timestamp == NOW_MS + 191
    assert log.offset_for_timestamp(NOW_MS + 101, END) == (NOW_MS + 101, 21, 0)


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


def test_a_moved_log_goes_on_under_its_new_path_and_can_be_deleted() -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, batch(2, value_bytes=200))
    files.rename(DIRECTORY, "/data/t-0.abc-delete")
    log.move_to("/data/t-0.abc-delete")
    append(log, batch(2, value_bytes=200))
    assert _offsets(log) == [0, 2]
    log.delete()
    assert not files.exists("/data/t-0.abc-delete")
    assert repr(log) == "PartitionLog(t-0, 0..4)"
