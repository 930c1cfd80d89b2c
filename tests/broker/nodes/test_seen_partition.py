"""A partition as clients see it, by who is alive."""

from odradek.broker.nodes.nodes import OnlyNode
from odradek.broker.nodes.seen_partition import SeenPartition, seen
from odradek.protocol.errors import ErrorCode
from odradek.protocol.metadata_records import PartitionRecord

from ..handlers.broker_harness import AskedBroker
from .three_brokers import ThreeBrokers

T = PartitionRecord(
    partition_id=0, topic_id=b"t" * 16, replicas=[1, 2, 3], isr=[1, 2], leader=1, leader_epoch=4, partition_epoch=9
)


def test_who_is_not_alive_is_offline_and_stays_a_replica() -> None:
    brokers = ThreeBrokers()
    nodes = brokers[1].context.nodes
    assert seen(T, nodes, is_offline=False) == SeenPartition(ErrorCode.NONE, 1, 4, [1, 2, 3], [1, 2], [])
    brokers.kill(3)
    assert seen(T, nodes, is_offline=False) == SeenPartition(ErrorCode.NONE, 1, 4, [1, 2, 3], [1, 2], [3])


def test_a_leader_that_is_not_alive_is_none() -> None:
    brokers = ThreeBrokers()
    brokers.kill(1)
    found = seen(T, brokers[2].context.nodes, is_offline=False)
    assert (found.error, found.leader, found.offline) == (ErrorCode.LEADER_NOT_AVAILABLE, -1, [1])


def test_the_oldest_clients_see_only_who_is_alive() -> None:
    brokers = ThreeBrokers()
    nodes = brokers[1].context.nodes
    found = seen(T, nodes, is_offline=False)
    assert found.only_alive(nodes) == found
    brokers.kill(3)
    found = seen(T, nodes, is_offline=False).only_alive(nodes)
    assert (found.error, found.replicas, found.isr) == (ErrorCode.REPLICA_NOT_AVAILABLE, [1, 2], [1, 2])
    brokers.fence(1)
    found = seen(T, nodes, is_offline=False).only_alive(nodes)
    assert (found.error, found.replicas, found.isr) == (ErrorCode.LEADER_NOT_AVAILABLE, [2], [2])


def test_a_failed_disk_is_the_end_of_a_partition_where_there_is_no_other_broker() -> None:
    context = AskedBroker().context
    assert isinstance(context.nodes, OnlyNode)
    alone = PartitionRecord(partition_id=0, topic_id=b"t" * 16, replicas=[1], isr=[1], leader=1, leader_epoch=0)
    lost = SeenPartition(ErrorCode.LEADER_NOT_AVAILABLE, -1, 0, [1], (), [1])
    assert seen(alone, context.nodes, is_offline=True) == lost
    assert seen(alone, context.nodes, is_offline=False).error == ErrorCode.NONE
    several = ThreeBrokers()[1].context.nodes
    assert seen(T, several, is_offline=True).error == ErrorCode.NONE, "the controller says so where it is so"
