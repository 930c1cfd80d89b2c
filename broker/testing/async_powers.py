"""The clock and the faults of a cluster as coroutines."""

from collections.abc import Callable
from typing import Any, TypeVar

from ..faults.fault_table import Fault, FaultTable
from ..faults.rule import FaultRule, parse_rule
from .cluster_clock import ClusterClock
from .hits import await_hits
from .home import Home
from .waiting import AWAIT_S

R = TypeVar("R")


class AsyncKafkaClock:
    """The clock of a cluster. Moving it returns when everything that became due has been done."""

    def __init__(self, home: Home, clock: ClusterClock) -> None:
        self._home = home
        self._clock = clock

    async def now_ms(self) -> int:
        """Milliseconds since 1970, as the cluster has them."""
        return await self._at_once(self._clock.now_ms)

    async def freeze(self) -> None:
        """Stand still."""
        await self._at_once(self._clock.freeze)

    async def run(self, rate: float = 1.0) -> None:
        """Go on, at so many seconds in each of the machine's. ValueError."""
        await self._at_once(lambda: self._clock.run(rate))

    async def advance(
        self, *, ms: float = 0, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Move on by all of these together. ValueError: it never goes back."""
        total_s = ms / 1000 + seconds + 60 * minutes + 3600 * hours + 86400 * days
        await self._home.reach(lambda: self._clock.advance(total_s))

    async def _at_once(self, work: Callable[[], R]) -> R:
        async def done() -> R:
            return work()

        return await self._home.reach(done)


class AsyncKafkaFault:
    """A fault at work in a cluster."""

    def __init__(self, home: Home, faults: FaultTable, fault: Fault) -> None:
        self._home = home
        self._faults = faults
        self._fault = fault

    @property
    def fault_id(self) -> str:
        """Its name in the cluster."""
        return self._fault.fault_id

    @property
    def hits(self) -> int:
        """How many requests it has hit so far."""
        return self._fault.hits

    async def await_hits(self, count: int = 1, *, timeout_s: float = AWAIT_S) -> int:
        """How many requests it has hit, once they are so many. AssertionError."""
        return await self._home.reach(lambda: await_hits(self._fault, count, timeout_s))

    async def remove(self) -> None:
        """Hit nothing any more."""

        async def removed() -> None:
            self._faults.remove(self.fault_id)

        await self._home.reach(removed)


class AsyncKafkaFaults:
    """The faults of a cluster."""

    def __init__(self, home: Home, faults: FaultTable, clock: ClusterClock) -> None:
        self._home = home
        self._faults = faults
        self._clock = clock

    async def add(self, **rule: Any) -> AsyncKafkaFault:
        """Have a fault at work; its fields are those of FaultRule. FaultError."""
        parsed = parse_rule(rule)

        async def added() -> Fault:
            return self._faults.add(parsed, self._clock.now())

        return AsyncKafkaFault(self._home, self._faults, await self._home.reach(added))

    async def clear(self) -> None:
        """Have none any more."""

        async def cleared() -> None:
            self._faults.clear()

        await self._home.reach(cleared)

    async def never_hit(self) -> list[FaultRule]:
        """The rules at work that have hit nothing."""

        async def looked() -> list[FaultRule]:
            return [one.rule for one in self._faults if not one.hits]

        return await self._home.reach(looked)
