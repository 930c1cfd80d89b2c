"""BrokerConfig: Kafka's defaults, and the few that cannot be meant for one node."""

import dataclasses

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError, broker_config_def
from odradek.broker.config.config_value import ConfigSource
from odradek.broker.config.listeners import Endpoint

# Ours, and why: see the comments in config.py.
NOT_KAFKAS = {
    "node.id",
    "listeners",
    "advertised.listeners",
    "log.dirs",
    "broker.rack",
    "queued.max.request.bytes",
    "sasl.enabled.mechanisms",
    "group.initial.rebalance.delay.ms",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
}


def test_every_other_default_is_kafkas_own() -> None:
    config = BrokerConfig()
    names = {f.name.replace("_", ".") for f in dataclasses.fields(config)} - {
        "given",
        "dynamic",
        "dynamic.default",
        "written",
        "brokers",
        "lower.replication.factors",
        "release",
    }
    assert names <= set(broker_config_def())
    for name in names - NOT_KAFKAS:
        assert config.effective(name) == broker_config_def()[name].default, name


def test_settings_reach_their_fields_with_their_types() -> None:
    config = BrokerConfig.from_settings(
        {"num.partitions": "3", "auto.create.topics.enable": "false", "log.retention.hours": "2"}
    )
    assert (config.num_partitions, config.auto_create_topics_enable) == (3, False)
    assert config.effective("log.retention.hours") == "2"


def test_it_listens_where_it_is_asked_to_and_not_where_controllers_do() -> None:
    config = BrokerConfig.from_settings(
        {
            "process.roles": "broker,controller",
            "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "controller.listener.names": "CONTROLLER",
            "advertised.listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        }
    )
    assert config.endpoints() == [Endpoint("PLAINTEXT", "", 9092)]
    assert config.advertised() == {"PLAINTEXT": ("localhost", 9092)}


@pytest.mark.parametrize(
    "settings",
    [
        {"listeners": "NOPE://127.0.0.1:1"},
        {"listeners": "PLAINTEXT://127.0.0.1"},
        {"advertised.listeners": "PLAINTEXT://0.0.0.0:9092"},
        {"max.connections.per.ip.overrides": "localhost"},
    ],
)
def test_what_cannot_be_served_is_refused_at_once(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        BrokerConfig.from_settings(settings)


def test_what_clients_set_stands_before_what_was_given_and_ends_when_it_is_taken_back() -> None:
    config = BrokerConfig.from_settings({"max.connections": "5"})
    config.set_dynamic({"max.connections": "7"}, {"max.connections": "6", "log.cleaner.backoff.ms": "1"})
    assert (config.max_connections, config.log_cleaner_backoff_ms) == (7, 1)
    config.set_dynamic({}, {"max.connections": "6"})
    assert (config.max_connections, config.log_cleaner_backoff_ms) == (6, 15000)
    config.set_dynamic({}, {})
    assert config.max_connections == 5


def test_a_setting_is_known_from_every_place_where_it_was_given() -> None:
    config = BrokerConfig.from_settings({"log.segment.bytes": "2000000"})
    config.set_dynamic({"log.segment.bytes": "4000000"}, {"log.segment.bytes": "3000000"})
    assert [(one.value, one.source) for one in config.chain_of(["log.segment.bytes"])] == [
        ("4000000", ConfigSource.DYNAMIC_BROKER),
        ("3000000", ConfigSource.DYNAMIC_DEFAULT_BROKER),
        ("2000000", ConfigSource.STATIC_BROKER),
        ("1073741824", ConfigSource.DEFAULT),
    ]
    assert config.effective("log.segment.bytes") == "4000000"


def test_of_a_setting_with_several_names_nothing_is_known_before_the_first_is_given() -> None:
    config = BrokerConfig.from_settings({"log.retention.hours": "2"})
    names = ["log.retention.ms", "log.retention.minutes", "log.retention.hours"]
    assert config.chain_of(names) == []
    config.set_dynamic({"log.retention.ms": "5"}, {})
    assert [(one.name, one.value) for one in config.chain_of(names)] == [
        ("log.retention.ms", "5"),
        ("log.retention.hours", "2"),
        ("log.retention.hours", "168"),
    ]


def test_our_own_default_is_static_to_a_client() -> None:
    (ours, kafkas) = BrokerConfig().chain_of(["group.initial.rebalance.delay.ms"])
    assert (ours.value, ours.source, kafkas.value) == ("0", ConfigSource.STATIC_BROKER, "3000")


def test_older_names_count_where_the_newer_are_not_given() -> None:
    config = BrokerConfig.from_settings({"broker.id": "7", "log.dir": "/a"})
    assert (config.node_id, config.log_dirs) == (7, "/a")
    config = BrokerConfig.from_settings({"broker.id": "-1", "log.dir": "/a", "node.id": "8", "log.dirs": "/b"})
    assert (config.node_id, config.log_dirs) == (8, "/b")


def test_a_controller_alone_is_not_served() -> None:
    with pytest.raises(ConfigError, match="alone is not served"):
        BrokerConfig.from_settings({"process.roles": "controller"})


def test_an_address_may_have_a_limit_of_connections_of_its_own() -> None:
    config = BrokerConfig.from_settings(
        {"max.connections.per.ip": "5", "max.connections.per.ip.overrides": "127.0.0.1:7, [::1]:0"}
    )
    assert [config.connections_from(host) for host in ("127.0.0.1", "::1", "10.0.0.1")] == [7, 0, 5]
