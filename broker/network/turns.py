"""Turns: connections share the loop. Each has one request worked on, then the others come first.

A request that comes alone is worked on at once. What a client sends ahead, and what comes while the loop has been busy
for a few milliseconds without looking at its sockets, waits in one queue, first come, first served. The rule: a
connection stands in the queue once, however much it has sent.
"""

from collections import deque
from typing import Protocol

from ..runtime import Runtime

ROUND_S = 0.005
# Between two callbacks of one round the loop does nothing; after a longer gap it has looked at its sockets.
GAP_S = 0.00002


class TakesTurns(Protocol):
    """A connection."""

    def take_turn(self) -> None:
        """Work on one request; queue again if there is another."""
        ...


class Turns:
    """The queue of one listener's connections."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._waiting: deque[TakesTurns] = deque()
        self._is_called_soon = False
        self._began_at = self._ended_at = float("-inf")

    def __len__(self) -> int:
        return len(self._waiting)

    def may_begin(self) -> bool:
        """Whether a request that has just come may be worked on at once: the round is young."""
        now = self._clock.now()
        if now - self._ended_at > GAP_S:
            self._began_at = now
        return now - self._began_at < ROUND_S

    def note_end(self) -> None:
        """What `may_begin` allowed has been done."""
        self._ended_at = self._clock.now()

    def queue(self, connection: TakesTurns) -> None:
        """Have the connection take a turn once those in front of it have had theirs."""
        self._waiting.append(connection)
        if not self._is_called_soon:
            self._call_soon()

    def _call_soon(self) -> None:
        self._is_called_soon = True
        self._timers.call_soon(self._on_round)

    def _on_round(self) -> None:
        self._is_called_soon = False
        self._began_at = now = self._clock.now()
        until = now + ROUND_S
        try:
            # Who queues again meanwhile has had its turn of this round only if all the others have.
            while self._waiting and now < until:
                self._waiting.popleft().take_turn()
                now = self._clock.now()
        finally:
            self._ended_at = now
            if self._waiting and not self._is_called_soon:
                self._call_soon()
