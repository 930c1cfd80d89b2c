"""Where clients are sent that have asked a broker which does not lead (KIP-951)."""

from odradek.broker.nodes.leader_hints import LeaderHints

from .three_brokers import ThreeBrokers, port_of


def test_each_leader_that_is_named_and_there_has_an_address_once() -> None:
    brokers = ThreeBrokers()
    brokers.kill(3)
    hints = LeaderHints(brokers[1].context.nodes)
    for leader in (2, 3, -1, 2, 1):
        hints.name(leader)
    found = [(one.node_id, one.port, one.rack) for one in hints.endpoints(brokers[1].session)]
    assert found == [(2, port_of(2), "b"), (1, port_of(1), "a")]


def test_an_answer_that_names_nobody_has_no_addresses() -> None:
    brokers = ThreeBrokers()
    assert LeaderHints(brokers[1].context.nodes).endpoints(brokers[1].session) == []
