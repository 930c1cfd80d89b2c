"""The brokers of a cluster of one: this one, always there, at the address at which the client came in."""

import pytest

from odradek.broker.advertised import Advertised
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.nodes.nodes import NodeAddress, OnlyNode
from odradek.broker.session import Session

SESSION = Session("/127.0.0.1", "127.0.0.1", 9092, client_id="shop")


@pytest.fixture
def nodes() -> OnlyNode:
    config = BrokerConfig.from_settings({"node.id": "7", "broker.rack": "a"})
    return OnlyNode(config, Advertised(config, ()))


def test_a_broker_alone_is_all_there_is(nodes: OnlyNode) -> None:
    only = NodeAddress(7, "127.0.0.1", 9092, "a")
    assert nodes.all(SESSION) == nodes.alive(SESSION) == [only]
    assert (nodes.find(7, SESSION), nodes.find(1, SESSION)) == (only, None)
    assert (nodes.is_alive(7), nodes.is_alive(1)) == (True, False)
    assert not nodes.has_several


def test_it_is_its_own_controller(nodes: OnlyNode) -> None:
    assert nodes.controller_id == nodes.quorum_id == 7


def test_it_has_never_been_another(nodes: OnlyNode) -> None:
    assert nodes.as_of({}) is nodes
