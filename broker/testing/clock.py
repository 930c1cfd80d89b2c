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
    """A Clock whose hands are turned by `advance`; `schedule` stands in for the loop's `call_at`."""

    def __init__(self, now: float = 1000.0, now_ms: int = 1_700_000_000_000) -> None:
        self._now = now
        self._now_ms = now_ms
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    def now_ms(self) -> int:
        return self._now_ms

    def schedule(self, deadline: float, callback: Callable[[], None]) -> ManualTimer:
        """Call back when `advance` reaches the deadline."""
        timer = ManualTimer(callback)
        self._count += 1
        heapq.heappush(self._timers, (deadline, self._count, timer))
        return timer

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
