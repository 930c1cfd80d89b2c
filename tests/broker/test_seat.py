"""A broker's place among several: it has all that is asked of one, and leads and follows from it."""

from odradek.broker.nodes.several_nodes import SeveralNodes
from odradek.broker.seat import Seat

from .handlers.broker_harness import batch
from .nodes.three_brokers import ThreeBrokers


def named(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_the_seat_of_a_broker_has_all_that_is_asked_of_one() -> None:
    brokers = ThreeBrokers()
    seat: Seat = brokers[1].seat
    assert {"metadata", "markers", "attach"} <= named(Seat)
    assert [name for name in sorted(named(Seat)) if not hasattr(seat, name)] == []


def test_what_a_broker_is_made_with_is_its_seats() -> None:
    node = ThreeBrokers()[2]
    assert isinstance(node.context.nodes, SeveralNodes)
    assert node.context.metadata.directory_id in node.context.metadata.image.brokers[2].log_dirs
    assert node.seat.broker_epoch == node.context.metadata.image.brokers[2].broker_epoch


def test_a_partition_that_has_grown_is_heard_of_by_the_broker_and_by_its_followers() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    heard: list[str] = []
    changed = brokers[1].seat.on_change(lambda partition: heard.append(partition.name))
    changed(brokers[1].partition())
    assert heard == ["t-0"]
    brokers.produce("t", batch())
    ends = {node.partition().replica_log.log_end_offset for node in brokers.running}
    assert ends == {brokers[1].partition().log.high_watermark}
    assert ends != {0}


def test_a_broker_that_has_left_its_seat_is_not_among_those_that_run() -> None:
    brokers = ThreeBrokers()
    assert set(brokers.around.contexts) == set(brokers.around.replicas) == {1, 2, 3}
    brokers.kill(2)
    assert set(brokers.around.contexts) == set(brokers.around.replicas) == {1, 3}
    brokers.start(2)
    assert brokers.around.contexts[2] is brokers[2].context
