import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings


@pytest.mark.parametrize("name", ["session_timeout_ms", "heartbeat_interval_ms", "assignment_interval_ms"])
def test_what_is_not_set_is_as_in_kafka(name: str) -> None:
    of_broker = getattr(BrokerConfig.from_settings({}), f"group_consumer_{name}")
    assert getattr(ModernGroupSettings(), name) == of_broker
