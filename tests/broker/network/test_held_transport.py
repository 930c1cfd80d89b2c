import asyncio
from collections.abc import Iterable
from typing import cast

from odradek.broker.network.held_transport import HeldTransport


class Socket:
    """A transport that notes what is written, and whether it is read."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_read = True
        self.is_closed = False

    def writelines(self, lines: Iterable[bytes]) -> None:
        self.written += lines

    def pause_reading(self) -> None:
        self.is_read = False

    def is_closing(self) -> bool:
        return self.is_closed


def held(socket: Socket) -> HeldTransport:
    return HeldTransport(cast(asyncio.Transport, socket))


def test_what_is_written_waits_and_goes_out_in_its_order() -> None:
    socket = Socket()
    transport = held(socket)
    transport.write(b"one")
    transport.writelines([b"two", memoryview(b"three")])
    assert socket.written == []
    assert cast(object, transport.let_go()) is socket
    assert socket.written == [b"one", b"two", b"three"]


def test_what_is_no_write_goes_to_the_socket() -> None:
    socket = Socket()
    held(socket).pause_reading()
    assert not socket.is_read


def test_nothing_is_written_to_a_client_that_has_gone() -> None:
    socket = Socket()
    transport = held(socket)
    transport.write(b"one")
    socket.is_closed = True
    transport.let_go()
    assert socket.written == []
