from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.share_state.share_state_config import ShareStateConfig


def test_the_defaults_are_those_of_the_broker() -> None:
    broker, config = BrokerConfig(), ShareStateConfig()
    assert config.updates_per_snapshot == broker.share_coordinator_snapshot_update_records_per_snapshot
    assert config.prune_interval_ms == broker.share_coordinator_state_topic_prune_interval_ms
    assert config.cold_snapshot_interval_ms == broker.share_coordinator_cold_partition_snapshot_interval_ms
    assert config.max_batches == 2 * broker.group_share_max_partition_max_record_locks
    assert config.state_topic_partitions == broker.share_coordinator_state_topic_num_partitions
