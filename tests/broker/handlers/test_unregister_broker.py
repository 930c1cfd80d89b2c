"""UnregisterBroker: no other broker is known, and this one stays."""

import pytest

from odradek.broker.nodes.links import CONTROLLER
from odradek.protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker


@pytest.mark.parametrize("broker_id", [0, 2, -1])
def test_another_broker_is_not_registered(broker_id: int) -> None:
    answer = AskedBroker().ask(UnregisterBrokerRequest(broker_id=broker_id), 0, UnregisterBrokerResponse).answer
    assert (answer.error_code, answer.error_message) == (102, f"Broker ID {broker_id} is not currently registered")


def test_the_only_broker_is_not_unregistered() -> None:
    broker = AskedBroker()
    answer = broker.ask(UnregisterBrokerRequest(broker_id=1), 0, UnregisterBrokerResponse).answer
    assert answer.error_code == 42
    broker.create()
    assert not broker.topics.partition("t", 0).is_offline


def test_a_broker_that_is_gone_for_good_is_forgotten() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.kill(3)

    def unregister(broker_id: int) -> tuple[int, str | None]:
        answer = brokers[1].ask(UnregisterBrokerRequest(broker_id=broker_id), 0, UnregisterBrokerResponse).answer
        return answer.error_code, answer.error_message

    assert unregister(9) == (102, "Broker ID 9 is not currently registered")
    assert unregister(3) == (0, "")
    assert sorted(brokers.controller.cluster.brokers) == [1, 2]
    assert unregister(3) == (102, "Broker ID 3 is not currently registered")
    brokers.start(3)
    assert sorted(brokers.record().isr) == [1, 2, 3], "it may come back, as any broker may come"


def test_a_controller_that_cannot_be_reached_is_waited_for_for_a_minute() -> None:
    brokers = ThreeBrokers()
    brokers.links.set(1, CONTROLLER, is_cut=True)
    asked = brokers[1].ask(UnregisterBrokerRequest(broker_id=9), 0, UnregisterBrokerResponse)
    brokers.advance(59.0)
    assert asked.is_deferred
    brokers.advance(1.0)
    assert asked.answer.error_code == 7
