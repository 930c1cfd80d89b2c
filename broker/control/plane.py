"""ControlPlane: the clusters of a process by their names, the one that it serves and those made beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ..cluster import StartError
from ..config.config_def import nearest
from ..runtime import Threads
from ..testing import given
from ..testing.reins import Reins
from ..testing.running_cluster import ONE_BROKER, Brokers, RunningCluster, config_for, start_in_memory
from .operation import Refused

SERVED = "default"  # the name of the cluster that the process serves
MOST_CLUSTERS = 1000
MOST_FAULTS = 1000  # of one cluster: every request looks at each of them
MOST_SNAPSHOTS = 1000  # of one cluster


def check_name(name: str, what: str) -> None:
    """Refused for a name that does not go well into a path."""
    try:
        given.check_name(name, what)
    except ValueError as error:
        raise Refused(400, str(error)) from None


class ControlPlane:
    """Makes clusters, all in one loop, and drops them. `close` drops what is left."""

    def __init__(self, served: RunningCluster, loop: asyncio.AbstractEventLoop, threads: Threads) -> None:
        self._served = served
        self._loop = loop
        self._threads = threads
        self._made: dict[str, RunningCluster] = {}
        self.ending = asyncio.Event()  # what waits for something is to wait no longer
        self._coming: set[str] = set()  # names of clusters that are being made

    @property
    def threads(self) -> Threads:
        """For what only computes."""
        return self._threads

    def names(self) -> list[str]:
        """Of all clusters, the served one first."""
        return [SERVED, *self._made]

    def find(self, name: str | None) -> RunningCluster:
        """A cluster by its name, or the served one. Refused."""
        if name is None or name == SERVED:
            return self._served
        found = self._made.get(name)
        if found is None:
            there = self.names()
            said = nearest(name, there) or f"; there are: {', '.join(there[:20])}"
            raise Refused(404, f"there is no cluster {name!r}{said}")
        return found

    async def create(
        self,
        name: str,
        settings: Mapping[str, str],
        seed: int | None,
        frozen_at_ms: int | None = None,
        prepare: Callable[[Reins], None] | None = None,
        brokers: Brokers = ONE_BROKER,
    ) -> RunningCluster:
        """A cluster of its own, in memory. Refused, ConfigError, ClockError."""
        config = config_for(brokers, settings)

        async def start() -> RunningCluster:
            return await start_in_memory(
                self._loop, self._threads, config, seed, brokers=brokers, frozen_at_ms=frozen_at_ms, prepare=prepare
            )

        return await self.add(name, start)

    async def add(self, name: str, start: Callable[[], Awaitable[RunningCluster]]) -> RunningCluster:
        """A cluster, once it has started, under its name. Refused, and whatever the start raises."""
        check_name(name, "a cluster")
        if name in self._made or name in self._coming or name == SERVED:
            raise Refused(409, f"there is a cluster {name!r} already")
        if len(self._made) + len(self._coming) >= MOST_CLUSTERS:
            raise Refused(409, f"there are {MOST_CLUSTERS} clusters, and there can be no more")
        self._coming.add(name)
        try:
            made = self._made[name] = await start()
        except StartError as error:
            raise Refused(409, str(error)) from error
        finally:
            self._coming.discard(name)
        return made

    async def drop(self, name: str) -> None:
        """End a cluster, with all that is in it. Refused."""
        self.find(name)
        if name == SERVED:
            raise Refused(409, f"the cluster {SERVED!r} ends with the process that serves it")
        await self._made.pop(name).stop()

    def begin_end(self) -> None:
        """The process ends: what waits for something waits no longer, and no clock is advanced further."""
        self.ending.set()
        for one in (self._served, *self._made.values()):
            one.clock.end_advances()

    async def close(self) -> None:
        """End all clusters that were made here."""
        while self._made:
            await self.drop(next(iter(self._made)))
