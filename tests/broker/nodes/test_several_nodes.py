"""The brokers of a cluster as one of them knows them, and where its clients find them."""

import pytest

from odradek.broker.advertised import Advertised, parse_rule
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.registrations import BrokerRegistration
from odradek.broker.nodes.nodes import CONTROLLER_NODE_ID
from odradek.broker.nodes.several_nodes import AddressBook
from odradek.broker.session import Session

from .three_brokers import ThreeBrokers, port_of


@pytest.fixture
def brokers() -> ThreeBrokers:
    return ThreeBrokers()


def session(host: str = "127.0.0.1", *, port: int = port_of(1), listener: str = "PLAINTEXT") -> Session:
    return Session(f"/{host}", host, port, client_id="shop", listener=listener)


def test_all_that_are_registered_are_listed_by_id_and_those_that_are_fenced_as_such(brokers: ThreeBrokers) -> None:
    brokers.kill(2)
    nodes = brokers[1].context.nodes
    found = nodes.all(session())
    assert [(one.node_id, one.port, one.rack, one.is_fenced) for one in found] == [
        (1, port_of(1), "a", False),
        (2, port_of(2), "b", True),
        (3, port_of(3), "c", False),
    ]
    assert [one.node_id for one in nodes.alive(session())] == [1, 3]
    assert [nodes.is_alive(node_id) for node_id in (1, 2, 9)] == [True, False, False]


def test_one_is_found_as_long_as_it_is_there(brokers: ThreeBrokers) -> None:
    nodes = brokers[1].context.nodes
    found = nodes.find(2, session())
    assert found is not None
    assert (found.host, found.port) == ("127.0.0.1", port_of(2))
    brokers.kill(2)
    assert nodes.find(2, session()) is None
    assert nodes.find(9, session()) is None


def test_a_broker_that_is_cut_off_knows_them_as_they_were(brokers: ThreeBrokers) -> None:
    brokers.freeze(3)
    brokers.kill(2)
    assert brokers[3].context.nodes.is_alive(2)
    assert not brokers[1].context.nodes.is_alive(2)


def test_clients_are_told_the_first_that_is_there_for_the_controller(brokers: ThreeBrokers) -> None:
    nodes = brokers[3].context.nodes
    assert (nodes.controller_id, nodes.quorum_id, nodes.has_several) == (1, CONTROLLER_NODE_ID, True)
    brokers.kill(1)
    assert nodes.controller_id == 2


def test_they_can_be_told_as_they_were_before(brokers: ThreeBrokers) -> None:
    nodes = brokers[1].context.nodes
    before = nodes.as_of(dict(brokers[1].context.metadata.image.brokers))
    brokers.kill(2)
    assert (before.is_alive(2), nodes.is_alive(2)) == (True, False)


def test_each_is_advertised_as_its_own_settings_say() -> None:
    book = AddressBook()
    registration = registered(2)
    assert book.endpoint(2, registration, session("10.1.2.3")) == ("10.1.2.3", port_of(2))
    book.enter(2, Advertised(BrokerConfig(), [parse_rule("10.0.0.0/8=shop.example:19093")]))
    assert book.endpoint(2, registration, session("10.1.2.3")) == ("shop.example", 19093)
    assert book.endpoint(2, registration, session("192.168.0.1")) == ("192.168.0.1", port_of(2))


def test_a_listener_that_a_broker_has_not_registered_is_taken_to_be_where_the_client_came_in() -> None:
    assert AddressBook().endpoint(2, registered(2), session(port=7000, listener="OTHER")) == ("127.0.0.1", 7000)


def registered(node_id: int) -> BrokerRegistration:
    brokers = ThreeBrokers()
    return brokers.controller.cluster.brokers[node_id]
