"""What the controller does by the clock, among three brokers."""

import pytest

from odradek.broker.several_brokers.controller_tasks import ControllerTasks
from odradek.protocol.metadata_records import ConfigRecord, ConfigResourceType

from ..nodes.three_brokers import ThreeBrokers

INTERVAL_S = 300.0


def with_tasks(settings: dict[str, str] | None = None) -> ThreeBrokers:
    brokers = ThreeBrokers(settings or {})
    ControllerTasks(brokers.controller, brokers._controller_node.lifetime.runtime).start()
    return brokers


@pytest.mark.parametrize(("is_wanted", "leader"), [("true", 1), ("false", 2)])
def test_leadership_returns_to_the_preferred_replica_if_that_is_wanted(is_wanted: str, leader: int) -> None:
    brokers = with_tasks({"auto.leader.rebalance.enable": is_wanted})
    brokers.create("t", [1, 2, 3])
    brokers.kill(1)
    brokers.start(1)
    brokers.advance(INTERVAL_S - 1)
    assert brokers.record().leader == 2
    brokers.advance(1)
    assert brokers.record().leader == leader


def test_it_returns_again_and_again() -> None:
    brokers = with_tasks()
    brokers.create("t", [1, 2, 3])
    for _ in range(2):
        brokers.kill(1)
        brokers.start(1)
        brokers.advance(INTERVAL_S)
        assert brokers.record().leader == 1


def test_a_partition_without_a_leader_gets_one_that_was_not_in_sync_once_its_topic_allows_that() -> None:
    brokers = with_tasks()
    brokers.create("t", [1, 2])
    brokers.kill(2)
    brokers.kill(1)
    brokers.start(2)
    allow = ConfigRecord(
        resource_type=ConfigResourceType.TOPIC,
        resource_name="t",
        name="unclean.leader.election.enable",
        value="true",
    )
    brokers.around.log.change(lambda image: [allow], lambda error: None)
    brokers.advance(INTERVAL_S - 1)
    assert brokers.record().leader == -1
    brokers.advance(1)
    assert brokers.record().leader == 2
