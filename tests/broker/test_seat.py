"""What is asked of a seat, and that both a broker of several and a double of tests have it."""

import inspect

from odradek.broker.seat import Seat
from odradek.broker.several_brokers.broker_seat import BrokerSeat

from .several_brokers.brokers_in_trouble import BrokersInTrouble


def test_a_broker_of_several_sits_in_a_seat() -> None:
    seat: Seat = BrokersInTrouble()[1].seat
    asked = [name for name, _ in inspect.getmembers(Seat) if not name.startswith("_")]
    assert asked
    assert all(hasattr(seat, name) for name in asked)
    assert isinstance(seat, BrokerSeat)


def test_what_it_gives_is_what_the_broker_is_made_of() -> None:
    brokers = BrokersInTrouble()
    context = brokers[2].context
    assert context.nodes.has_several
    assert context.topics.placement is brokers.controller.placement
    assert context.metadata.image.brokers.keys() == {1, 2, 3}
    assert brokers.around.contexts[2] is context
