"""Whom a broker asks: itself, or a controller that others ask, too."""

from odradek.broker.controller.asked_controller import AskedController
from odradek.broker.controller.only_broker import OnlyBroker
from odradek.broker.several_brokers.linked_controller import LinkedController

from ..handlers.broker_harness import AskedBroker
from ..nodes.three_brokers import ThreeBrokers


def test_a_broker_alone_asks_itself_and_one_of_several_the_controller_of_all() -> None:
    alone: AskedController = AskedBroker().context.controller
    assert isinstance(alone, OnlyBroker)
    for node in ThreeBrokers().running:
        linked: AskedController = node.context.controller
        assert isinstance(linked, LinkedController)
