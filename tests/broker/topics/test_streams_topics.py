"""Internal topics of streams applications: created once, and the reasons against it are kept for a while."""

from collections.abc import Callable, Sequence

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.topic_records import NewTopic
from odradek.broker.slices import Steps, run_to_end
from odradek.broker.topics import streams_topics
from odradek.broker.topics.streams_topics import StreamsTopics
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.create_topics import CreatableTopic

from ..conftest import Parts


class Asked:
    """Asks with a clock of its own."""

    def __init__(self, parts: Parts) -> None:
        self.topics = parts.topics
        self.now = 0.0
        self.paid: list[int] = []
        self.streams = StreamsTopics(BrokerConfig(), parts.topics)

    def create(self, *names: str, factor: int = -1) -> None:
        asked = {
            name: CreatableTopic(name=name, num_partitions=3, replication_factor=factor, assignments=(), configs=())
            for name in names
        }
        self.streams.create(asked, self.paid.append, lambda: self.now, keep_s=10)

    def errors(self, *names: str) -> dict[str, str]:
        return self.streams.errors(names, self.now)


Choose = Callable[[], Steps[Sequence[NewTopic]]]
Then = Callable[[KafkaError | None], None]

TOO_WIDE = "Unable to replicate the partition 3 time(s)"


def test_topics_are_created_as_they_are_asked_for_and_paid_for(parts: Parts) -> None:
    asked = Asked(parts)
    asked.create("a", "b")
    found = asked.topics.find("a")
    assert found is not None
    assert (len(found.partitions), asked.paid, asked.errors("a", "b")) == (3, [3, 3], {})


def test_why_a_topic_could_not_be_created_is_told_for_a_while_in_which_it_is_not_tried_again(parts: Parts) -> None:
    asked = Asked(parts)
    asked.create("a", factor=3)
    assert asked.errors("a", "b")["a"].startswith(TOO_WIDE)
    asked.create("a")
    assert asked.topics.find("a") is None
    asked.now = 10
    assert asked.errors("a") == {}
    asked.create("a")
    assert asked.topics.find("a") is not None


def test_what_is_under_way_is_not_begun_again(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(parts)
    begun: list[Then] = []

    def begin(choose: Choose, then: Then) -> None:
        begun.append(then)

    monkeypatch.setattr(parts.topics, "create", begin)
    asked.create("a")
    asked.create("a")
    assert len(begun) == 1
    (then,) = begun
    then(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "the disk is full"))
    asked.create("a")
    assert len(begun) == 2


def test_a_log_that_cannot_be_written_is_a_reason_too(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(parts)

    def fail(choose: Choose, then: Then) -> None:
        run_to_end(choose())
        then(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "the disk is full"))

    monkeypatch.setattr(parts.topics, "create", fail)
    asked.create("a")
    assert asked.errors("a") == {"a": "the disk is full"}


def test_of_too_many_reasons_the_oldest_go(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_topics, "MOST_ERRORS", 2)
    asked = Asked(parts)
    for name in "abc":
        asked.create(name, factor=3)
    assert list(asked.errors("a", "b", "c")) == ["b", "c"]
