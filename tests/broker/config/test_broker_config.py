"""BrokerConfig: Kafka's defaults, and the few that cannot be meant for one node."""

import dataclasses

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError, broker_config_def

# Ours, and why: see the comments in config.py.
NOT_KAFKAS = {
    "node.id",
    "listeners",
    "advertised.listeners",
    "log.dirs",
    "broker.rack",
    "queued.max.request.bytes",
    "group.initial.rebalance.delay.ms",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
}


def test_every_other_default_is_kafkas_own() -> None:
    config = BrokerConfig()
    names = {f.name.replace("_", ".") for f in dataclasses.fields(config)} - {"given"}
    assert names <= set(broker_config_def())
    for name in names - NOT_KAFKAS:
        assert config.effective(name) == broker_config_def()[name].default, name


def test_settings_reach_their_fields_with_their_types() -> None:
    config = BrokerConfig.from_settings(
        {"num.partitions": "3", "auto.create.topics.enable": "false", "log.retention.hours": "2"}
    )
    assert (config.num_partitions, config.auto_create_topics_enable) == (3, False)
    assert config.effective("log.retention.hours") == "2"


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ("PLAINTEXT://127.0.0.1:0", ("127.0.0.1", 0)),
        ("PLAINTEXT://:9092", ("", 9092)),
        ("PLAINTEXT://[::1]:9092", ("::1", 9092)),
    ],
)
def test_a_listener_is_host_and_port(listeners: str, expected: tuple[str, int]) -> None:
    assert BrokerConfig(listeners=listeners).listener() == expected


@pytest.mark.parametrize(
    "listeners",
    ["SSL://127.0.0.1:1", "PLAINTEXT://127.0.0.1", "PLAINTEXT://a:1,PLAINTEXT://b:2", "PLAINTEXT://a:99999"],
)
def test_a_listener_that_cannot_be_served_is_refused(listeners: str) -> None:
    with pytest.raises(ConfigError, match="listeners"):
        BrokerConfig(listeners=listeners).listener()


def test_no_client_is_told_to_connect_to_every_interface() -> None:
    with pytest.raises(ConfigError, match=r"advertised\.listeners"):
        BrokerConfig(advertised_listeners="PLAINTEXT://0.0.0.0:9092").advertised()
