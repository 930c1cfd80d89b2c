"""The settings of topics: of what is there, and in Kafka's spelling."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.dynamic_config.topics import TopicConfigs
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.errors import ErrorCode, KafkaError

TOPICS = TopicConfigs(BrokerConfig(), MetadataImage)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", ErrorCode.INVALID_REQUEST),
        ("a b", ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("t", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ],
)
def test_a_topic_must_be_there(name: str, code: ErrorCode) -> None:
    with pytest.raises(KafkaError) as refused:
        TOPICS.check_name(name)
    assert refused.value.code == code


def test_values_are_kept_in_kafkas_spelling() -> None:
    assert TOPICS.check("t", {"retention.ms": " +05", "preallocate": "TRUE"}) == {
        "retention.ms": "5",
        "preallocate": "true",
    }


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
