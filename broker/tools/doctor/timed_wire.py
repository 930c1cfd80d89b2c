"""A wire on which a whole answer has a deadline: a port that says a byte a second is not waited for byte by byte."""

import socket
from collections.abc import Callable

from ...wire import Wire


class TimedWire(Wire):
    """Each time something is sent, the answer to it gets `timeout_s` seconds by the clock `now`; then TimeoutError."""

    def __init__(
        self, connection: socket.socket, *, client_id: str, timeout_s: float, now: Callable[[], float]
    ) -> None:
        super().__init__("", client_id=client_id, connection=connection)
        self._timeout_s = timeout_s
        self._now = now
        self._deadline = now() + timeout_s

    def set_timeout(self, timeout_s: float) -> None:
        """How long each answer may take from now on."""
        self._timeout_s = timeout_s
        self._deadline = self._now() + timeout_s

    def send_raw(self, data: bytes) -> None:
        """Sends bytes as they are; the time for their answer begins."""
        self._deadline = self._now() + self._timeout_s
        self._keep_deadline()
        super().send_raw(data)

    def receive_some(self, most: int) -> bytes:
        """What comes first before the deadline. TimeoutError."""
        self._keep_deadline()
        return super().receive_some(most)

    def _keep_deadline(self) -> None:
        left_s = self._deadline - self._now()
        if left_s <= 0:
            raise TimeoutError("no answer in time")
        self._socket.settimeout(left_s)
