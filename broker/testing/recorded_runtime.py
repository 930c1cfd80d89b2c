"""A runtime that remembers what it was asked for and has not done yet: what a stopped broker must not leave behind."""

import asyncio
from collections.abc import Callable

from ..runtime import Then, Threads, TimerHandle, Timers


class RecordedTimer:
    """A call to come of a RecordedTimers."""

    def __init__(self, armed: set["RecordedTimer"], on_fire: Callable[[], None]) -> None:
        self._armed = armed
        self._on_fire = on_fire
        self.handle: TimerHandle | None = None
        armed.add(self)

    def fire(self) -> None:
        self._armed.discard(self)
        self._on_fire()

    def cancel(self) -> None:
        self._armed.discard(self)
        if self.handle is not None:
            self.handle.cancel()


class RecordedTimers:
    """The timers given to it, and which of them are `armed`."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self.armed: set[RecordedTimer] = set()

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> TimerHandle:
        timer = RecordedTimer(self.armed, on_fire)
        timer.handle = self._timers.call_at(deadline, timer.fire)
        return timer

    def call_soon(self, on_fire: Callable[[], None]) -> TimerHandle:
        timer = RecordedTimer(self.armed, on_fire)
        timer.handle = self._timers.call_soon(timer.fire)
        return timer


class RecordedThreads:
    """The threads given to it, and how many works are `running` or still have to be followed up."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self.running = 0

    def run(self, work: Callable[[], None], then: Then) -> None:
        self.running += 1

        def done(error: Exception | None) -> None:
            try:
                then(error)
            finally:
                self.running -= 1

        self._threads.run(work, done)

    async def idle(self) -> None:
        """Return when nothing runs."""
        while self.running:
            await asyncio.sleep(0.001)
