"""Old segments of one log go, after what must be durable before; a failure leaves them, and is told."""

import pytest

from odradek.broker.maintenance.retention import delete_old_segments
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, build_batch

from ..conftest import Parts

HOUR_MS = 3_600_000


class Aged:
    """Three segments, the first two of them older than an hour."""

    def __init__(self, *, retention_ms: int = HOUR_MS) -> None:
        self.files = FailingFiles()
        self.parts = Parts(files=self.files)
        configs = {"retention.ms": str(retention_ms), "segment.ms": "1000"}
        self.partition: Partition = create_topic(self.parts.topics, "t", 1, configs).partitions[0]
        for wait_s in (10, 2 * 3600, 0):
            now_ms = self.parts.clock.now_ms()
            self.partition.append([RecordBatch(build_batch([NewRecord(None, b"v", now_ms)]))], now_ms)
            self.parts.clock.advance(wait_s)
        self.parts.changed.clear()
        self.outcomes: list[Exception | None] = []

    def delete(self) -> None:
        delete_old_segments(
            self.partition,
            self.partition.open_log(),
            self.parts.store,
            self.parts.clock.now_ms(),
            self.outcomes.append,
        )

    @property
    def start(self) -> int:
        return self.partition.log.log_start_offset


def test_what_is_too_old_goes_and_those_who_wait_hear_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    aged = Aged()
    aged.delete()
    assert (aged.start, aged.outcomes, aged.parts.changed) == (2, [None], [aged.partition])
    assert "segments deleted  partition=t-0 count=2" in capfd.readouterr().err


def test_where_nothing_is_too_old_nothing_happens() -> None:
    aged = Aged(retention_ms=1000 * HOUR_MS)
    aged.delete()
    assert (aged.start, aged.outcomes, aged.parts.changed) == (0, [None], [])


def test_nothing_is_deleted_before_its_turn_on_the_thread_has_come() -> None:
    aged = Aged()
    aged.parts.threads.holds = True
    aged.delete()
    assert (aged.start, aged.outcomes) == (0, [])
    aged.parts.threads.finish_all()
    assert (aged.start, aged.outcomes) == (2, [None])


def test_an_fsync_that_fails_keeps_everything_and_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    aged = Aged()
    aged.files.sync_error = BROKEN
    aged.delete()
    assert aged.start == 0
    assert [isinstance(outcome, OSError) for outcome in aged.outcomes] == [True]
    assert "old segments cannot be deleted yet  partition=t-0" in capfd.readouterr().err


def test_a_log_that_was_closed_meanwhile_is_left_alone() -> None:
    aged = Aged()
    aged.parts.threads.holds = True
    aged.delete()
    aged.partition.drop_log()
    aged.parts.threads.finish_all()
    assert aged.outcomes == [None]
    assert aged.parts.changed == []
