"""fsync before the acknowledgement, shared by all who wait."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from odradek.broker.runtime import Stopped, Then
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.broker.topics.log_flusher import LATER_S, MOST_REFUSALS, SOON_S, Durable, LogFlusher
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, build_batch

from ..conftest import Parts


@dataclass
class Flushing:
    """A flusher whose thread runs when the test says so."""

    overrides: Mapping[str, str]
    parts: Parts = field(default_factory=Parts)
    jobs: list[Callable[[Exception | None], None]] = field(default_factory=list[Callable[[Exception | None], None]])
    told: list[tuple[str, Exception | None]] = field(default_factory=list[tuple[str, Exception | None]])

    def __post_init__(self) -> None:
        self.partition = create_topic(self.parts.topics, "t", 1, self.overrides).partitions[0]
        self.flusher = LogFlusher(
            replace(self.parts.runtime, threads=self), self.parts.store.note_sealed, self.parts.store.make_room
        )

    def run(self, work: Callable[[], None], then: Then) -> None:
        def run(error: Exception | None) -> None:
            failure: Exception | None = error
            if error is None:
                try:
                    work()
                except OSError as found:
                    failure = found
            then(failure)

        self.jobs.append(run)

    def append(self) -> bool:
        """Append one record; whether its answer must wait."""
        batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v", timestamp=1)]))
        self.partition.append([batch], self.parts.clock.now_ms())
        self.flusher.schedule(self.partition)
        return self.flusher.is_due(self.partition)

    def flush(self, name: str) -> None:
        self.flusher.flush(self.partition, lambda error: self.told.append((name, error)))

    def finish(self, error: OSError | None = None) -> None:
        self.jobs.pop(0)(error)


def test_by_default_nothing_waits_for_the_disk() -> None:
    flushing = Flushing({})
    assert not any(flushing.append() for _ in range(100))
    assert flushing.jobs == []


def test_to_ask_whether_an_fsync_is_due_begins_none() -> None:
    flushing = Flushing({"flush.ms": "1000", "segment.bytes": "1048576"})
    batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v", timestamp=1)]))
    flushing.partition.append([batch], flushing.parts.clock.now_ms())
    flushing.partition.open_log().roll(flushing.parts.clock.now_ms())
    flushing.flusher.is_due(flushing.partition)
    assert (flushing.jobs, flushing.parts.clock.pending) == ([], 0)


def test_what_waits_for_several_logs_gets_the_failure_of_any() -> None:
    flushing = Flushing({"flush.messages": "1"})
    other = create_topic(flushing.parts.topics, "u", 1, {"flush.messages": "1"}).partitions[0]
    batch = RecordBatch(build_batch([NewRecord(key=None, value=b"v", timestamp=1)]))
    other.append([batch], flushing.parts.clock.now_ms())
    flushing.append()
    flushing.flusher.when_durable([flushing.partition, other], lambda error: flushing.told.append(("both", error)))
    failure = OSError(5, "Input/output error")
    flushing.finish(failure)
    assert flushing.told == []
    flushing.finish()
    assert flushing.told == [("both", failure)]


def test_flush_messages_makes_every_so_manyth_append_wait() -> None:
    flushing = Flushing({"flush.messages": "3"})
    assert [flushing.append() for _ in range(3)] == [False, False, True]
    flushing.flush("a")
    assert flushing.told == []
    flushing.finish()
    assert flushing.told == [("a", None)]
    assert flushing.partition.open_log().recovery_point == 3
    assert not flushing.append()


def test_a_slow_disk_is_waited_for_and_no_fsync_is_made_that_nothing_asks_for() -> None:
    flushing = Flushing({})
    flushing.flusher.slowness_s = lambda partition: 2.0
    flushing.append()
    assert flushing.flusher.schedule(flushing.partition)
    flushing.flush("a")
    flushing.parts.clock.advance(1.9)
    assert (flushing.told, flushing.jobs) == ([], [])
    flushing.parts.clock.advance(0.1)
    assert flushing.told == [("a", None)]
    flushing.flusher.slowness_s = None
    assert not flushing.append()


def test_a_slow_disk_tells_of_a_failed_fsync_when_its_time_has_passed() -> None:
    flushing = Flushing({"flush.messages": "1"})
    flushing.flusher.slowness_s = lambda partition: 2.0
    flushing.append()
    flushing.flush("a")
    failure = OSError(5, "Input/output error")
    flushing.finish(failure)
    assert flushing.told == []
    flushing.parts.clock.advance(2)
    assert flushing.told == [("a", failure)]


def test_those_who_come_during_an_fsync_share_the_next_one() -> None:
    flushing = Flushing({"flush.messages": "1"})
    for name in ("a", "b", "c"):
        assert flushing.append()
        flushing.flush(name)
    assert len(flushing.jobs) == 1
    flushing.finish()
    assert [name for name, _ in flushing.told] == ["a"]
    assert len(flushing.jobs) == 1
    flushing.finish()
    assert [name for name, _ in flushing.told] == ["a", "b", "c"]
    assert flushing.jobs == []


def test_a_failed_fsync_is_told_and_promises_nothing() -> None:
    flushing = Flushing({"flush.messages": "1"})
    flushing.append()
    flushing.flush("a")
    failure = OSError(5, "Input/output error")
    flushing.finish(failure)
    assert flushing.told == [("a", failure)]
    assert flushing.partition.is_offline
    (log,) = (log for log in flushing.parts.store.opened_logs() if log.topic == "t")
    assert log.recovery_point == 0


def test_an_fsync_of_a_sealed_segment_that_fails_in_the_background_counts_as_any_other() -> None:
    flushing = Flushing({"segment.bytes": "1048576"})
    flushing.append()
    flushing.partition.open_log().roll(flushing.parts.clock.now_ms())
    assert not flushing.append()
    assert len(flushing.jobs) == 1
    flushing.finish(OSError(5, "Input/output error"))
    assert flushing.partition.is_offline


def test_an_fsync_that_ends_after_its_topic_was_deleted_harms_nobody() -> None:
    flushing = Flushing({"flush.messages": "1"})
    flushing.append()
    flushing.flush("a")
    (topic,) = flushing.parts.topics
    delete_topics(flushing.parts.topics, [topic])
    flushing.finish()
    assert flushing.told == [("a", None)]


def test_flush_ms_flushes_in_time_without_another_append() -> None:
    flushing = Flushing({"flush.ms": "1000"})
    assert not flushing.append()
    flushing.parts.clock.advance(0.5)
    assert flushing.jobs == []
    flushing.parts.clock.advance(0.5)
    flushing.finish()
    assert flushing.partition.open_log().recovery_point == 1


def test_whoever_comes_while_others_are_answered_waits_for_the_next_fsync_and_loses_nobody() -> None:
    flushing = Flushing({"flush.messages": "1"})

    def answered(name: str) -> Durable:
        def durable(error: Exception | None) -> None:
            flushing.told.append((name, error))
            if name == "first":  # its connection takes the next request at once
                flushing.append()
                flushing.flush("its next")

        return durable

    flushing.append()
    flushing.flusher.flush(flushing.partition, answered("first"))
    flushing.append()
    flushing.flusher.flush(flushing.partition, answered("latecomer"))
    flushing.finish()
    assert flushing.told == [("first", None)]
    assert len(flushing.jobs) == 1
    flushing.finish()
    assert flushing.told == [("first", None), ("latecomer", None), ("its next", None)]
    assert flushing.jobs == []


def test_one_that_cannot_be_answered_keeps_no_other_from_its_answer(capfd: pytest.CaptureFixture[str]) -> None:
    flushing = Flushing({"flush.messages": "1"})

    def fail(error: Exception | None) -> None:
        raise ValueError("the unforeseen")

    flushing.append()
    flushing.flusher.flush(flushing.partition, fail)
    flushing.flush("latecomer")
    flushing.finish()
    flushing.finish()
    assert flushing.told == [("latecomer", None)]
    assert "the unforeseen" in capfd.readouterr().err


def _short_of_descriptors(overrides: Mapping[str, str]) -> tuple[Flushing, FailingFiles]:
    files = FailingFiles()
    return Flushing(overrides, Parts(files=files)), files


def test_an_fsync_that_finds_no_descriptor_is_made_as_soon_as_there_is_one_and_those_who_wait_wait_on() -> None:
    flushing, files = _short_of_descriptors({"flush.messages": "1"})
    flushing.append()
    flushing.flush("a")
    files.opens_left = 0
    flushing.finish()
    flushing.append()
    flushing.flush("latecomer")
    assert (flushing.told, flushing.jobs, flushing.partition.is_offline) == ([], [], False)
    files.opens_left = None
    flushing.parts.clock.advance(SOON_S)
    flushing.finish()
    assert flushing.told == [("a", None), ("latecomer", None)]
    assert flushing.partition.open_log().recovery_point == 2


def test_who_has_waited_for_a_descriptor_too_long_is_told_and_the_fsync_is_made_all_the_same() -> None:
    flushing, files = _short_of_descriptors({"flush.messages": "1"})
    flushing.append()
    flushing.flush("a")
    files.opens_left = 0
    flushing.finish()
    for _ in range(MOST_REFUSALS):
        assert flushing.told == []
        flushing.parts.clock.advance(SOON_S)
        flushing.finish()
    ((name, error),) = flushing.told
    assert name == "a"
    assert "Too many open files" in str(error)
    assert flushing.jobs == []
    files.opens_left = None
    flushing.parts.clock.advance(LATER_S)
    flushing.finish()
    assert flushing.partition.open_log().recovery_point == 1
    assert not flushing.partition.is_offline


def test_an_fsync_that_nobody_waits_for_is_not_lost_where_it_cannot_be_begun() -> None:
    flushing, files = _short_of_descriptors({"flush.ms": "1000", "index.interval.bytes": "1"})
    for _ in range(3):  # there are index entries to write
        flushing.append()
    files.failing_writes = 1
    flushing.parts.clock.advance(1)
    assert flushing.jobs == []
    flushing.parts.clock.advance(LATER_S)
    flushing.finish()
    assert flushing.partition.open_log().recovery_point == 3
    flushing.parts.clock.advance(10 * LATER_S)
    assert flushing.jobs == []


def test_a_log_that_has_gone_is_not_tried_again() -> None:
    flushing, files = _short_of_descriptors({"flush.messages": "1"})
    flushing.append()
    flushing.flush("a")
    files.opens_left = 0
    flushing.finish()
    files.opens_left = None
    delete_topics(flushing.parts.topics, list(flushing.parts.topics))
    flushing.parts.clock.advance(SOON_S)
    assert [name for name, _ in flushing.told] == ["a"]
    flushing.parts.clock.advance(LATER_S)
    assert flushing.jobs == []


def test_an_fsync_asked_for_after_the_end_is_refused_and_says_nothing_of_the_disk(
    capfd: pytest.CaptureFixture[str],
) -> None:
    flushing = Flushing({"flush.messages": "1"})
    flushing.append()
    flushing.flush("a")
    flushing.jobs.pop()(Stopped())
    assert [(name, type(error)) for name, error in flushing.told] == [("a", Stopped)]
    log = flushing.partition.open_log()
    assert (flushing.partition.is_offline, log.failure, log.unflushed_messages) == (False, None, 1)
    assert capfd.readouterr().err.count("error") == 0
