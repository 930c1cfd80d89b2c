"""Names to addresses, addresses to connections."""

import errno
import socket
import threading
from collections.abc import Sequence

import pytest

from odradek.broker.tools.doctor.connecting import (
    MOST_ADDRESSES,
    NO_NAME,
    DoesNotResolve,
    Network,
    failed_attempt,
    system_resolver,
)
from odradek.broker.tools.doctor.facts import Reached

from ....brokers import free_port


def test_an_address_resolves_to_itself_once() -> None:
    assert system_resolver("127.0.0.2", 1) == ["127.0.0.2"]
    assert system_resolver("::1", 1) == ["::1"]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300, "a..b"])
def test_a_name_without_an_address_does_not_resolve(host: str) -> None:
    with pytest.raises(DoesNotResolve):
        Network(system_resolver, 5.0).resolve(host, 9092)


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64 + ".b", "\udc80"])
def test_what_no_name_can_be_is_told_in_plain_words(host: str) -> None:
    with pytest.raises(DoesNotResolve) as refused:
        system_resolver(host, 9092)
    assert str(refused.value) == NO_NAME
    assert "codec" not in NO_NAME


def test_a_resolver_that_does_not_come_back_is_not_waited_for() -> None:
    hold = threading.Event()

    def never(host: str, port: int) -> Sequence[str]:
        hold.wait(10)
        return []

    with pytest.raises(DoesNotResolve, match=r"no answer from the resolver within 0\.01 s"):
        Network(never, 0.01).resolve("kafka", 9092)
    hold.set()


def test_no_more_addresses_are_tried_than_a_name_may_have() -> None:
    many = [f"127.0.1.{number}" for number in range(100)]
    assert Network(lambda host, port: many, 1.0).resolve("many", 1) == many[:MOST_ADDRESSES]


def test_a_connection_keeps_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with Network(system_resolver, 3.0).connect("127.0.0.1", listener.getsockname()[1]) as connection:
            assert connection.gettimeout() == 3.0
        with Network(system_resolver, 3.0).connect("127.0.0.1", listener.getsockname()[1], 1.0) as connection:
            assert connection.gettimeout() == 1.0


def test_a_port_where_nothing_listens_refuses() -> None:
    with pytest.raises(ConnectionRefusedError) as refused:
        Network(system_resolver, 1.0).connect("127.0.0.1", free_port())
    assert failed_attempt("127.0.0.1", refused.value).reached is Reached.REFUSED


@pytest.mark.parametrize(
    ("error", "reached", "detail"),
    [
        (TimeoutError("timed out"), Reached.TIMED_OUT, ""),
        (OSError(errno.ETIMEDOUT, "late"), Reached.TIMED_OUT, ""),
        (OSError(errno.EHOSTUNREACH, "No route to host"), Reached.UNREACHABLE, ""),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Reached.UNREACHABLE, ""),
        (OSError(errno.EACCES, "Permission denied"), Reached.FAILED, "Permission denied"),
    ],
)
def test_ways_to_fail_are_kept_apart(error: OSError, reached: Reached, detail: str) -> None:
    attempt = failed_attempt("10.0.0.1", error)
    assert (attempt.reached, attempt.detail) == (reached, detail)
