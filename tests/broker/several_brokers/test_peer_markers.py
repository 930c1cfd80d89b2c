from odradek.broker.coordination.transactions.marker_channel import TransactionMarker
from odradek.protocol.control import find_marker
from odradek.protocol.errors import ErrorCode

from ..nodes.three_brokers import ThreeBrokers
from .test_peers import peers_of

COMMIT = TransactionMarker(7, 0, 0, is_commit=True, must_raise_epoch=False)


def write(brokers: ThreeBrokers, index: int = 0) -> list[ErrorCode]:
    """What broker 1 is told of a marker that it gives to the leader."""
    told: list[ErrorCode] = []
    peers_of(brokers, 1).markers.write(("t", index), COMMIT, told.append)
    brokers.settle()
    return told


def test_a_marker_is_written_where_the_partition_is_led_and_reaches_the_followers() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [2, 1, 3])
    assert write(brokers) == [ErrorCode.NONE]
    for node_id in (1, 2, 3):
        (stored,) = brokers[node_id].partition("t").replica_log.batches()
        marker = find_marker(stored)
        assert marker is not None
        assert (stored.producer_id, marker.is_commit) == (7, True)


def test_nobody_can_take_a_marker_where_nobody_leads() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [2])
    brokers.kill(2)
    assert write(brokers) == [ErrorCode.LEADER_NOT_AVAILABLE]


def test_a_leader_that_cannot_be_reached_is_a_failing_network() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [2, 1, 3])
    brokers.around.links.set(1, 2, is_cut=True)
    assert write(brokers) == [ErrorCode.NETWORK_EXCEPTION]
