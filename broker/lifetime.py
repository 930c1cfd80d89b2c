"""Lifetime: what is started under it ends with it, so that a stopped cluster does nothing more.

The rule: the parts of a cluster get the timers and threads of its lifetime, never those of the runtime behind it. A
call that fails is reported here, whoever asked for it, and keeps no other from its turn.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from .log_output import get_logger
from .runtime import Runtime, Stopped, Then, Threads, TimerHandle, Timers

logger = get_logger("lifetime")


class _Calls(set["_Call"]):
    """The calls to come, and those that a frozen lifetime has missed so far."""

    __slots__ = ("missed",)

    def __init__(self) -> None:
        super().__init__()
        self.missed: list[Callable[[], None]] | None = None  # while it is frozen


class _Call:
    """A call to come; what is cancelled, or overtaken by the end, is never called."""

    __slots__ = ("_calls", "_on_fire", "handle")

    def __init__(self, calls: _Calls, on_fire: Callable[[], None]) -> None:
        self._calls = calls
        self._on_fire = on_fire
        self.handle: TimerHandle | None = None
        calls.add(self)

    def fire(self) -> None:
        if self not in self._calls:
            return
        if self._calls.missed is not None:
            self._calls.missed.append(self.fire)
            return
        self._calls.remove(self)
        try:
            self._on_fire()
        except Exception:
            logger.exception("a timer failed")

    def cancel(self) -> None:
        self._calls.discard(self)
        if self.handle is not None:
            self.handle.cancel()


class _NoTimers:
    """The timers of a lifetime that has ended: no call comes."""

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> TimerHandle:
        return self

    def call_soon(self, on_fire: Callable[[], None]) -> TimerHandle:
        return self

    def cancel(self) -> None:
        """There is nothing to take back."""


class Lifetime:
    """The timers and threads of one cluster. `runtime` is what its parts are built with."""

    def __init__(self, runtime: Runtime) -> None:
        self._timers: Timers = runtime.timers
        self._threads: Threads = runtime.threads
        self._calls = _Calls()
        self._running = 0
        self._when_idle: list[asyncio.Future[None]] = []
        self._is_over = False
        self.runtime = replace(runtime, timers=self, threads=self)

    @property
    def is_over(self) -> bool:
        """Whether it has ended: nothing is called or begun any more."""
        return self._is_over

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> TimerHandle:
        """As Timers.call_at, until the end."""
        call = _Call(self._calls, on_fire)
        call.handle = self._timers.call_at(deadline, call.fire)
        return call

    def call_soon(self, on_fire: Callable[[], None]) -> TimerHandle:
        """As Timers.call_soon, until the end."""
        call = _Call(self._calls, on_fire)
        call.handle = self._timers.call_soon(call.fire)
        return call

    def run(self, work: Callable[[], None], then: Then) -> None:
        """As Threads.run; after the end the work is not done, and `then` gets Stopped at once."""
        if self._is_over:
            then(Stopped())
            return
        self._running += 1

        def done(error: Exception | None) -> None:
            if self._calls.missed is not None:
                self._calls.missed.append(lambda: done(error))
                return
            try:
                then(error)
            except Exception:
                logger.exception("what follows work on a thread failed")
            finally:
                self._running -= 1
                if not self._running:
                    waiting, self._when_idle = self._when_idle, []
                    for idle in waiting:
                        idle.set_result(None)

        try:
            self._threads.run(work, done)
        except RuntimeError:  # they have ended before us
            done(Stopped())

    @property
    def is_frozen(self) -> bool:
        """Whether nothing is called until `resume`."""
        return self._calls.missed is not None

    def freeze(self) -> None:
        """Call nothing any more, as a process that was stopped by a signal; what is due meanwhile is late."""
        if self._calls.missed is None:
            self._calls.missed = []

    def resume(self) -> None:
        """Go on: what was due meanwhile is called, in its order, as soon as the loop is free."""
        missed, self._calls.missed = self._calls.missed or [], None
        for call in missed:
            self._timers.call_soon(call)

    async def ended(self) -> None:
        """Cancel every timer, wait until what runs on threads has been dealt with, and begin nothing any more."""
        self.resume()
        self._timers = _NoTimers()
        for call in list(self._calls):
            call.cancel()
        while self._running:
            idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._when_idle.append(idle)
            await idle
        self._is_over = True
