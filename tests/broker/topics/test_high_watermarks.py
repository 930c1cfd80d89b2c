"""Where partitions end for consumers: what the log of a broker alone says, or why nobody knows."""

from odradek.broker.topics.high_watermarks import Ends, OwnHighWatermarks, own_end
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import AskedBroker, batch
from ..nodes.three_brokers import ThreeBrokers


def test_a_broker_alone_answers_at_once_and_of_each_partition_by_itself() -> None:
    broker = AskedBroker()
    broker.append(broker.create("t", 2).partitions[1], batch(), batch())
    found: list[Ends] = []
    OwnHighWatermarks(broker.topics).find([("t", 0), ("t", 1), ("nix", 0)], found.append)
    (ends,) = found
    unknown = ends["nix", 0]
    assert (ends["t", 0], ends["t", 1]) == (0, broker.topics.partition("t", 1).log.log_end_offset)
    assert isinstance(unknown, KafkaError)
    assert unknown.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_only_who_leads_knows_and_it_counts_what_its_followers_have() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.produce("t", batch())
    end = brokers[1].partition().log.log_end_offset
    assert own_end(brokers[1].context.topics, "t", 0) == end > 0
    for one in (2, 3):
        brokers.freeze(one)
    brokers[1].send(batch(), acks=1)
    brokers.settle()
    assert brokers[1].partition().log.log_end_offset > end
    assert own_end(brokers[1].context.topics, "t", 0) == end
    told = own_end(brokers[2].context.topics, "t", 0)
    assert isinstance(told, KafkaError)
    assert told.code == ErrorCode.NOT_LEADER_OR_FOLLOWER
