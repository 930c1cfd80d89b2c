import pytest

from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import SharePartitionKey, StateError
from odradek.protocol.errors import ErrorCode

from ..nodes.three_brokers import ThreeBrokers
from .test_peers import peers_of


@pytest.fixture
def brokers() -> ThreeBrokers:
    brokers = ThreeBrokers({"share.coordinator.state.topic.num.partitions": "1"})
    brokers.create("t", [1, 2, 3])
    brokers.create("__share_group_state", [2, 3])
    return brokers


def initialize(brokers: ThreeBrokers) -> list[StateError]:
    """Broker 1 has the state of a share partition stored by whoever keeps it."""
    told: list[StateError] = []
    key = SharePartitionKey("g", brokers[1].topic("t").topic_id, 0)
    peers_of(brokers, 1).share_states.initialize(key, 1, 0, ResponseFuture(told.append, StateError))
    brokers.settle()
    return told


def test_a_state_is_stored_by_the_broker_that_keeps_it(brokers: ThreeBrokers) -> None:
    assert [one.error for one in initialize(brokers)] == [ErrorCode.NONE]
    assert brokers[2].partition("__share_group_state").log.log_end_offset == 1


def test_a_state_that_cannot_be_stored_now_is_stored_as_soon_as_there_is_a_way(brokers: ThreeBrokers) -> None:
    brokers.around.links.set(1, 2, is_cut=True)
    told = initialize(brokers)
    assert told == []
    brokers.around.links.heal()
    brokers.advance(5)
    assert [one.error for one in told] == [ErrorCode.NONE]
