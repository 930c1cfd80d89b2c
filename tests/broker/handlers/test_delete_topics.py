"""DeleteTopics: by name and by id, and what is left afterwards: nothing."""

from collections.abc import Callable, Sequence

import pytest

from odradek.broker.runtime import Then
from odradek.broker.slices import Steps
from odradek.broker.testing.disks import FULL
from odradek.broker.topics.topics import Topic, Topics
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
)
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestTopic, OffsetFetchResponse

from .broker_harness import AskedBroker, batch, limit_mutations, served

NO_PRODUCER = b"n" * 16


def ask(
    broker: AskedBroker, *topics: str | bytes | DeleteTopicState, version: int = 6, timeout_ms: int = 5000
) -> list[DeletableTopicResult]:
    """A str is a name, bytes are an id."""
    states = [
        DeleteTopicState(name=t, topic_id=bytes(16))
        if isinstance(t, str)
        else DeleteTopicState(topic_id=t)
        if isinstance(t, bytes)
        else t
        for t in topics
    ]
    names = [t for t in topics if isinstance(t, str)]
    request = DeleteTopicsRequest(
        topics=states if version >= 6 else (), topic_names=names if version < 6 else (), timeout_ms=timeout_ms
    )
    return list(broker.ask(request, version, DeleteTopicsResponse).answer.responses)


def codes(answers: list[DeletableTopicResult]) -> list[int]:
    return [answer.error_code for answer in answers]


