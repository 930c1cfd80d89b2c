"""Logs that nobody uses: recovered after a crash, and rid of what is too old, without being kept open."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from odradek.broker.maintenance import idle_logs
from odradek.broker.maintenance.idle_logs import IdleLogs
from odradek.broker.slices import run_to_end
from odradek.broker.testing.disks import BROKEN, FULL, FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from ..conftest import Parts

HOUR_S = 3600.0


class Idle:
    """Parts whose idle logs are idle by the hand-turned clock, every hour."""

    def __init__(self) -> None:
        self.files = FailingFiles()
        self.parts = Parts(files=self.files)

    def start_idle_logs(self) -> IdleLogs:
        parts = self.parts
        begun = IdleLogs(HOUR_S, parts.runtime, lambda: parts.topics.partitions(), parts.store)
        begun.start()
        return begun

    def restart(self, *, is_clean: bool) -> None:
        self.parts.restart(is_clean=is_clean)
        self.idle_logs = self.start_idle_logs()

    def fill(self, name: str = "t", partitions: int = 1, **overrides: str) -> list[Partition]:
        topic = create_topic(
            self.parts.topics, name, partitions, {k.replace("_", "."): v for k, v in overrides.items()}
        )
        for partition in topic.partitions:
            self.append(partition)
        return list(topic.partitions)

    def append(self, partition: Partition) -> None:
        now_ms = self.parts.clock.now_ms()
        partition.append([RecordBatch(build_batch([NewRecord(None, b"v", now_ms)]))], now_ms)

    def partition(self, index: int = 0) -> Partition:
        return self.parts.topics.partition("t", index)

    def is_marked_clean(self) -> bool:
        return self.files.exists("/data/.kafka_cleanshutdown")


def test_after_a_crash_every_log_is_recovered_and_closed_again() -> None:
    idle = Idle()
    idle.fill(partitions=3)
    idle.restart(is_clean=False)
    assert idle.parts.store.has_unrecovered
    idle.parts.clock.advance(1)
    assert not idle.parts.store.has_unrecovered
    assert all(idle.partition(index).opened_log is None for index in range(3))
    idle.parts.store.close()
    assert idle.is_marked_clean()


def test_a_log_that_was_visited_is_trusted_when_it_is_used() -> None:
    idle = Idle()
    idle.fill()
    idle.restart(is_clean=False)
    idle.parts.clock.advance(1)
    opened = idle.partition().open_log()
    assert opened.recovery_report.is_clean
    assert (opened.log_end_offset, opened.recovery_point) == (1, 1)
    idle.append(idle.partition())
    idle.restart(is_clean=False)
    assert idle.partition().log.log_end_offset == 2
    assert not idle.partition().open_log().recovery_report.is_clean


def test_what_became_too_old_goes_although_nobody_uses_the_log() -> None:
    idle = Idle()
    idle.fill(retention_ms=str(24 * 3_600_000))
    idle.restart(is_clean=True)
    idle.parts.clock.advance(20 * HOUR_S)
    assert idle.files.exists("/data/t-0/00000000000000000000.log")
    idle.parts.clock.advance(5 * HOUR_S)
    assert not idle.files.exists("/data/t-0/00000000000000000000.log")
    opened = idle.partition().open_log()
    assert (opened.log_start_offset, opened.log_end_offset) == (1, 1)
    assert opened.recovery_report.is_clean


def test_a_log_in_use_is_left_to_those_who_use_it() -> None:
    idle = Idle()
    idle.fill()
    idle.restart(is_clean=False)
    used = idle.partition().log
    idle.parts.clock.advance(2 * HOUR_S)
    assert idle.partition().opened_log is used


def test_a_partition_that_was_never_written_to_gets_no_directory() -> None:
    idle = Idle()
    create_topic(idle.parts.topics, "t", 1, {})
    idle.restart(is_clean=False)
    idle.parts.clock.advance(2 * HOUR_S)
    assert not idle.files.exists("/data/t-0")


def test_what_takes_long_is_recovered_before_the_broker_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = Idle()
    small, large = idle.fill(partitions=2)
    for _ in range(9):
        idle.append(large)
    limit = large.open_log().size_bytes
    assert small.open_log().size_bytes < limit
    monkeypatch.setattr(idle_logs, "LARGE_BYTES", limit)
    idle.restart(is_clean=False)
    run_to_end(idle.idle_logs.recover_large())
    assert idle.partition(0).opened_log is None
    assert idle.partition(1).opened_log is not None


def test_after_a_clean_stop_nothing_is_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = Idle()
    idle.fill()
    monkeypatch.setattr(idle_logs, "LARGE_BYTES", 1)
    idle.restart(is_clean=True)
    run_to_end(idle.idle_logs.recover_large())
    idle.parts.clock.advance(2)
    assert idle.partition().opened_log is None


def test_a_log_that_cannot_be_read_is_tried_again_and_disturbs_no_other() -> None:
    idle = Idle()
    idle.fill(partitions=2)
    idle.restart(is_clean=False)
    idle.files.read_error = BROKEN
    idle.parts.clock.advance(2)
    assert idle.parts.store.has_unrecovered
    with pytest.raises(KafkaError):
        assert idle.partition().log
    idle.files.read_error = None
    idle.parts.clock.advance(2 * HOUR_S)
    assert not idle.parts.store.has_unrecovered


def test_a_log_that_cannot_be_written_stays_open() -> None:
    idle = Idle()
    idle.fill()
    idle.restart(is_clean=False)
    assert idle.partition().log.log_end_offset == 1
    idle.restart(is_clean=False)
    idle.files.write_error = FULL
    idle.parts.clock.advance(2)
    assert idle.partition().opened_log is not None
    assert not idle.parts.store.has_unrecovered
    idle.files.write_error = None
    idle.parts.clock.advance(2 * HOUR_S)
    assert idle.partition().opened_log is not None  # and is seen to like any other that is
    idle.append(idle.partition())


def test_a_log_whose_fsync_fails_is_taken_offline() -> None:
    idle = Idle()
    idle.fill(partitions=2)
    idle.restart(is_clean=False)
    idle.files.sync_error = BROKEN
    idle.parts.clock.advance(2)
    assert idle.partition().is_offline


def test_a_round_is_cut_into_slices() -> None:
    idle = Idle()
    idle.fill(partitions=5)
    idle.restart(is_clean=False)
    parts = idle.parts
    close_log = parts.store.close_log
    seen: list[float] = []

    def close_slowly(topic: str, index: int, then: Callable[[bool, Exception | None], None]) -> None:
        close_log(topic, index, then)
        seen.append(parts.clock.now())
        parts.clock.advance(idle_logs.SLICE_S)

    parts.store.close_log = close_slowly  # type: ignore[method-assign]
    parts.clock.advance(2)
    assert len(seen) == 5
    assert all(later - earlier >= idle_logs.PAUSE_S for earlier, later in pairwise(seen))


def test_right_after_a_crash_nothing_is_deleted_however_old_it_is() -> None:
    idle = Idle()
    idle.fill(retention_ms="1000")
    idle.parts.clock.advance(60)
    idle.restart(is_clean=False)
    idle.parts.clock.advance(60)
    assert not idle.parts.store.has_unrecovered
    assert idle.partition().log.log_start_offset == 0
    idle.parts.store.close_log("t", 0, lambda is_closed, error: None)
    idle.partition().drop_log()
    idle.parts.clock.advance(HOUR_S)
    assert idle.partition().log.log_start_offset == 1


def test_a_log_with_an_open_transaction_stays_open_for_its_end() -> None:
    idle = Idle()
    (partition,) = idle.fill()
    record = NewRecord(None, b"v", idle.parts.clock.now_ms())
    batch = build_batch([record], producer=ProducerStamp(7, 0, 0, is_transactional=True))
    partition.append([RecordBatch(batch)], idle.parts.clock.now_ms(), is_from_client=False)
    idle.restart(is_clean=False)
    idle.parts.clock.advance(2)
    assert idle.partition().opened_log is not None


def test_a_log_with_much_to_recover_is_opened_in_the_background_and_the_next_one_after_it() -> None:
    idle = Idle()
    large, _ = idle.fill(partitions=2)
    batch = RecordBatch(build_batch([NewRecord(None, b"v", 1)]))
    large.append([batch] * 2000, idle.parts.clock.now_ms(), is_from_client=False)
    idle.restart(is_clean=False)
    assert idle.parts.store.has_unrecovered
    idle.parts.clock.advance(2)
    assert not idle.parts.store.has_unrecovered
    assert all(idle.partition(index).opened_log is None for index in range(2))
    assert idle.partition(0).log.log_end_offset == 2001
