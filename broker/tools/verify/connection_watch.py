"""A connection to each broker that says nothing: when it is lost, the broker has gone, and with it who held what."""

import contextlib
import socket

from .history import Disconnected, Phase
from .library import Library
from .worker import Run, Worker

CONNECT_S = 2.0
LISTEN_S = 0.2
PAUSE_S = 0.05
BROKER = "broker"


class ConnectionWatch(Worker):
    """Watches one broker."""

    def __init__(self, name: str, run: Run, library: Library, address: tuple[str, int]) -> None:
        super().__init__(name, run, library)
        self._address = address
        self._socket: socket.socket | None = None

    def turn(self) -> None:
        if self._socket is None:
            self._connect()
        elif not self._is_there(self._socket):
            self.note(Phase.OK, Disconnected(BROKER))
            self.let_go()

    def _connect(self) -> None:
        try:
            self._socket = socket.create_connection(self._address, CONNECT_S)
        except OSError:
            self.stop.wait(PAUSE_S)
        else:
            self.instance += 1
            self._socket.settimeout(LISTEN_S)

    @staticmethod
    def _is_there(connection: socket.socket) -> bool:
        try:
            return bool(connection.recv(1))
        except TimeoutError:
            return True
        except OSError:
            return False

    def let_go(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()
