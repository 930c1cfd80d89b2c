"""Fetches that wait: woken by enough bytes, by time, or by a partition that goes."""

from dataclasses import dataclass, field

import pytest

from odradek.broker.purgatory import DelayedFetch, Purgatory, Watched
from odradek.broker.runtime import Timer
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, build_batch

from .conftest import Parts


@dataclass
class Waiting:
    """Purgatory over one topic, and who was answered."""

    parts: Parts = field(default_factory=Parts)
    ready: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        clock = self.parts.clock
        alarm = Timer(clock, lambda: self.waiters.on_time(clock.now()))
        self.waiters = Purgatory(alarm.set)
        self.partition = create_topic(self.parts.topics, "t", 1, {}).partitions[0]

    def park(self, name: str, min_bytes: int = 1, wait_s: float = 10.0, max_bytes: int = 1 << 20) -> DelayedFetch:
        waiter = DelayedFetch(
            watched=[Watched(self.partition, self.partition.log.log_end_offset, max_bytes)],
            min_bytes=min_bytes,
            is_read_committed=False,
            deadline=self.parts.clock.now() + wait_s,
            ready=lambda: self.ready.append(name),
        )
        self.waiters.park(waiter)
        return waiter

    def append(self, partition: Partition | None = None) -> int:
        batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v" * 100, timestamp=1)]))
        (partition or self.partition).append([batch], self.parts.clock.now_ms())
        self.waiters.note_change(partition or self.partition)
        self.waiters.settle()
        return batch.size_bytes


def test_the_next_append_wakes_a_fetch_that_wants_one_byte() -> None:
    waiting = Waiting()
    waiting.park("a")
    waiting.append()
    waiting.append()
    assert waiting.ready == ["a"]


def test_a_fetch_that_wants_more_waits_for_more() -> None:
    waiting = Waiting()
    size = len(build_batch([NewRecord(key=None, value=b"v" * 100, timestamp=1)]))
    waiting.park("a", min_bytes=2 * size)
    waiting.append()
    assert waiting.ready == []
    waiting.append()
    assert waiting.ready == ["a"]


def test_a_partition_counts_no_more_than_its_own_limit() -> None:
    waiting = Waiting()
    waiting.park("a", min_bytes=200, max_bytes=100)
    for _ in range(5):
        waiting.append()
    assert waiting.ready == []


def test_a_fetch_is_answered_at_its_deadline_and_not_before() -> None:
    waiting = Waiting()
    waiting.park("late", wait_s=3)
    waiting.park("early", wait_s=1)
    waiting.parts.clock.advance(0.999)
    assert waiting.ready == []
    waiting.parts.clock.advance(0.001)
    assert waiting.ready == ["early"]
    waiting.parts.clock.advance(5)
    assert waiting.ready == ["early", "late"]
    assert waiting.waiters.next_deadline() is None


def test_a_dropped_fetch_is_never_answered() -> None:
    waiting = Waiting()
    waiting.waiters.drop(waiting.park("gone"))
    waiting.append()
    waiting.parts.clock.advance(20)
    assert waiting.ready == []


def test_an_append_elsewhere_wakes_nobody() -> None:
    waiting = Waiting()
    waiting.park("a")
    waiting.append(create_topic(waiting.parts.topics, "other", 1, {}).partitions[0])
    assert waiting.ready == []


def test_the_deletion_of_its_topic_wakes_a_fetch() -> None:
    waiting = Waiting()
    waiting.park("a")
    topic = waiting.parts.topics.find("t")
    assert topic is not None
    delete_topics(waiting.parts.topics, [topic])
    waiting.waiters.note_change(waiting.partition)
    waiting.waiters.settle()
    assert waiting.ready == ["a"]


def test_a_fetch_at_a_disk_that_cannot_be_read_is_answered_and_keeps_no_other_from_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(5, "Input/output error")

    waiting = Waiting()
    waiting.park("a")
    waiting.park("b")
    monkeypatch.setattr("odradek.storage.log.PartitionLog.bytes_available", refuse)
    waiting.append()
    assert sorted(waiting.ready) == ["a", "b"]
