"""The coordinators' topics are made with Kafka's configs, and as many partitions as the broker is told."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.topic_names import METADATA_TOPIC, OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from odradek.broker.topics.internal_topics import internal_topic_config
from odradek.protocol.errors import ErrorCode, KafkaError


@pytest.mark.parametrize("topic", [OFFSETS_TOPIC, TRANSACTION_TOPIC])
def test_by_default_there_are_fifty_compacted_partitions_of_small_segments(topic: str) -> None:
    partitions, _, configs = internal_topic_config(topic, BrokerConfig())
    assert (partitions, configs["cleanup.policy"], configs["segment.bytes"]) == (50, "compact", str(100 << 20))


def test_offsets_are_compressed_as_they_come_and_transactions_not_at_all() -> None:
    found = {
        topic: internal_topic_config(topic, BrokerConfig()).configs for topic in (OFFSETS_TOPIC, TRANSACTION_TOPIC)
    }
    assert found[OFFSETS_TOPIC]["compression.type"] == "producer"
    assert found[TRANSACTION_TOPIC]["compression.type"] == "uncompressed"
    assert found[TRANSACTION_TOPIC]["unclean.leader.election.enable"] == "false"


def test_the_state_of_share_partitions_is_kept_until_it_is_pruned() -> None:
    partitions, _, configs = internal_topic_config(SHARE_TOPIC, BrokerConfig())
    assert (partitions, configs) == (
        50,
        {
            "cleanup.policy": "delete",
            "compression.type": "producer",
            "min.insync.replicas": "1",
            "retention.ms": "-1",
            "segment.bytes": str(100 << 20),
        },
    )


def test_the_settings_of_the_broker_decide_on_numbers() -> None:
    config = BrokerConfig.from_settings(
        {
            "offsets.topic.num.partitions": "3",
            "offsets.topic.segment.bytes": "1048576",
            "transaction.state.log.num.partitions": "5",
            "transaction.state.log.segment.bytes": "2097152",
            "share.coordinator.state.topic.num.partitions": "7",
            "share.coordinator.state.topic.segment.bytes": "4194304",
        }
    )
    partitions, _, configs = internal_topic_config(OFFSETS_TOPIC, config)
    assert (partitions, configs["segment.bytes"]) == (3, "1048576")
    partitions, _, configs = internal_topic_config(TRANSACTION_TOPIC, config)
    assert (partitions, configs["segment.bytes"]) == (5, "2097152")
    partitions, _, configs = internal_topic_config(SHARE_TOPIC, config)
    assert (partitions, configs["segment.bytes"]) == (7, "4194304")


@pytest.mark.parametrize("topic", ["orders", METADATA_TOPIC])
def test_other_topics_are_no_coordinators(topic: str) -> None:
    with pytest.raises(KafkaError) as refusal:
        internal_topic_config(topic, BrokerConfig())
    assert refusal.value.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
