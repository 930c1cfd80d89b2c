"""Runtime: what a cluster has of the world around it: a clock, timers, threads and chance.

The rule: nothing else in the broker reads the time, sets a timer, starts a thread or draws a random number, so that a
test with a runtime of its own decides all four. Clock and timers belong together: a deadline is a time of this clock.
"""

import random
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..protocol.uuid_text import encode_uuid

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

THREADS = 3  # for fsyncs, large messages and large batches, which let the loop run meanwhile

Then = Callable[[Exception | None], None]


class Stopped(RuntimeError):
    """Work that was given to threads after their end: it has not been begun."""

    def __init__(self) -> None:
        super().__init__("the broker has stopped")


class Clock(Protocol):
    """Two hands: monotonic seconds for deadlines, wall milliseconds for timestamps."""

    def now(self) -> float:
        """Monotonic seconds, of no meaning but their differences."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        ...


class TimerHandle(Protocol):
    """A call to come that can be taken back."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """Calls to come, all on the loop's thread."""

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> TimerHandle:
        """Call once `Clock.now()` has reached `deadline`."""
        ...

    def call_soon(self, on_fire: Callable[[], None]) -> TimerHandle:
        """Call once whatever waits for the loop has had its turn."""
        ...


class Threads(Protocol):
    """Work beside the loop."""

    def run(self, work: Callable[[], None], then: Then) -> None:
        """Run `work` on a thread, then call `then` on the loop's with what it raised, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Runtime:
    """One world. `random` gives every id; from a seeded one they are the same in every run."""

    clock: Clock
    timers: Timers
    threads: Threads
    random: random.Random

    def new_uuid(self) -> uuid.UUID:
        """A random uuid (version 4). As in Kafka none whose text begins with a dash: tools take it for an option."""
        while True:
            made = uuid.UUID(bytes=self.random.randbytes(16), version=4)
            if not encode_uuid(made.bytes).startswith("-"):
                return made


def chance_of(seed: int | None) -> random.Random:
    """The machine's chance, or what follows from a seed."""
    return random.SystemRandom() if seed is None else random.Random(seed)


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class LoopThreads:
    """A few threads of one event loop. `close` waits for what runs on them."""

    def __init__(self, loop: "AbstractEventLoop") -> None:
        self._loop = loop
        self._executor: ThreadPoolExecutor | None = None  # started with the first work

    def run(self, work: Callable[[], None], then: Then) -> None:
        def run() -> None:
            failure: Exception | None = None
            try:
                work()
            except Exception as error:
                failure = error
            try:
                self._loop.call_soon_threadsafe(then, failure)
            finally:
                failure = None  # its traceback has this frame, and all that the work held: a cycle

        if self._executor is None:
            self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="odradek")
        self._executor.submit(run)

    def close(self) -> None:
        """Let the threads end."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None


def let_others_run() -> None:
    """On a thread that computes: let the loop in, which else waits for the interpreter's next switch, 5 ms away."""
    time.sleep(0)


class LoopTimers:
    """The timers of one event loop, whose own clock is `SystemClock`'s."""

    def __init__(self, loop: "AbstractEventLoop") -> None:
        self._loop = loop

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> TimerHandle:
        return self._loop.call_at(deadline, on_fire)

    def call_soon(self, on_fire: Callable[[], None]) -> TimerHandle:
        return self._loop.call_soon(on_fire)


class Timer:
    """One call that always stands at the earliest deadline it was given."""

    def __init__(self, timers: Timers, on_fire: Callable[[], None]) -> None:
        self._timers = timers
        self._call = on_fire
        self._deadline: float | None = None
        self._handle: TimerHandle | None = None

    def set(self, deadline: float | None) -> None:
        """Fire at `deadline` instead of whatever was set before; None for not at all."""
        if deadline == self._deadline:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._deadline = deadline
        if deadline is not None:
            self._handle = self._timers.call_at(deadline, self._on_fire)

    def _on_fire(self) -> None:
        self._deadline = self._handle = None
        self._call()


class SerialQueue:
    """Work on threads, each piece begun when the one before has been dealt with: the order of its `run` calls."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._waiting: deque[tuple[Callable[[], None], Then]] = deque()
        self._is_running = False

    def run(self, work: Callable[[], None], then: Then) -> None:
        """As Threads.run, after everything that was given before."""
        self._waiting.append((work, then))
        if not self._is_running:
            self._run_next()

    def _run_next(self) -> None:
        work, then = self._waiting.popleft()
        self._is_running = True

        def done(error: Exception | None) -> None:
            try:
                then(error)
            finally:
                self._is_running = False
                if self._waiting:
                    self._run_next()

        self._threads.run(work, done)
