"""A lost connection is in the history, once, and it is connected again."""

import socket

import pytest

from odradek.broker.tools.verify.connection_watch import BROKER, ConnectionWatch
from odradek.broker.tools.verify.history import Disconnected

from .driven import Driven


def watch_of(driven: Driven, address: tuple[str, int]) -> ConnectionWatch:
    watch = driven.made(ConnectionWatch("w", driven.run, driven.library, address))
    watch.turn()
    return watch


@pytest.mark.parametrize("is_reset", [False, True])
def test_each_loss_is_told_once_and_the_watch_goes_on(is_reset: bool) -> None:
    driven = Driven()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        watch = watch_of(driven, listening.getsockname())
        for losses in (1, 2):
            connection, _ = listening.accept()
            watch.turn()
            assert len(driven.details(Disconnected)) == losses - 1
            if is_reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
            watch.turn()
            assert [one.of for one in driven.details(Disconnected)] == [BROKER] * losses
            watch.turn()
        watch.let_go()


def test_a_broker_that_is_not_there_is_no_loss() -> None:
    driven = Driven()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    watch = watch_of(driven, address)
    watch.turn()
    assert not driven.details(Disconnected)
    watch.let_go()
