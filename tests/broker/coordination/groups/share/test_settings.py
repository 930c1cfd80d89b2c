from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.broker.coordination.groups.share.settings import ShareGroupConfig


def test_the_defaults_are_those_of_the_broker() -> None:
    broker, config = BrokerConfig(), ShareGroupConfig()
    assert config.max_size == broker.group_share_max_size
    assert config.initialize_retry_interval_ms == broker.group_share_initialize_retry_interval_ms
    assert config.of_group("g") == ModernGroupSettings(
        broker.group_share_session_timeout_ms,
        broker.group_share_heartbeat_interval_ms,
        broker.group_share_assignment_interval_ms,
    )
