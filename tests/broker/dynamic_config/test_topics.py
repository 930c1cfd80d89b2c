"""The settings of topics: of what is there, and in Kafka's spelling."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.dynamic_config.topics import TopicConfigs
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_image import TopicImage
from odradek.protocol.errors import ErrorCode, KafkaError


def topics_with(**configs: str) -> TopicConfigs:
    topic = TopicImage("t", bytes(16), configs=configs)
    return TopicConfigs(BrokerConfig(), lambda: MetadataImage(topics={"t": topic}))


TOPICS = topics_with()


@pytest.mark.parametrize(
    ("name", "code"), [("", ErrorCode.INVALID_REQUEST), ("a b", ErrorCode.INVALID_TOPIC_EXCEPTION)]
)
def test_no_topic_can_have_any_name(name: str, code: ErrorCode) -> None:
    with pytest.raises(KafkaError) as refused:
        TOPICS.check_name(name)
    assert refused.value.code == code


def test_a_topic_must_be_there_which_is_seen_after_its_settings_are() -> None:
    for configs, code in (({}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), ({"no.such": "1"}, ErrorCode.INVALID_CONFIG)):
        with pytest.raises(KafkaError) as refused:
            TOPICS.check("u", configs)
        assert refused.value.code == code


def test_values_are_kept_in_kafkas_spelling() -> None:
    given = {"retention.ms": " +05", "preallocate": "TRUE", "cleanup.policy": "delete , compact,delete"}
    spelled = {"retention.ms": "5", "preallocate": "true", "cleanup.policy": "delete,compact"}
    assert TOPICS.check("t", given) == spelled


def test_what_is_internal_to_kafka_is_shown_once_it_is_given() -> None:
    assert "internal.segment.bytes" not in [one.value.name for one in TOPICS.describe("t")]
    own = topics_with(**{"internal.segment.bytes": "77"})
    assert "internal.segment.bytes" in [one.value.name for one in own.describe("t")]


@pytest.mark.parametrize(
    "configs",
    [
        {"no.such": "1"},
        {"retention.ms": "x"},
        {"min.compaction.lag.ms": "10", "max.compaction.lag.ms": "5"},
        {"remote.storage.enable": "true"},
    ],
)
def test_what_kafka_refuses_is_an_invalid_config(configs: dict[str, str]) -> None:
    with pytest.raises(KafkaError) as refused:
        TOPICS.check("t", configs)
    assert refused.value.code == ErrorCode.INVALID_CONFIG
