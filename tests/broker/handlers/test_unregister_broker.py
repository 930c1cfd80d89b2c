"""UnregisterBroker: no other broker is known, and this one stays."""

import pytest

from odradek.protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse

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
