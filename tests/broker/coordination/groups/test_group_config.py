from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.groups.group_config import GroupConfig


def test_the_defaults_are_those_of_the_broker() -> None:
    broker, config = BrokerConfig(), GroupConfig()
    assert config.min_session_timeout_ms == broker.group_min_session_timeout_ms
    assert config.max_session_timeout_ms == broker.group_max_session_timeout_ms
    assert config.max_size == broker.group_max_size
    assert config.offset_metadata_max_bytes == broker.offset_metadata_max_bytes
    assert config.offsets_retention_ms == broker.offsets_retention_minutes * 60_000
    assert config.offsets_retention_check_interval_ms == broker.offsets_retention_check_interval_ms
    assert config.offsets_topic_partitions == broker.offsets_topic_num_partitions


def test_only_the_delay_of_the_first_rebalance_is_kafkas_and_not_the_brokers() -> None:
    assert (GroupConfig().initial_rebalance_delay_ms, BrokerConfig().group_initial_rebalance_delay_ms) == (3_000, 0)
