from odradek.broker.topics.high_watermarks import Ends
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import batch
from ..nodes.three_brokers import ThreeBrokers
from .test_peers import peers_of


def ends(brokers: ThreeBrokers, *at: tuple[str, int]) -> dict[tuple[str, int], object]:
    found: list[Ends] = []
    peers_of(brokers, 1).high_watermarks.find(at, found.append)
    brokers.settle()
    (answer,) = found
    return {key: end.code if isinstance(end, KafkaError) else end for key, end in answer.items()}


def test_each_leader_is_asked_where_its_partitions_end() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [2, 3], [3, 2], [1, 2])
    for index in range(3):
        for _ in range(index + 1):
            brokers.produce("t", batch(b"v"), index=index)
    assert ends(brokers, ("t", 0), ("t", 1), ("t", 2)) == {("t", 0): 1, ("t", 1): 2, ("t", 2): 3}


def test_a_partition_that_nobody_leads_has_no_end() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [2])
    brokers.kill(2)
    assert ends(brokers, ("t", 0), ("unknown", 0)) == {
        ("t", 0): ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ("unknown", 0): ErrorCode.NOT_LEADER_OR_FOLLOWER,
    }


def test_nothing_is_asked_where_there_is_nothing_to_ask() -> None:
    assert ends(ThreeBrokers()) == {}
