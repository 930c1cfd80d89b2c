"""DescribeProducers: who has written to a partition, and where its open transaction begins."""

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    TopicRequest,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedContext, batch
from .transaction_harness import TransactingBroker


def producers(broker: AskedContext | TransactingBroker, topic: str = "t", index: int = 0) -> PartitionResponse:
    asked = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[index])])
    (found,) = broker.ask(asked, 0, DescribeProducersResponse).answer.topics
    (partition,) = found.partitions
    return partition


def test_producers_are_described_while_they_write_and_after() -> None:
    broker = TransactingBroker()
    pid, epoch = who = broker.begin()
    broker.write(who, version=12)
    (one,) = producers(broker).active_producers
    assert (one.producer_id, one.producer_epoch, one.last_sequence) == (pid, epoch, 0)
    assert (one.current_txn_start_offset, one.coordinator_epoch) == (0, -1)
    broker.end(who, commit=True, version=5)
    (one,) = producers(broker).active_producers
    assert (one.producer_epoch, one.last_sequence, one.current_txn_start_offset) == (epoch + 1, -1, -1)
    assert one.last_timestamp == broker.clock.now_ms()


def test_producers_of_what_does_not_exist_are_refused_with_a_reason_for_the_topic_only() -> None:
    broker = TransactingBroker()
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    for topic, message in (("t", None), ("nope", unknown.message)):
        found = producers(broker, topic, 9)
        assert (found.error_code, found.error_message) == (unknown, message)


def test_a_follower_tells_of_the_producers_that_it_has_copied_and_others_of_none() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.produce("t", batch(b"v", pid=7, sequence=3))
    for node in (brokers[1], brokers[2]):
        (one,) = producers(node).active_producers
        assert (one.producer_id, one.last_sequence) == (7, 3)
    found = producers(brokers[3])
    assert (found.error_code, found.active_producers) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, [])
