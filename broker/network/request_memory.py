"""RequestMemory: the large requests that may be held at once, `queued.max.request.bytes` of them, over all connections.

A frame is admitted whole, as in Kafka: it may go beyond the limit by one, and once admitted it can always be completed.
While there is no room the connection of the next one is not read from. Small frames are not counted: what they hold is
bounded by the number of connections.
"""

from collections import deque
from typing import Protocol

SMALL_BYTES = 64 * 1024


class HoldsRequest(Protocol):
    """A connection that is about to receive a large frame."""

    def resume_frame(self) -> None:
        """There is room for it now."""
        ...


class RequestMemory:
    """What the connections of a listener hold and wait for."""

    def __init__(self, limit_bytes: int) -> None:
        """`limit_bytes` below 0 is no limit."""
        self._limit_bytes = limit_bytes
        self._waiting: deque[tuple[HoldsRequest, int]] = deque()
        self.held_bytes = 0

    @property
    def is_short(self) -> bool:
        """Whether anyone waits."""
        return bool(self._waiting)

    def admit(self, connection: HoldsRequest, size: int) -> bool:
        """Count a large frame, or have it wait: then `resume_frame` is called once it is counted."""
        if self._waiting or not self._has_room():
            self._waiting.append((connection, size))
            return False
        self.held_bytes += size
        return True

    def release(self, size: int) -> None:
        """A frame that was counted has been answered, or its connection is closed."""
        self.held_bytes -= size
        while self._waiting and self._has_room():
            waiting, waiting_size = self._waiting.popleft()
            self.held_bytes += waiting_size
            waiting.resume_frame()

    def forget(self, connection: HoldsRequest) -> None:
        """It is closed, and waits no more."""
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not connection)

    def _has_room(self) -> bool:
        return self._limit_bytes < 0 or self.held_bytes < self._limit_bytes
