"""The only broker of a cluster: it is everything that there is, for whoever asks."""

from odradek.broker.advertised import Advertised
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.nodes.nodes import CONTROLLER_NODE_ID, NodeAddress, OnlyNode
from odradek.broker.session import Session

from .three_brokers import ThreeBrokers

SESSION = Session("/127.0.0.1", "10.0.0.5", 1234)


def only_node(**settings: str) -> OnlyNode:
    config = BrokerConfig.from_settings({name.replace("_", "."): value for name, value in settings.items()})
    return OnlyNode(config, Advertised(config))


def test_the_only_broker_is_controller_and_quorum_and_alive() -> None:
    nodes = only_node(node_id="7")
    assert (nodes.has_several, nodes.controller_id, nodes.quorum_id) == (False, 7, 7)
    assert (nodes.is_alive(7), nodes.is_alive(8)) == (True, False)
    assert nodes.as_of({}) is nodes, "whatever is registered"


def test_a_client_is_told_the_way_that_it_came() -> None:
    nodes = only_node(node_id="7", broker_rack="r")
    told = NodeAddress(7, "10.0.0.5", 1234, "r")
    assert (nodes.all(SESSION), nodes.alive(SESSION)) == ([told], [told])
    assert (nodes.find(7, SESSION), nodes.find(8, SESSION)) == (told, None)


def test_a_client_is_told_what_is_advertised_instead() -> None:
    nodes = only_node(advertised_listeners="PLAINTEXT://kafka.example:99")
    (told,) = nodes.all(SESSION)
    assert (told.host, told.port) == ("kafka.example", 99)


def test_of_several_brokers_none_has_the_number_of_the_controller() -> None:
    brokers = ThreeBrokers()
    nodes = brokers[1].context.nodes
    assert nodes.quorum_id == CONTROLLER_NODE_ID
    assert CONTROLLER_NODE_ID not in {one.node_id for one in nodes.all(SESSION)}
