"""Logs with much to recover: opened a slice in each turn, while whoever uses one is told to come again."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from odradek.broker.testing.clock import ManualClock, ManualTimer
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.broker.topics import log_openings
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, build_batch

from ..conftest import Parts

BATCHES = 2000  # a use goes through half of them at most


class Turns(ManualClock):
    """Counts the calls that are to come in the next turn of the loop."""

    turns = 0

    def call_soon(self, on_fire: Callable[[], None]) -> ManualTimer:
        self.turns += 1
        return super().call_soon(on_fire)


def crashed(partitions: int = 1, value_bytes: int = 1) -> Parts:
    """Parts after a kill, with much to recover in each partition of `t`."""
    parts = Parts(clock=Turns(), files=FailingFiles())
    batch = RecordBatch(build_batch([NewRecord(None, bytes(value_bytes), parts.clock.now_ms())]))
    for partition in create_topic(parts.topics, "t", partitions, {}).partitions:
        partition.append([batch] * BATCHES, parts.clock.now_ms(), is_from_client=False)
    parts.restart(is_clean=False)
    return parts


@pytest.fixture
def parts() -> Parts:
    return crashed()


def first(parts: Parts) -> Partition:
    return parts.topics.partition("t", 0)


def refusal(partition: Partition) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        _ = partition.log
    return refused.value.code


def test_who_uses_a_log_with_much_to_recover_is_told_to_come_again_until_it_is_open(parts: Parts) -> None:
    partition = first(parts)
    for _ in range(3):
        assert refusal(partition) == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert partition.opened_log is None
    parts.clock.advance(0)
    assert partition.log.log_end_offset == BATCHES
    assert not partition.open_log().recovery_report.is_clean


def test_a_log_with_little_to_recover_is_opened_by_its_first_use() -> None:
    parts = Parts()
    partition = create_topic(parts.topics, "t", 1, {}).partitions[0]
    partition.append([RecordBatch(build_batch([NewRecord(None, b"v", 1)]))], 1)
    parts.restart(is_clean=False)
    assert first(parts).log.log_end_offset == 1


def test_an_append_to_it_is_refused_with_an_error_that_producers_retry(parts: Parts) -> None:
    with pytest.raises(KafkaError) as refused:
        first(parts).append([RecordBatch(build_batch([NewRecord(None, b"v", 1)]))], 1)
    assert refused.value.code == ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_each_slice_is_followed_by_a_turn_of_the_loop(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_openings, "SLICE_S", 0)
    assert isinstance(parts.clock, Turns)
    refusal(first(parts))
    before = parts.clock.turns
    parts.clock.advance(0)
    assert first(parts).opened_log is not None
    assert parts.clock.turns - before >= (BATCHES - 1024) // 16


def test_logs_are_opened_one_after_the_other() -> None:
    parts = crashed(3)
    opened: list[int] = []

    def note(index: int, error: KafkaError | None) -> None:
        opened.append(index)

    for index in (2, 0, 1):
        parts.topics.partition("t", index).open_soon(partial(note, index))
    assert (opened, len(parts.topics._openings)) == ([], 3)
    parts.clock.advance(0)
    assert (opened, len(parts.topics._openings)) == ([2, 0, 1], 0)


def test_a_log_that_is_needed_at_once_is_opened_at_once_and_those_who_wait_hear_of_it(parts: Parts) -> None:
    heard: list[KafkaError | None] = []
    first(parts).open_soon(heard.append)
    assert first(parts).open_log().log_end_offset == BATCHES
    parts.clock.advance(0)
    assert heard == [None]
    first(parts).open_soon(heard.append)
    assert heard == [None, None]


def test_a_topic_that_is_deleted_meanwhile_is_not_written_to_any_more(parts: Parts) -> None:
    heard: list[KafkaError | None] = []
    partition = first(parts)
    partition.open_soon(heard.append)
    delete_topics(parts.topics, list(parts.topics))
    create_topic(parts.topics, "t", 1, {})
    parts.clock.advance(0)
    assert [error.code for error in heard if error] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    assert partition.opened_log is None
    assert first(parts).log.log_end_offset == 0


def test_a_log_that_cannot_be_read_any_more_is_an_error_and_is_tried_again_by_the_next_use() -> None:
    parts = crashed(value_bytes=2000)  # more than is read in one piece
    heard: list[KafkaError | None] = []
    assert isinstance(parts.files, FailingFiles)
    first(parts).open_soon(heard.append)
    parts.files.read_error = BROKEN
    parts.clock.advance(0)
    parts.files.read_error = None
    assert [error.code for error in heard if error] == [ErrorCode.KAFKA_STORAGE_ERROR]
    assert refusal(first(parts)) == ErrorCode.NOT_LEADER_OR_FOLLOWER
    parts.clock.advance(0)
    assert first(parts).log.log_end_offset == BATCHES


def test_a_stop_meanwhile_leaves_the_rest_to_the_next_start(parts: Parts) -> None:
    refusal(first(parts))
    parts.store.close()
    with pytest.raises(KafkaError) as refused:
        first(parts).open_log()
    assert refused.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    parts.start()
    assert parts.store.has_unrecovered
    assert first(parts).open_log().log_end_offset == BATCHES


def test_settings_that_change_meanwhile_are_those_of_the_log_when_it_is_open(parts: Parts) -> None:
    refusal(first(parts))
    topic = parts.topics.find("t")
    assert topic is not None
    topic.image.configs["retention.ms"] = "5"
    parts.clock.advance(0)
    assert first(parts).log.config.retention_ms == 5


def test_an_opening_that_fails_as_none_should_is_not_waited_for_any_more(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Iterator[None]:
        yield from [None] * 99
        raise ValueError

    heard: list[KafkaError | None] = []
    monkeypatch.setattr(parts.store, "opening", failing)
    first(parts).open_soon(heard.append)
    parts.clock.advance(0)
    assert [error.code for error in heard if error] == [ErrorCode.UNKNOWN_SERVER_ERROR]
    monkeypatch.undo()
    assert refusal(first(parts)) == ErrorCode.NOT_LEADER_OR_FOLLOWER
    parts.clock.advance(0)
    assert first(parts).log.log_end_offset == BATCHES
