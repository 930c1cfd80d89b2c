"""Which settings change anything here, as the code itself says."""

from odradek.broker.config.config_def import broker_config_def
from odradek.broker.config.effects import broker_settings_in_effect, topic_settings_in_effect, without_effect
from odradek.broker.config.listeners import SASL_OF_LISTENERS


def test_a_topics_setting_has_an_effect_if_its_log_asks_for_it() -> None:
    assert "retention.ms" in topic_settings_in_effect()
    assert "preallocate" not in topic_settings_in_effect()


def test_a_brokers_setting_has_one_if_it_is_read_or_stands_behind_a_topics() -> None:
    in_effect = {"num.partitions", "log.dir", "log.retention.hours", "message.max.bytes"}
    assert in_effect <= broker_settings_in_effect()
    assert not {"num.io.threads", "log.preallocate"} & broker_settings_in_effect()


def test_one_of_a_listener_has_one_if_it_is_read_for_listeners() -> None:
    given = ["listener.name.a.ssl.keystore.location", "listener.name.a.num.partitions", "ssl.provider"]
    assert without_effect(given) == ["listener.name.a.num.partitions", "ssl.provider"]


def test_what_a_listener_or_one_of_its_mechanisms_may_have_for_logins_has_one() -> None:
    own = [f"listener.name.a.{name}" for name in SASL_OF_LISTENERS]
    of_mechanism = ["listener.name.a.plain.sasl.jaas.config", "listener.name.a.oauthbearer.connections.max.reauth.ms"]
    assert without_effect([*own, *of_mechanism, "scram-sha-256.sasl.jaas.config"]) == []
    assert set(broker_config_def()) >= SASL_OF_LISTENERS


def test_those_without_one_are_named_but_for_what_only_controllers_need() -> None:
    given = ["num.io.threads", "num.partitions", "process.roles", "controller.quorum.voters", "broker.rack"]
    assert without_effect(given) == ["num.io.threads"]


def test_the_settings_of_replicas_have_one_with_several_brokers_alone() -> None:
    given = ["replica.lag.time.max.ms", "min.insync.replicas", "num.io.threads"]
    assert without_effect(given) == ["min.insync.replicas", "num.io.threads", "replica.lag.time.max.ms"]
    assert without_effect(given, has_several=True) == ["num.io.threads"]


def test_the_rates_of_throttled_replication_have_none_when_they_are_given_at_the_start() -> None:
    """KIP-73: Apache Kafka takes them from clients alone."""
    given = ["leader.replication.throttled.rate", "replication.quota.window.num"]
    assert without_effect(given, has_several=True) == ["leader.replication.throttled.rate"]
