"""Logs that nobody uses: recovered after a crash, and rid of what is too old, without being kept open."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from odradek.broker.maintenance import idle_logs as visits
from odradek.broker.maintenance.idle_logs import IdleLogs
from odradek.broker.testing.disks import BROKEN, FULL, FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from ..conftest import Parts

HOUR_S = 3600.0


class Visited:
    """Parts whose idle logs are visited by the hand-turned clock, every hour."""

    def __init__(self) -> None:
        self.files = FailingFiles()
        self.parts = Parts(files=self.files)

    def start_visits(self) -> IdleLogs:
        parts = self.parts
        begun = IdleLogs(HOUR_S, parts.runtime, lambda: parts.topics.partitions(), parts.store)
        begun.start()
        return begun

    def restart(self, *, is_clean: bool) -> None:
        self.parts.restart(is_clean=is_clean)
        self.visits = self.start_visits()

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
    visited = Visited()
    visited.fill(partitions=3)
    visited.restart(is_clean=False)
    assert visited.parts.store.has_unrecovered
    visited.parts.clock.advance(1)
    assert not visited.parts.store.has_unrecovered
    assert all(visited.partition(index).opened_log is None for index in range(3))
    visited.parts.store.close()
    assert visited.is_marked_clean()


def test_a_log_that_was_visited_is_trusted_when_it_is_used() -> None:
    visited = Visited()
    visited.fill()
    visited.restart(is_clean=False)
    visited.parts.clock.advance(1)
    opened = visited.partition().open_log()
    assert opened.recovery_report.is_clean
    assert (opened.log_end_offset, opened.recovery_point) == (1, 1)
    visited.append(visited.partition())
    visited.restart(is_clean=False)
    assert visited.partition().log.log_end_offset == 2
    assert not visited.partition().open_log().recovery_report.is_clean


def test_what_became_too_old_goes_although_nobody_uses_the_log() -> None:
    visited = Visited()
    visited.fill(retention_ms=str(24 * 3_600_000))
    visited.restart(is_clean=True)
    visited.parts.clock.advance(20 * HOUR_S)
    assert visited.files.exists("/data/t-0/00000000000000000000.log")
    visited.parts.clock.advance(5 * HOUR_S)
    assert not visited.files.exists("/data/t-0/00000000000000000000.log")
    opened = visited.partition().open_log()
    assert (opened.log_start_offset, opened.log_end_offset) == (1, 1)
    assert opened.recovery_report.is_clean


def test_a_log_in_use_is_left_to_those_who_use_it() -> None:
    visited = Visited()
    visited.fill()
    visited.restart(is_clean=False)
    used = visited.partition().log
    visited.parts.clock.advance(2 * HOUR_S)
    assert visited.partition().opened_log is used


def test_a_partition_that_was_never_written_to_gets_no_directory() -> None:
    visited = Visited()
    create_topic(visited.parts.topics, "t", 1, {})
    visited.restart(is_clean=False)
    visited.parts.clock.advance(2 * HOUR_S)
    assert not visited.files.exists("/data/t-0")


def test_what_takes_long_is_recovered_before_the_broker_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    visited = Visited()
    small, large = visited.fill(partitions=2)
    for _ in range(9):
        visited.append(large)
    limit = large.open_log().size_bytes
    assert small.open_log().size_bytes < limit
    monkeypatch.setattr(visits, "LARGE_BYTES", limit)
    visited.restart(is_clean=False)
    visited.visits.recover_large()
    assert visited.partition(0).opened_log is None
    assert visited.partition(1).opened_log is not None


def test_after_a_clean_stop_nothing_is_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    visited = Visited()
    visited.fill()
    monkeypatch.setattr(visits, "LARGE_BYTES", 1)
    visited.restart(is_clean=True)
    visited.visits.recover_large()
    visited.parts.clock.advance(2)
    assert visited.partition().opened_log is None


def test_a_log_that_cannot_be_read_is_tried_again_and_disturbs_no_other() -> None:
    visited = Visited()
    visited.fill(partitions=2)
    visited.restart(is_clean=False)
    visited.files.read_error = BROKEN
    visited.parts.clock.advance(2)
    assert visited.parts.store.has_unrecovered
    with pytest.raises(KafkaError):
        assert visited.partition().log
    visited.files.read_error = None
    visited.parts.clock.advance(2 * HOUR_S)
    assert not visited.parts.store.has_unrecovered


def test_a_log_that_cannot_be_written_stays_open() -> None:
    visited = Visited()
    visited.fill()
    visited.restart(is_clean=False)
    assert visited.partition().log.log_end_offset == 1
    visited.restart(is_clean=False)
    visited.files.write_error = FULL
    visited.parts.clock.advance(2)
    assert visited.partition().opened_log is not None
    assert not visited.parts.store.has_unrecovered
    visited.files.write_error = None
    visited.parts.clock.advance(2 * HOUR_S)
    assert visited.partition().opened_log is not None  # and is seen to like any other that is
    visited.append(visited.partition())


def test_a_log_whose_fsync_fails_is_taken_offline() -> None:
    visited = Visited()
    visited.fill(partitions=2)
    visited.restart(is_clean=False)
    visited.files.sync_error = BROKEN
    visited.parts.clock.advance(2)
    assert visited.partition().is_offline


def test_a_round_is_cut_into_slices() -> None:
    visited = Visited()
    visited.fill(partitions=5)
    visited.restart(is_clean=False)
    parts = visited.parts
    close_log = parts.store.close_log
    seen: list[float] = []

    def close_slowly(topic: str, index: int, then: Callable[[bool, Exception | None], None]) -> None:
        close_log(topic, index, then)
        seen.append(parts.clock.now())
        parts.clock.advance(visits.SLICE_S)

    parts.store.close_log = close_slowly  # type: ignore[method-assign]
    parts.clock.advance(2)
    assert len(seen) == 5
    assert all(later - earlier >= visits.PAUSE_S for earlier, later in pairwise(seen))


def test_right_after_a_crash_nothing_is_deleted_however_old_it_is() -> None:
    visited = Visited()
    visited.fill(retention_ms="1000")
    visited.parts.clock.advance(60)
    visited.restart(is_clean=False)
    visited.parts.clock.advance(60)
    assert not visited.parts.store.has_unrecovered
    assert visited.partition().log.log_start_offset == 0
    visited.parts.store.close_log("t", 0, lambda is_closed, error: None)
    visited.partition().drop_log()
    visited.parts.clock.advance(HOUR_S)
    assert visited.partition().log.log_start_offset == 1


def test_a_log_with_an_open_transaction_stays_open_for_its_end() -> None:
    visited = Visited()
    (partition,) = visited.fill()
    record = NewRecord(None, b"v", visited.parts.clock.now_ms())
    batch = build_batch([record], producer=ProducerStamp(7, 0, 0, is_transactional=True))
    partition.append([RecordBatch(batch)], visited.parts.clock.now_ms(), is_from_client=False)
    visited.restart(is_clean=False)
    visited.parts.clock.advance(2)
    assert visited.partition().opened_log is not None
