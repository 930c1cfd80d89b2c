"""What can be created beside what: the refusals in full are tested with CreateTopics, which asks here."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.slices import run_to_end
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.topic_creation import CheckedTopics, check_new_topics
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig

from ..conftest import Parts


def topic(name: str, partitions: int = 2, factor: int = -1, **configs: str) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=factor,
        assignments=(),
        configs=[CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()],
    )


def check(parts: Parts, *asked: CreatableTopic, most: int = 100) -> CheckedTopics:
    checked, paid = CheckedTopics(), list[int]()

    def pay(partitions: int) -> None:
        if sum(paid) + partitions > most:
            raise KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED)
        paid.append(partitions)

    run_to_end(check_new_topics(asked, parts.topics, BrokerConfig(), pay, checked))
    return checked


def test_each_topic_is_judged_on_its_own(parts: Parts) -> None:
    create_topic(parts.topics, "there")
    checked = check(
        parts,
        topic("new", cleanup_policy="compact"),
        topic("there"),
        topic("none", 0),
        topic("wide", factor=2),
        topic("odd", no_such="1"),
        topic("a.b"),
        topic("a_b"),
    )
    assert [(new.name, new.partitions, new.configs) for new in checked.new] == [
        ("new", 2, {"cleanup.policy": "compact"}),
        ("a.b", 2, {}),
    ]
    assert [(name, error.code) for name, error in checked.refused] == [
        ("there", ErrorCode.TOPIC_ALREADY_EXISTS),
        ("none", ErrorCode.INVALID_PARTITIONS),
        ("wide", ErrorCode.INVALID_REPLICATION_FACTOR),
        ("odd", ErrorCode.INVALID_CONFIG),
        ("a_b", ErrorCode.INVALID_TOPIC_EXCEPTION),
    ]


def test_who_asks_pays_for_each_and_what_is_beyond_is_refused(parts: Parts) -> None:
    checked = check(parts, topic("a"), topic("b"), topic("c", 1), most=3)
    assert [new.name for new in checked.new] == ["a", "c"]
    assert [(name, error.code) for name, error in checked.refused] == [("b", ErrorCode.THROTTLING_QUOTA_EXCEEDED)]


@pytest.mark.parametrize("partitions", [-1, 3])
def test_the_number_of_partitions_may_be_left_to_the_broker(parts: Parts, partitions: int) -> None:
    (new,) = check(parts, topic("a", partitions)).new
    assert new.partitions == (BrokerConfig().num_partitions if partitions == -1 else partitions)
