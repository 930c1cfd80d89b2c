"""What is written while nothing gets through to a client waits, and goes in its order."""

from typing import Any

import pytest

from odradek.broker.network.held_transport import HeldTransport


class Transport:
    """A socket's transport, as far as it is used."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closing = False
        self.paused = 0

    def writelines(self, segments: Any) -> None:
        self.written += segments

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.paused += 1


@pytest.fixture
def transport() -> Transport:
    return Transport()


def held(transport: Transport) -> HeldTransport:
    return HeldTransport(transport)  # type: ignore[arg-type]


def test_what_is_written_waits_until_it_is_let_go_in_its_order(transport: Transport) -> None:
    holding = held(transport)
    holding.write(b"a")
    holding.writelines([b"b", memoryview(b"c")])
    assert transport.written == []
    assert holding.let_go() is transport  # type: ignore[comparison-overlap]
    assert transport.written == [b"a", b"b", b"c"]


def test_what_is_written_is_kept_though_its_memory_is_used_again(transport: Transport) -> None:
    memory = bytearray(b"a")
    holding = held(transport)
    holding.write(memory)
    memory[0] = ord("z")
    holding.let_go()
    assert transport.written == [b"a"]


def test_nothing_is_written_twice(transport: Transport) -> None:
    holding = held(transport)
    holding.write(b"a")
    holding.let_go()
    holding.let_go()
    assert transport.written == [b"a"]


def test_nothing_goes_to_a_connection_that_closes(transport: Transport) -> None:
    holding = held(transport)
    holding.write(b"a")
    transport.closing = True
    holding.let_go()
    assert transport.written == []


def test_whatever_is_no_write_goes_to_the_socket(transport: Transport) -> None:
    holding = held(transport)
    holding.pause_reading()
    assert transport.paused == 1
    assert not holding.is_closing()
