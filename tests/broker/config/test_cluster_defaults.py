"""Internal topics have as many replicas as Kafka wants, if there are as many brokers."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.cluster_defaults import OF_KAFKA, replicas_by_default
from odradek.broker.config.config_def import broker_config_def


def test_what_kafka_wants_is_what_kafka_has_for_default() -> None:
    assert {name: str(count) for name, count in OF_KAFKA.items()} == {
        name: broker_config_def()[name].default for name in OF_KAFKA
    }


@pytest.mark.parametrize(("brokers", "factor", "min_isr"), [(1, 1, 1), (2, 2, 2), (3, 3, 2), (7, 3, 2)])
def test_a_cluster_has_as_many_replicas_as_kafka_wants_and_no_more_than_brokers(
    brokers: int, factor: int, min_isr: int
) -> None:
    config = BrokerConfig.from_settings({}, brokers=brokers)
    assert config.offsets_topic_replication_factor == factor
    assert config.transaction_state_log_replication_factor == factor
    assert config.share_coordinator_state_topic_replication_factor == factor
    assert (config.transaction_state_log_min_isr, config.share_coordinator_state_topic_min_isr) == (min_isr, min_isr)
    assert config.effective("offsets.topic.replication.factor") == str(factor)
    assert (config.default_replication_factor, config.effective("min.insync.replicas")) == (1, "1")


def test_what_is_given_counts_whatever_there_is() -> None:
    config = BrokerConfig.from_settings({"offsets.topic.replication.factor": "5"}, brokers=3)
    assert config.offsets_topic_replication_factor == 5
    assert config.replication_factor(5) == 5
    assert BrokerConfig.from_settings({}, brokers=3, lower_replication_factors=True).replication_factor(5) == 3


def test_what_is_kafkas_own_default_is_no_decision_of_this_broker() -> None:
    (one, *_) = BrokerConfig.from_settings({}).chain_of(["offsets.topic.replication.factor"])
    (three, *_) = BrokerConfig.from_settings({}, brokers=3).chain_of(["offsets.topic.replication.factor"])
    assert (one.value, one.source.name) == ("1", "STATIC_BROKER")
    assert (three.value, three.source.name) == ("3", "DEFAULT")


def test_other_settings_have_their_own_defaults() -> None:
    assert replicas_by_default("num.partitions", 3) is None
