"""Arrivals: new connections, let in as fast as the rates allow (KIP-612).

A listener lets one in after the other: while one is held back, those that come after it wait behind it, as Apache
Kafka's acceptor does not accept them. One of an address that opens too many is closed, after a while, so that it is not
opened again at once. Neither is answered meanwhile.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, TypeVar

from ..log_output import get_logger
from ..quotas.connection_rates import ConnectionRates
from ..runtime import Runtime, TimerHandle

logger = get_logger("server")

MOST_WAITING = 1000  # of one listener; more than the backlog that Kafka's wait in


class Arrival(Protocol):
    """A connection that has just been accepted."""

    host: str
    listener_name: str

    @property
    def is_closed(self) -> bool: ...
    def hold(self) -> None:
        """Take no requests until it is let in."""
        ...

    def refuse(self) -> None:
        """Close at once."""
        ...


A = TypeVar("A", bound=Arrival)


class Arrivals(Generic[A]):
    """The connections of every listener that have not been let in yet; `admit` lets one in."""

    def __init__(self, rates: ConnectionRates, runtime: Runtime, admit: Callable[[A], None]) -> None:
        self._rates = rates
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._admit = admit
        self._waiting: dict[str, deque[A]] = {}
        self._closings: dict[A, TimerHandle] = {}

    def arrive(self, connection: A) -> None:
        """Let a connection in now or later, or close it."""
        waiting = self._waiting.setdefault(connection.listener_name, deque())
        if len(waiting) >= MOST_WAITING:
            logger.warning("connection refused", client=connection.host, why="too many wait to be let in")
            connection.refuse()
            return
        waiting.append(connection)
        if len(waiting) == 1:
            self._let_in(waiting)
        else:
            connection.hold()

    def forget(self, connection: A) -> None:
        """It is closed. One that waits keeps its place until its turn."""
        timer = self._closings.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _let_in(self, waiting: deque[A]) -> None:
        """Count one after the other, until one is to be held back."""
        while waiting:
            connection = waiting[0]
            if not connection.is_closed:
                now = self._clock.now()
                throttle_ms = self._rates.of_listener(connection.listener_name, now)
                if throttle_ms:
                    connection.hold()
                    self._timers.call_at(now + throttle_ms / 1000, partial(self._on_time, waiting))
                    return
                self._check_address(connection)
            waiting.popleft()

    def _on_time(self, waiting: deque[A]) -> None:
        self._check_address(waiting[0])
        waiting.popleft()
        self._let_in(waiting)

    def _check_address(self, connection: A) -> None:
        if connection.is_closed:
            return
        now = self._clock.now()
        throttle_ms = self._rates.of_address(connection.listener_name, connection.host, now)
        if not throttle_ms:
            self._admit(connection)
            return
        logger.warning("connection refused", client=connection.host, why="connection_creation_rate of its address")
        connection.hold()
        self._closings[connection] = self._timers.call_at(now + throttle_ms / 1000, connection.refuse)
