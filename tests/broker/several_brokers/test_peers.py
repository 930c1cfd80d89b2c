"""How long coordinators wait for followers, and that a broker which is no more asks nothing."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.replication_config import ReplicationConfig
from odradek.broker.nodes.links import Links
from odradek.broker.several_brokers.peers import Peers
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.errors import ErrorCode, KafkaError

from ..coordination.leading import HandLeadership

SETTINGS = {"offsets.commit.timeout.ms": "2000", "share.coordinator.write.timeout.ms": "3000"}


@pytest.mark.parametrize(("topic", "timeout_s"), [(OFFSETS_TOPIC, 2.0), (SHARE_TOPIC, 3.0), (TRANSACTION_TOPIC, None)])
def test_groups_and_share_states_wait_as_their_settings_say_and_transactions_as_they_must(
    topic: str, timeout_s: float | None
) -> None:
    clock = ManualClock()
    config = ReplicationConfig(BrokerConfig.from_settings(SETTINGS))
    peers = Peers(1, config, manual_runtime(clock), Links(clock, clock), {})
    heard: list[KafkaError | None] = []
    peers.replication_wait(topic).wait(HandLeadership(), 1, heard.append)
    clock.advance((timeout_s or 1000.0) - 0.1)
    assert heard == []
    clock.advance(0.1)
    assert [error and error.code for error in heard] == ([] if timeout_s is None else [ErrorCode.REQUEST_TIMED_OUT])
