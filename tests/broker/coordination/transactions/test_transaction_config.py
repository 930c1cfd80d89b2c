from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.transactions.transaction_config import TransactionConfig


def test_the_defaults_are_those_of_the_broker() -> None:
    broker, config = BrokerConfig(), TransactionConfig()
    assert config.max_timeout_ms == broker.transaction_max_timeout_ms
    assert config.id_expiration_ms == broker.transactional_id_expiration_ms
    assert config.abort_interval_ms == broker.transaction_abort_timed_out_transaction_cleanup_interval_ms
    assert config.expiration_interval_ms == broker.transaction_remove_expired_transaction_cleanup_interval_ms
    assert config.state_topic_partitions == broker.transaction_state_log_num_partitions
