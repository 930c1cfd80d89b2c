"""Topics asked for at the start: there when the broker is, and as they were when they are asked for again."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.start_topics import StartTopic, parse_create_topics, parse_start_topic
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics import start_topics
from odradek.broker.topics.start_topics import ensure_topics
from odradek.protocol.errors import ErrorCode, KafkaError

from ..conftest import Parts
from ..nodes.three_brokers import ThreeBrokers


class Warnings:
    """The warnings logged instead of written."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    def warning(self, what: str, **fields: object) -> None:
        self.seen.append(fields)


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    logger = Warnings()
    monkeypatch.setattr(start_topics, "logger", logger)
    return logger.seen


def ensure(parts: Parts, *wanted: StartTopic, config: BrokerConfig | None = None) -> KafkaError | None:
    outcome: list[KafkaError | None] = []
    ensure_topics(parts.topics, config or BrokerConfig(), wanted, outcome.append)
    (error,) = outcome
    return error


def asked(*texts: str) -> list[StartTopic]:
    return [parse_start_topic(text, "--topic") for text in texts]


def seen(parts: Parts) -> dict[str, tuple[int, dict[str, str]]]:
    return {topic.name: (len(topic.partitions), dict(topic.configs)) for topic in parts.topics}


def test_topics_that_are_missing_are_created_as_asked_and_kept(parts: Parts) -> None:
    config = BrokerConfig(num_partitions=4)
    assert ensure(parts, *asked("a", "b:2", "c:1:cleanup.policy=compact"), config=config) is None
    parts.restart()
    assert seen(parts) == {"a": (4, {}), "b": (2, {}), "c": (1, {"cleanup.policy": "compact"})}


def test_a_topic_that_is_there_stays_as_it_is(parts: Parts, warned: list[dict[str, object]]) -> None:
    made = create_topic(parts.topics, "t", 2, {"retention.ms": "5"})
    for text in ("t", "t:2", "t:2:retention.ms=6"):
        assert ensure(parts, *asked(text)) is None
    found = parts.topics.find("t")
    assert found is not None
    assert (found.topic_id, seen(parts)["t"]) == (made.topic_id, (2, {"retention.ms": "5"}))
    assert warned == []


def test_a_topic_with_fewer_partitions_than_asked_for_grows(parts: Parts) -> None:
    create_topic(parts.topics, "t", 2)
    assert ensure(parts, *asked("t:5", "u:1")) is None
    assert seen(parts) == {"t": (5, {}), "u": (1, {})}


def test_a_topic_with_more_partitions_than_asked_for_is_left_and_one_warning_says_so(
    parts: Parts, warned: list[dict[str, object]]
) -> None:
    create_topic(parts.topics, "t", 5)
    assert ensure(parts, *asked("t:2")) is None
    assert seen(parts) == {"t": (5, {})}
    assert warned == [{"topic": "t", "partitions": 5, "asked_for": 2, "source": "--topic"}]


def test_a_name_that_collides_is_refused_with_the_flag_and_none_is_created(parts: Parts) -> None:
    error = ensure(parts, *asked("u", "a.b", "a_b"))
    assert error is not None
    assert error.code == ErrorCode.INVALID_TOPIC_EXCEPTION
    assert error.message == "--topic: a_b: Topic 'a_b' collides with existing topic: a.b"
    assert seen(parts) == {}


def test_more_replicas_than_brokers_are_refused_unless_they_are_to_be_lowered(parts: Parts) -> None:
    wanted = parse_create_topics("t:1:3", ",")
    error = ensure(parts, *wanted)
    assert error is not None
    assert error.code == ErrorCode.INVALID_REPLICATION_FACTOR
    assert error.message.startswith("KAFKA_CREATE_TOPICS: t: Unable to replicate the partition 3 time(s)")
    assert ensure(parts, *wanted, config=BrokerConfig(lower_replication_factors=True)) is None
    assert seen(parts) == {"t": (1, {})}


def test_a_topic_without_a_factor_of_its_own_has_as_many_replicas_as_the_setting_says() -> None:
    """As one that a client creates with -1."""
    brokers = ThreeBrokers(settings={"default.replication.factor": "2"})
    outcome: list[KafkaError | None] = []
    wanted = [*asked("orders:2"), *parse_create_topics("prices:1,stock:1:3", ",")]
    ensure_topics(brokers[1].context.topics, brokers[1].context.config, wanted, outcome.append)
    brokers.settle()
    assert outcome == [None]
    factors = {name: brokers[1].topic(name).replication_factor for name in ("orders", "prices", "stock")}
    assert factors == {"orders": 2, "prices": 2, "stock": 3}
