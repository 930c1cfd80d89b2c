"""The only reader of time. Everything else is told."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Two hands: monotonic seconds for deadlines, wall milliseconds for timestamps."""

    def now(self) -> float:
        """Monotonic seconds, of no meaning but their differences."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class TimerHandle(Protocol):
    """A timer that can be taken back."""

    def cancel(self) -> None: ...


# Calls back once `Clock.now()` has reached a deadline: the loop's `call_at`, or a test's hand-turned clock.
Schedule = Callable[[float, Callable[[], None]], TimerHandle]


class Timer:
    """One timer that always stands at the earliest deadline it was told of."""

    def __init__(self, schedule: Schedule, ring: Callable[[], None]) -> None:
        self._schedule = schedule
        self._on_fire = ring
        self._deadline: float | None = None
        self._handle: TimerHandle | None = None

    def set(self, deadline: float | None) -> None:
        """Ring at `deadline` instead of whatever was set before; None silences it."""
        if deadline == self._deadline:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._deadline = deadline
        if deadline is not None:
            self._handle = self._schedule(deadline, self._fire)

    def _fire(self) -> None:
        self._deadline = self._handle = None
        self._on_fire()
