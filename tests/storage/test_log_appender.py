"""Batches that are appended, all or none, and recognised when they come again."""

import pytest

from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.protocol.batch import whole_batches
from odradek.protocol.errors import ErrorCode
from odradek.storage.log_config import LogConfig
from odradek.storage.validation import InvalidRecords

from .builders import (
    END,
    NOW_MS,
    append,
    batch,
    largest_timestamp,
    offsets_read,
    open_log,
    refusal,
)


def test_batches_get_offsets_one_after_another() -> None:
    log = open_log()
    first = log.append([batch(3)], NOW_MS, leader_epoch=0)
    second = log.append([batch(2)], NOW_MS, leader_epoch=0)
    assert (first.base_offset, first.last_offset, second.base_offset, second.last_offset) == (0, 2, 3, 4)
    assert (first.log_append_time_ms, first.log_start_offset, first.is_duplicate) == (-1, 0, False)
    assert log.log_end_offset == log.high_watermark == log.last_stable_offset == 5
    assert log.size_bytes == first.size_bytes + second.size_bytes
    assert largest_timestamp(log) == NOW_MS


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


def test_a_full_disk_leaves_the_log_as_it_was_and_able_to_go_on() -> None:
    files = FailingFiles()
    log = open_log(files)
    append(log, batch(pid=1, sequence=0))
    files.write_error = FULL
    with pytest.raises(OSError, match="No space"):
        append(log, batch(pid=1, sequence=1))
    assert (log.log_end_offset, log.size_bytes) == (1, batch(pid=1).size_bytes)
    files.write_error = None
    assert append(log, batch(pid=1, sequence=1)) == 1
    assert offsets_read(log) == [0, 1]
