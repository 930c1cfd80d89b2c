"""Whole answers by a deadline, on a clock that stands where the test puts it."""

import socket

import pytest

from odradek.broker.tools.doctor.timed_wire import TimedWire

from .fake_servers import dripping, serving


class Dripping:
    """A connection that says one byte a second, by a clock of its own."""

    def __init__(self) -> None:
        self.time = 100.0
        self.timeouts: list[float] = []

    def setsockopt(self, *option: int) -> None:
        pass

    def settimeout(self, timeout_s: float) -> None:
        self.timeouts.append(timeout_s)

    def sendall(self, data: bytes) -> None:
        self.time += 1

    def recv(self, most: int) -> bytes:
        self.time += 1
        return b"\0"


def wire_over(connection: Dripping, timeout_s: float) -> TimedWire:
    return TimedWire(connection, client_id="c", timeout_s=timeout_s, now=lambda: connection.time)  # type: ignore[arg-type]


def test_an_answer_that_drips_is_given_up_when_its_time_is_over() -> None:
    connection = Dripping()
    wire = wire_over(connection, 5)
    wire.send_raw(b"?")
    with pytest.raises(TimeoutError):
        wire.receive_exactly(1000)
    assert connection.time == 105
    assert connection.timeouts == [5, 4, 3, 2, 1]


def test_every_answer_has_the_whole_time() -> None:
    connection = Dripping()
    wire = wire_over(connection, 5)
    for _ in range(3):
        wire.send_raw(b"?")
        assert wire.receive_exactly(4) == b"\0\0\0\0"
    assert connection.time == 115
    wire.set_timeout(2)
    assert wire.receive_exactly(2) == b"\0\0"
    with pytest.raises(TimeoutError):
        wire.receive_some(1)


def test_a_port_that_drips_is_not_waited_for() -> None:
    with serving(dripping) as port, socket.create_connection(("127.0.0.1", port), 10) as connection:
        times = iter(range(100))
        wire = TimedWire(connection, client_id="c", timeout_s=10, now=lambda: next(times))
        with pytest.raises(TimeoutError):
            wire.receive_frame()
