"""What brokers read of their settings where there are several."""

from odradek.broker.config import replication_config
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import broker_config_def, topic_config_def
from odradek.broker.config.replication_config import OF_SEVERAL_BROKERS, RACK_AWARE_SELECTOR, ReplicationConfig


def test_kafkas_defaults_hold_where_nothing_is_given() -> None:
    config = ReplicationConfig(BrokerConfig())
    assert (config.lag_s, config.fetch_max_bytes, config.backoff_s) == (30.0, 1 << 20, 1.0)
    assert (config.session_timeout_s, config.min_isr({})) == (9.0, 1)


def test_what_is_given_counts_and_a_topics_own_before_it() -> None:
    config = ReplicationConfig(
        BrokerConfig.from_settings(
            {
                "replica.lag.time.max.ms": "500",
                "replica.fetch.max.bytes": "7",
                "replica.fetch.backoff.ms": "250",
                "broker.session.timeout.ms": "3000",
                "min.insync.replicas": "2",
            }
        )
    )
    assert (config.lag_s, config.fetch_max_bytes, config.backoff_s) == (0.5, 7, 0.25)
    assert (config.session_timeout_s, config.min_isr({})) == (3.0, 2)
    assert config.min_isr({"min.insync.replicas": "3"}) == 3


def test_what_clients_set_counts_from_then_on() -> None:
    broker_config = BrokerConfig()
    config = ReplicationConfig(broker_config)
    broker_config.set_dynamic({}, {"min.insync.replicas": "2"})
    assert config.min_isr({}) == 2


def test_every_setting_that_is_named_here_has_an_effect_with_several_brokers() -> None:
    named = {value for name, value in vars(replication_config).items() if name.isupper() and isinstance(value, str)}
    assert named - {RACK_AWARE_SELECTOR} == OF_SEVERAL_BROKERS
    assert {*broker_config_def(), *topic_config_def()} >= OF_SEVERAL_BROKERS


def test_throttled_rates_are_what_clients_have_set_for_a_broker_else_for_all() -> None:
    """And not what was given at the start: KIP-73 has them set by clients alone."""
    broker_config = BrokerConfig.from_settings({"leader.replication.throttled.rate": "5"})
    config = ReplicationConfig(broker_config)
    assert (config.leader_throttled_rate, config.follower_throttled_rate) == (2**63 - 1, 2**63 - 1)
    of_all = {"leader.replication.throttled.rate": "10", "follower.replication.throttled.rate": "20"}
    broker_config.set_dynamic({"follower.replication.throttled.rate": "30"}, of_all)
    assert (config.leader_throttled_rate, config.follower_throttled_rate) == (10, 30)


def test_throttled_replication_is_averaged_over_kafkas_eleven_seconds() -> None:
    config = ReplicationConfig(BrokerConfig())
    assert (config.quota_samples, config.quota_window_ms) == (11, 1000)
