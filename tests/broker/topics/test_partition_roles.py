"""Leaders, followers and others: what a broker says of a partition that it may not lead."""

import pytest

from odradek.broker.testing.topics import delete_topics
from odradek.broker.topics.partition_roles import check_replica, leader_of
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import AskedBroker
from ..nodes.three_brokers import ThreeBrokers


def test_who_leads_and_who_follows_has_a_replica_and_nobody_else() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    for node in brokers.running[:2]:
        check_replica(node.partition(), node.context.topics, node.node_id)
    with pytest.raises(KafkaError) as refused:
        check_replica(brokers[3].partition(), brokers[3].context.topics, 3)
    assert refused.value.code == ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_every_broker_knows_who_leads_and_in_which_epoch() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    assert {leader_of(one.partition(), one.context.topics, one.node_id) for one in brokers.running} == {(1, 0)}
    brokers.kill(1)
    assert {leader_of(one.partition(), one.context.topics, one.node_id) for one in brokers.running} == {(2, 1)}
    brokers.kill(2)
    assert leader_of(brokers[3].partition(), brokers[3].context.topics, 3) == (-1, 2)


def test_a_leader_knows_its_epoch_before_anybody_tells_it() -> None:
    broker = AskedBroker()
    partition = broker.create().partitions[0]
    partition.lead(7)
    assert leader_of(partition, broker.topics, 1) == (1, 7)


def test_nobody_leads_what_is_gone() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    partition = brokers[2].partition()
    delete_topics(brokers[2].context.topics, [brokers[2].topic()])
    brokers.settle()
    assert leader_of(partition, brokers[2].context.topics, 2) == (-1, -1)
    with pytest.raises(KafkaError):
        check_replica(partition, brokers[2].context.topics, 2)
