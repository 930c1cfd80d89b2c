"""Fetches that wait: woken by enough bytes, by time, or by a partition that goes."""

from dataclasses import dataclass, field, replace

import pytest

from odradek.broker.deferred import Deferred
from odradek.broker.purgatory import Purgatory
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.broker.topics.delayed_fetch import DelayedFetch, WatchedPartition
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.records import NO_PRODUCER, NewRecord, ProducerStamp, build_batch

from ..conftest import Parts


@dataclass
class Waiting:
    """Purgatory over one topic, and who was answered."""

    parts: Parts = field(default_factory=Parts)
    ready: list[str] = field(default_factory=list[str])
    failed: list[Exception] = field(default_factory=list[Exception])

    def __post_init__(self) -> None:
        self.purgatory = Purgatory(self.parts.runtime)
        self.partition = create_topic(self.parts.topics, "t", 1, {}).partitions[0]

    def park(
        self,
        name: str,
        min_bytes: int = 1,
        wait_s: float = 10.0,
        max_bytes: int = 1 << 20,
        offset: int | None = None,
        *,
        is_read_committed: bool = False,
    ) -> DelayedFetch:
        deferred: Deferred[FetchResponse] = Deferred()
        deferred.deliver_to(lambda _: self.ready.append(name), self.failed.append)
        log = self.partition.log
        delayed = DelayedFetch(
            watched=[WatchedPartition(self.partition, log.log_end_offset if offset is None else offset, max_bytes)],
            min_bytes=min_bytes,
            is_read_committed=is_read_committed,
            deadline=self.parts.clock.now() + wait_s,
            respond=lambda: FetchResponse(error_code=ErrorCode.NONE, responses=[]),
            deferred=deferred,
        )
        self.purgatory.watch(delayed)
        return delayed

    def append(self, partition: Partition | None = None, *, pid: int = -1) -> int:
        producer = NO_PRODUCER if pid < 0 else ProducerStamp(pid, 0, 0, is_transactional=True)
        batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v" * 100, timestamp=1)], producer=producer))
        (partition or self.partition).append([batch], self.parts.clock.now_ms())
        self.change(partition or self.partition)
        return batch.size_bytes

    def change(self, partition: Partition) -> None:
        self.purgatory.notify_changed(partition)
        self.purgatory.complete_ready()


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


def test_a_fetch_is_woken_by_a_leader_epoch_that_is_not_the_one_it_asked_in() -> None:
    waiting = Waiting()
    named, unnamed = waiting.park("named"), waiting.park("unnamed")
    named.watched = [replace(named.watched[0], leader_epoch=0)]
    assert (named.is_ready(), unnamed.is_ready()) == (False, False)
    waiting.partition.lead(1)
    assert (named.is_ready(), unnamed.is_ready()) == (True, False)


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
    assert waiting.purgatory.next_deadline() is None


def test_a_dropped_fetch_is_never_answered() -> None:
    waiting = Waiting()
    waiting.purgatory.drop(waiting.park("gone"))
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
    waiting.change(waiting.partition)
    assert waiting.ready == ["a"]


def test_a_start_of_the_log_beyond_its_offset_wakes_a_fetch() -> None:
    waiting = Waiting()
    waiting.append()
    waiting.append()
    waiting.park("a", min_bytes=1 << 20, offset=0)
    waiting.partition.log.delete_records_before(1)
    waiting.change(waiting.partition)
    assert waiting.ready == ["a"]


def test_a_partition_that_goes_offline_wakes_a_fetch() -> None:
    waiting = Waiting()
    waiting.park("a")
    waiting.partition.take_offline(OSError(5, "Input/output error"))
    waiting.change(waiting.partition)
    assert waiting.ready == ["a"]


def test_what_is_not_stable_yet_does_not_count_for_who_reads_the_committed() -> None:
    waiting = Waiting()
    waiting.park("committed", is_read_committed=True)
    waiting.park("uncommitted")
    waiting.append(pid=7)
    assert waiting.ready == ["uncommitted"]
    waiting.partition.append_marker(7, 0, 0, is_commit=True, now_ms=waiting.parts.clock.now_ms())
    waiting.change(waiting.partition)
    assert waiting.ready == ["uncommitted", "committed"]


@pytest.mark.parametrize(
    "fault", [OSError(5, "Input/output error"), KafkaError(ErrorCode.CORRUPT_MESSAGE, "no batch at byte 7")]
)
def test_a_fetch_at_a_disk_that_cannot_be_read_is_answered_and_keeps_no_other_from_its_own(
    fault: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> int:
        raise fault

    waiting = Waiting()
    waiting.park("a")
    waiting.park("b")
    monkeypatch.setattr("odradek.storage.log.PartitionLog.bytes_available", refuse)
    waiting.append()
    assert sorted(waiting.ready) == ["a", "b"]


def test_a_fetch_that_fails_for_any_other_reason_hands_its_error_to_its_own_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> int:
        raise ValueError("the unforeseen")

    waiting = Waiting()
    waiting.park("a")
    monkeypatch.setattr("odradek.storage.log.PartitionLog.bytes_available", fail)
    waiting.append()
    assert waiting.ready == []
    assert [str(error) for error in waiting.failed] == ["the unforeseen"]
