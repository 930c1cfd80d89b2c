"""What a client is told for the address of this broker."""

import pytest

from odradek.broker.session import Session

from .handlers.broker_harness import AskedBroker

CAME_IN = Session("/10.0.0.7", "10.0.0.1", 9092)


@pytest.mark.parametrize(
    ("listening_at", "told"),
    [
        (("127.0.0.1", 9092), ("127.0.0.1", 9092)),
        (("0.0.0.0", 9093), ("10.0.0.1", 9093)),
        (("::", 9094), ("10.0.0.1", 9094)),
    ],
)
def test_a_client_is_told_the_listener_or_where_it_came_in_where_that_is_every_interface(
    listening_at: tuple[str, int], told: tuple[str, int]
) -> None:
    broker = AskedBroker()
    broker.listening_at = listening_at
    assert broker.context.endpoint(CAME_IN) == told


@pytest.mark.parametrize(
    ("advertised", "told"),
    [("kafka.example:19092", ("kafka.example", 19092)), ("kafka.example:0", ("kafka.example", 9092))],
)
def test_what_is_advertised_counts_before_what_is_listened_at_but_for_a_port_of_0(
    advertised: str, told: tuple[str, int]
) -> None:
    broker = AskedBroker({"advertised.listeners": f"PLAINTEXT://{advertised}"})
    assert broker.context.endpoint(CAME_IN) == told


def test_the_port_is_that_of_the_moment() -> None:
    broker = AskedBroker()
    assert broker.context.endpoint(CAME_IN) == ("127.0.0.1", 9092)
    broker.listening_at = ("127.0.0.1", 50001)
    assert broker.context.endpoint(CAME_IN) == ("127.0.0.1", 50001)
