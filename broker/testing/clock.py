"""Time in a test: it stands still until it is moved, and then calls what was due."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class ManualTimer:
    """A timer of a ManualClock."""

    callback: Callable[[], None] | None

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """Clock and Timers in one: its hands are turned by `advance`, which calls what is due."""

    def __init__(self, now: float = 1000.0, now_ms: int = 1_700_000_000_000) -> None:
        self._now = now
        self._now_ms = now_ms
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    def now_ms(self) -> int:
        return self._now_ms

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> ManualTimer:
        """Call back when `advance` reaches the deadline."""
        timer = ManualTimer(on_fire)
        self._count += 1
        heapq.heappush(self._timers, (deadline, self._count, timer))
        return timer

    def call_soon(self, on_fire: Callable[[], None]) -> ManualTimer:
        """Call back with the next `advance`, be it by nothing."""
        return self.call_at(self._now, on_fire)

    @property
    def pending(self) -> int:
        """How many timers are set and not cancelled."""
        return sum(timer.callback is not None for _, _, timer in self._timers)

    def jump(self, seconds: float) -> None:
        """Move both hands and call nothing: the process was stopped."""
        self._now += seconds
        self._now_ms += round(seconds * 1000)

    def advance(self, seconds: float) -> None:
        """Move both hands, and call what becomes due, in order, at its own time."""
        end, end_ms = self._now + seconds, self._now_ms + round(seconds * 1000)
        while self._timers and self._timers[0][0] <= end:
            deadline, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._now_ms += round(max(deadline - self._now, 0.0) * 1000)
                self._now = max(self._now, deadline)
                timer.callback()
        self._now, self._now_ms = end, end_ms
