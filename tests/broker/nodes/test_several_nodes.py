"""The brokers as one of them knows them: who is alive, who is told for the controller, and where each is found."""

from odradek.broker.advertised import Advertised
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.registrations import BrokerRegistration
from odradek.broker.nodes.several_nodes import AddressBook
from odradek.broker.session import Session
from odradek.protocol.metadata_records import BrokerEndpoint

from .three_brokers import ThreeBrokers, port_of

SESSION = Session("/127.0.0.1", "10.0.0.5", 1234)


def test_a_broker_that_is_fenced_stays_known_and_is_not_alive() -> None:
    brokers = ThreeBrokers()
    nodes = brokers[2].context.nodes
    before = nodes.as_of(dict(brokers[2].context.metadata.image.brokers))
    brokers.kill(1)
    assert [(one.node_id, one.is_fenced) for one in nodes.all(SESSION)] == [(1, True), (2, False), (3, False)]
    assert [one.node_id for one in nodes.alive(SESSION)] == [2, 3]
    assert (nodes.find(1, SESSION), nodes.is_alive(1), nodes.controller_id) == (None, False, 2)
    assert before.is_alive(1), "it was, when these were registered"
    assert before.controller_id == 1
    brokers.kill(3)
    brokers.fence(2)
    assert (nodes.controller_id, nodes.alive(SESSION)) == (-1, [])


def test_a_broker_that_hears_nothing_goes_on_with_what_it_knows() -> None:
    brokers = ThreeBrokers()
    brokers.freeze(3)
    brokers.kill(1)
    assert brokers[3].context.nodes.is_alive(1)
    assert not brokers[2].context.nodes.is_alive(1)
    brokers.resume(3)
    assert not brokers[3].context.nodes.is_alive(1)


def test_each_broker_is_found_at_its_own_port_with_its_rack() -> None:
    nodes = ThreeBrokers()[1].context.nodes
    told = [(one.node_id, one.host, one.port, one.rack) for one in nodes.all(SESSION)]
    assert told == [(node_id, "10.0.0.5", port_of(node_id), rack) for node_id, rack in ((1, "a"), (2, "b"), (3, "c"))]


def test_what_a_broker_advertises_is_told_by_all_and_stays_while_it_is_down() -> None:
    book = AddressBook()
    endpoint = BrokerEndpoint(name="PLAINTEXT", host="127.0.0.1", port=9093, security_protocol=0)
    registration = BrokerRegistration(2, 5, b"i" * 16, [endpoint])
    assert book.endpoint(2, registration, SESSION) == ("10.0.0.5", 9093)
    config = BrokerConfig.from_settings({"advertised.listeners": "PLAINTEXT://kafka.example:99"})
    book.enter(2, Advertised(config))
    assert book.endpoint(2, registration, SESSION) == ("kafka.example", 99)