def test_the_topics_are_chosen_one_after_the_other_with_a_pause_after_each(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = AskedBroker()
    names = [broker.create(f"t{number}").name for number in range(20)]
    pauses: list[int] = []
    delete = Topics.delete

    def watched(topics: Topics, choose: Callable[[], Steps[Sequence[Topic]]], then: Then) -> None:
        def counted() -> Steps[Sequence[Topic]]:
            steps = choose()
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    chosen: Sequence[Topic] = end.value
                    return chosen
                pauses.append(1)
                yield

        delete(topics, counted, then)

    monkeypatch.setattr(Topics, "delete", watched)
    assert codes(ask(broker, *names)) == [0] * 20
    assert len(pauses) == 20


@pytest.mark.parametrize("version", served(ApiKey.DELETE_TOPICS))
def test_every_version_deletes_by_name(version: int) -> None:
    broker = AskedBroker()
    broker.create("a")
    topic_id = broker.create("b").topic_id
    (answer,) = ask(broker, "b", version=version)
    assert (answer.name, answer.error_code, answer.error_message) == ("b", 0, None)
    assert answer.topic_id == (topic_id if version >= 6 else bytes(16))
    assert [t.name for t in broker.topics] == ["a"]


def test_version_6_deletes_by_id_and_tells_the_name() -> None:
    broker = AskedBroker()
    topic_id = broker.create().topic_id
    assert [(t.name, t.error_code) for t in ask(broker, topic_id)] == [("t", 0)]
    assert broker.topics.find("t") is None


def test_what_does_not_exist_is_unknown_by_name_and_by_id() -> None:
    answers = ask(AskedBroker(), "nobody", "", "a b", NO_PRODUCER)
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert codes(answers) == [unknown, unknown, unknown, ErrorCode.UNKNOWN_TOPIC_ID]
    assert (answers[-1].name, answers[-1].topic_id) == (None, NO_PRODUCER)


def test_a_topic_is_named_or_identified_and_not_both_nor_neither() -> None:
    broker = AskedBroker()
    topic_id = broker.create().topic_id
    for state in (DeleteTopicState(name="t", topic_id=topic_id), DeleteTopicState(name=None, topic_id=bytes(16))):
        assert codes(ask(broker, state)) == [ErrorCode.INVALID_REQUEST]
    assert broker.topics.find("t") is not None


def test_one_that_is_given_twice_is_refused_once() -> None:
    broker = AskedBroker()
    broker.create("a")
    topic_id = broker.create("b").topic_id
    answers = ask(broker, "a", topic_id, "a", topic_id)
    assert [(t.name, t.error_code) for t in answers] == [
        ("a", ErrorCode.INVALID_REQUEST),
        (None, ErrorCode.INVALID_REQUEST),
    ]
    assert [t.name for t in broker.topics] == ["a", "b"]


@pytest.mark.parametrize(
    ("version", "code"),
    [(1, ErrorCode.INVALID_REQUEST), (2, ErrorCode.INVALID_REQUEST), (3, ErrorCode.TOPIC_DELETION_DISABLED)],
)
def test_deletion_can_be_forbidden(version: int, code: ErrorCode) -> None:
    broker = AskedBroker({"delete.topic.enable": "false"})
    broker.create()
    assert codes(ask(broker, "t", "nobody", version=version)) == [code, code]
    assert broker.topics.find("t") is not None


@pytest.mark.parametrize("timeout_ms", [0, -1])
def test_without_time_nothing_is_deleted(timeout_ms: int) -> None:
    broker = AskedBroker()
    broker.create()
    assert codes(ask(broker, "t", timeout_ms=timeout_ms)) == [ErrorCode.REQUEST_TIMED_OUT]
    assert broker.topics.find("t") is not None


def test_an_internal_topic_can_be_deleted() -> None:
    broker = AskedBroker()
    broker.create("__transaction_state")
    assert codes(ask(broker, "__transaction_state")) == [ErrorCode.NONE]


def test_the_directory_is_put_away_at_once_and_removed_after_its_delay() -> None:
    broker = AskedBroker()
    broker.create()
    broker.produce("t", batch())
    ask(broker, "t")
    names = broker.files.list_directory("/data")
    assert "t-0" not in names
    (doomed,) = [name for name in names if name.startswith("t-0.") and name.endswith("-delete")]
    broker.parts.purge()
    assert doomed in broker.files.list_directory("/data")
    broker.clock.advance(60)
    broker.parts.purge()
    assert doomed not in broker.files.list_directory("/data")


def test_a_name_used_again_has_another_id_and_no_records() -> None:
    broker = AskedBroker()
    old = broker.create()
    broker.produce("t", batch(b"a", b"b"))
    ask(broker, "t")
    assert broker.create().topic_id != old.topic_id
    assert broker.produce("t", batch()).base_offset == 0


def test_committed_offsets_go_with_their_topic() -> None:
    broker = AskedBroker()
    broker.create()
    commit = OffsetCommitRequestPartition(partition_index=0, committed_offset=5, committed_metadata="")
    request = OffsetCommitRequest(
        group_id="g",
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=[OffsetCommitRequestTopic(name="t", partitions=[commit])],
    )
    broker.ask(request, 8, OffsetCommitResponse)

    def committed() -> list[int]:
        asked = OffsetFetchRequest(group_id="g", topics=[OffsetFetchRequestTopic(name="t", partition_indexes=[0])])
        answer = broker.ask(asked, 5, OffsetFetchResponse).answer
        return [p.committed_offset for topic in answer.topics for p in topic.partitions]

    assert committed() == [5]
    ask(broker, "t")
    broker.create()
    assert committed() == [-1]


def test_a_deletion_that_cannot_be_recorded_does_not_happen() -> None:
    broker = AskedBroker()
    broker.create()
    broker.files.write_error = FULL
    assert codes(ask(broker, "t")) == [ErrorCode.KAFKA_STORAGE_ERROR]
    assert broker.topics.find("t") is not None
    broker.files.write_error = None
    assert codes(ask(broker, "t")) == [ErrorCode.NONE]


def test_a_directory_that_cannot_be_put_away_keeps_no_topic_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = AskedBroker()
    broker.create()
    broker.produce("t", batch())

    def refuse(old: str, new: str) -> None:
        raise FULL

    with monkeypatch.context() as patched:
        patched.setattr(broker.files, "rename", refuse)
        assert codes(ask(broker, "t")) == [ErrorCode.NONE]
    assert broker.topics.find("t") is None
    broker.create()
    assert broker.produce("t", batch()).base_offset == 0


def test_a_strict_quota_refuses_what_comes_after_it_is_used_up() -> None:
    broker = AskedBroker()
    broker.create("a", partitions=20)
    broker.create("b")
    limit_mutations(broker, 0.5)  # which fills a bucket of 5.5
    answers = ask(broker, "a", "b", version=5)
    assert [one.error_code for one in answers] == [0, ErrorCode.THROTTLING_QUOTA_EXCEEDED]
    assert [topic.name for topic in broker.topics] == ["b"]


def test_an_older_version_deletes_its_topics_and_is_throttled() -> None:
    broker = AskedBroker()
    broker.create("a", partitions=20)
    limit_mutations(broker, 0.5)
    request = DeleteTopicsRequest(topic_names=["a"], timeout_ms=5000)
    answer = broker.ask(request, 4, DeleteTopicsResponse).answer
    assert ([one.error_code for one in answer.responses], answer.throttle_time_ms) == ([0], 29_000)
