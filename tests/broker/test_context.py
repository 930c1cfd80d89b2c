"""What a client is told for the address of this broker is the same in every answer."""

from .handlers.broker_harness import AskedBroker


def test_it_is_what_is_advertised() -> None:
    broker = AskedBroker({"advertised.listeners": "PLAINTEXT://kafka.example:19092"})
    assert broker.context.endpoint(broker.session) == ("kafka.example", 19092)
