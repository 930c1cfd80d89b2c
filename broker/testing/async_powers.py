"""The clock and the faults of a cluster as coroutines."""

from collections.abc import Callable
from typing import Any, TypeVar

from ..faults.fault_table import Fault, FaultTable
from ..faults.rule import FaultRule, parse_rule
from .cluster_clock import ClusterClock
from .hits import await_hits
from .home import Home
from .running_cluster import RunningCluster
from .waiting import AWAIT_S

R = TypeVar("R")


class AsyncKafkaClock:
    """The clock of a cluster. Moving it returns when everything that became due has been done."""

    def __init__(self, home: Home, running: RunningCluster) -> None:
        self._home = home
        self._running = running

    async def now_ms(self) -> int:
        """Milliseconds since 1970, as the cluster has them."""
        return await self._at_once(lambda clock: clock.now_ms())

    async def freeze(self) -> None:
        """Stand still."""
        await self._at_once(lambda clock: clock.freeze())

    async def run(self, rate: float = 1.0) -> None:
        """Go on, at so many seconds in each of the machine's. ValueError."""
        await self._at_once(lambda clock: clock.run(rate))

    async def advance(
        self, *, ms: float = 0, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Move on by all of these together. ValueError: it never goes back."""
        total_s = ms / 1000 + seconds + 60 * minutes + 3600 * hours + 86400 * days
        await self._home.reach(lambda: clock_of(self._running).advance(total_s))

    async def _at_once(self, work: Callable[[ClusterClock], R]) -> R:
        async def done() -> R:
            return work(clock_of(self._running))

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

    def __init__(self, home: Home, running: RunningCluster) -> None:
        self._home = home
        self._running = running

    async def add(self, **rule: Any) -> AsyncKafkaFault:
        """Have a fault at work; its fields are those of FaultRule. FaultError."""
        parsed = parse_rule(rule)
        added = await self._at_once(lambda faults: faults.add(parsed, self._running.clock.now()))
        return AsyncKafkaFault(self._home, self._running.faults, added)

    async def clear(self) -> None:
        """Have none any more."""
        await self._at_once(lambda faults: faults.clear())

    async def never_hit(self, *, with_gone: bool = False) -> list[FaultRule]:
        """The rules at work that have hit nothing; also those that were taken away before they did."""
        return await self._at_once(lambda faults: faults.never_hit(with_gone=with_gone))

    async def _at_once(self, work: Callable[[FaultTable], R]) -> R:
        async def done() -> R:
            return work(faults_of(self._running))

        return await self._home.reach(done)


def clock_of(running: RunningCluster) -> ClusterClock:
    """Its clock. NotRunning: it is closed."""
    running.check_running()
    return running.clock


def faults_of(running: RunningCluster) -> FaultTable:
    """Its faults. NotRunning: it is closed."""
    running.check_running()
    return running.faults
