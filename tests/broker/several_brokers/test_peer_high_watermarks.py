from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import batch
from ..nodes.three_brokers import ThreeBrokers


def ends(brokers: ThreeBrokers, node_id: int, *indexes: int) -> list[int | ErrorCode]:
    """As one broker finds them."""
    heard: list[list[int | KafkaError]] = []
    asked = [("t", index) for index in indexes]
    brokers[node_id].context.high_watermarks.find(asked, lambda found: heard.append([found[at] for at in asked]))
    brokers.settle()
    ((*found,),) = heard
    return [one.code if isinstance(one, KafkaError) else one for one in found]


def test_each_leader_is_asked_and_a_broker_itself_where_it_leads() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2], [2, 3], [3, 1])
    for index in range(3):
        for _ in range(index):
            brokers.produce("t", batch(b"v"), index=index)
    assert [ends(brokers, node_id, 2, 0, 1) for node_id in (1, 2, 3)] == [[2, 0, 1]] * 3


def test_what_nobody_leads_or_nobody_can_be_asked_about_is_not_known() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1], [2], [3])
    brokers.kill(3)
    brokers.links.set(2, 1, is_cut=True)
    unknown = ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert ends(brokers, 1, 0, 1, 2, 9) == [0, unknown, unknown, unknown]


def test_without_partitions_nobody_is_asked() -> None:
    assert ends(ThreeBrokers(), 1) == []
