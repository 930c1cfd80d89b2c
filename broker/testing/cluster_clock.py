"""The clock of a cluster in a test: it runs as the machine's does, faster, slower, or stands still, and is moved on.

The one rule: what is due is done at its own time, in order, on the loop's thread; a long way is gone in hops, so that
what sets a timer anew each second does not make a week's advance take a week's calls.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from ..runtime import Clock, Threads

MOST_HOPS = 100  # in which a long advance is gone
PAUSE_S = 0.0005  # while work on threads is waited for
LATEST_MS = 253402300799999  # the end of the year 9999: no text of a time goes on from there
LATEST = f"{LATEST_MS}, the end of the year 9999"
MOST_RATE = 1_000_000  # what happens each second is not done more often than a loop can


class ClockEnded(RuntimeError):
    """An advance that is not gone to its end: the cluster ends."""


class ClockError(ValueError):
    """A clock cannot show that time, or cannot go like that."""


class ClockTimer:
    """A call to come of a ClusterClock."""

    __slots__ = ("on_fire",)

    def __init__(self, on_fire: Callable[[], None]) -> None:
        self.on_fire: Callable[[], None] | None = on_fire

    def cancel(self) -> None:
        self.on_fire = None


class ClusterClock:
    """Clock and Timers of one cluster, on a real loop. Not to be touched from another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, machine: Clock, *, frozen_at_ms: int | None = None) -> None:
        """`frozen_at_ms` has it stand still at that time, the same in every run, until it is moved or goes on.

        ClockError for a time that no record can have.
        """
        if frozen_at_ms is not None:
            check_shown(frozen_at_ms)
        self._loop = loop
        self._machine = machine
        self._anchor = machine.now()
        is_frozen = frozen_at_ms is not None
        self._now_ms = float(machine.now_ms() if frozen_at_ms is None else frozen_at_ms)
        self._now = self._now_ms / 1000 if is_frozen else self._anchor
        self._rate = 0.0 if is_frozen else 1.0
        self._moving = asyncio.Lock()  # one advance after the other
        self._resting_rate: float | None = None  # what it goes on at after the advance that is under way
        self._timers: list[tuple[float, int, ClockTimer]] = []
        self._order = count()
        self._next: asyncio.TimerHandle | None = None
        self._next_at = 0.0
        self._soon = 0
        self._threads: CountedThreads | None = None
        self._is_ending = False

    # As Clock and Timers

    def now(self) -> float:
        return self._now + self._passed_s()

    def now_ms(self) -> int:
        return int(self._now_ms + self._passed_s() * 1000)

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> ClockTimer:
        """Call once this clock has reached `deadline`."""
        timer = ClockTimer(on_fire)
        heapq.heappush(self._timers, (deadline, next(self._order), timer))
        self._arm()
        return timer

    def call_soon(self, on_fire: Callable[[], None]) -> ClockTimer:
        """Call once whatever waits for the loop has had its turn, whatever the time."""
        timer = ClockTimer(on_fire)
        self._soon += 1
        self._loop.call_soon(self._fire_soon, timer)
        return timer

    # What a test does with it

    @property
    def rate(self) -> float:
        """Seconds of this clock in each of the machine's; 0 while it stands still."""
        if self._passed_s() >= self._left_s:
            return 0.0
        return self._rate if self._resting_rate is None else self._resting_rate

    def begin_at(self, now_ms: int) -> None:
        """Show this time, before anything has been done by it. ClockError for one that no record can have."""
        check_shown(now_ms)
        self._now_ms = now_ms - self._passed_s() * 1000

    def run(self, rate: float = 1.0) -> None:
        """Go on at a rate, to the last time that it can show. ValueError for a rate that it cannot have."""
        check_rate(rate)
        if self._resting_rate is not None:
            self._resting_rate = rate
            return
        self._move(self._passed_s())
        self._rate = rate
        self._arm()

    def freeze(self) -> None:
        """Stand still: nothing is due until it is moved or goes on."""
        self.run(0.0)

    async def advance(self, seconds: float) -> None:
        """Move on, and return when all that became due has been done.

        ValueError: it never goes back, nor beyond the last time that it can show. ClockEnded.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock is moved forward, not by {seconds} s")
        async with self._moving:
            await self._advance(seconds)

    async def _advance(self, seconds: float) -> None:
        self._move(self._passed_s())
        if seconds * 1000 >= LATEST_MS - self.now_ms() + 1:
            raise ValueError(f"the last time that a clock can show is {LATEST}: it cannot be moved by {seconds} s")
        self._resting_rate, self._rate = self._rate, 0.0
        try:
            seconds = min(seconds, self._left_s)
            end, end_ms, hop = self._now + seconds, self._now_ms + seconds * 1000, seconds / MOST_HOPS
            await self.settled()
            while not self._is_ending and (due := self._next_deadline()) is not None and due <= end:
                self._move(min(max(due, self._now + hop), end) - self._now)
                self._fire_due()
                await self.settled()
            if self._is_ending:
                raise ClockEnded("the cluster ends, and its clock is advanced no further")
            self._move(end - self._now)
            self._now_ms = end_ms  # without what hops have rounded away
        finally:
            self._anchor = self._machine.now()
            self._rate, self._resting_rate = self._resting_rate, None
            self._arm()

    async def settled(self, most_pauses: int | None = None) -> None:
        """Return when what was begun has been done: the calls that were to come soon, and the work on threads.

        Or after so many pauses, where clients always begin something new.
        """
        pauses = 0
        while True:
            await asyncio.sleep(0)
            if pauses == most_pauses or self._is_ending:
                return
            pauses += 1
            if self._threads is not None and self._threads.running:
                await asyncio.sleep(PAUSE_S)
            elif not self._soon:
                return

    def fork(self) -> "ClusterClock":
        """Another clock that shows the same time and runs at the same rate; nothing is due on it."""
        other = ClusterClock(self._loop, self._machine)
        other._now_ms, other._rate = self._now_ms + self._passed_s() * 1000, self.rate
        return other

    def watch(self, threads: "CountedThreads") -> None:
        """The threads whose work `settled` waits for."""
        self._threads = threads

    def _passed_s(self) -> float:
        return min((self._machine.now() - self._anchor) * self._rate, self._left_s)

    @property
    def _left_s(self) -> float:
        """How far it can go from where it was set last."""
        return (LATEST_MS - self._now_ms) / 1000

    def _move(self, seconds: float) -> None:
        self._anchor = self._machine.now()
        self._now += seconds
        self._now_ms += seconds * 1000

    def _next_deadline(self) -> float | None:
        while self._timers and self._timers[0][2].on_fire is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def _fire_due(self) -> None:
        """Call what has become due by now, but nothing twice."""
        now, due = self.now(), list[ClockTimer]()
        while (deadline := self._next_deadline()) is not None and deadline <= now:
            due.append(heapq.heappop(self._timers)[2])
        for timer in due:
            self._fire(timer)

    def _fire_soon(self, timer: ClockTimer) -> None:
        self._soon -= 1
        self._fire(timer)

    @staticmethod
    def _fire(timer: ClockTimer) -> None:
        on_fire, timer.on_fire = timer.on_fire, None
        if on_fire is not None:
            on_fire()

    def _arm(self) -> None:
        """Wake up when the next call is due, while the clock runs."""
        deadline = self._next_deadline() if self._rate > 0 else None
        if deadline is not None and deadline > self._now + self._left_s:
            deadline = None  # it stops before that
        if self._next is not None:
            if deadline is not None and self._next_at <= deadline:
                return  # it wakes early enough, and looks again
            self._next.cancel()
            self._next = None
        if deadline is not None:
            self._next_at = deadline
            self._next = self._loop.call_later(max(deadline - self.now(), 0.0) / self._rate, self._on_loop_timer)

    def _on_loop_timer(self) -> None:
        self._next = None
        if self._rate > 0:
            self._fire_due()
        self._arm()

    def end_advances(self) -> None:
        """Have those that are under way, and those to come, end where they are, with ClockEnded."""
        self._is_ending = True

    def close(self) -> None:
        """Nothing is called any more."""
        self._timers.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None


def check_shown(at_ms: float) -> None:
    """ClockError for a time that no record can have."""
    if not 0 <= at_ms <= LATEST_MS:
        raise ClockError(f"a clock shows milliseconds since 1970, from 0 to {LATEST_MS}, not {at_ms}")


def check_rate(rate: float) -> None:
    """ClockError for a rate that a clock cannot have."""
    if not 0 <= rate <= MOST_RATE:
        raise ClockError(f"a clock runs at a rate from 0 to {MOST_RATE}, not {rate:g}")


class CountedThreads:
    """Threads that know how much runs on them."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self.running = 0

    def run(self, work: Callable[[], None], then: Callable[[Exception | None], None]) -> None:
        self.running += 1

        def done(error: Exception | None) -> None:
            self.running -= 1
            then(error)

        self._threads.run(work, done)
