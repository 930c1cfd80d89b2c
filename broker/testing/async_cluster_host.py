"""AsyncClusterHost: clusters on the loop that one is on, beside whatever else it does."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType

from ..runtime import LoopThreads
from .async_cluster import AsyncKafkaCluster
from .given import Setting, check_brokers, setting_texts
from .home import OwnLoop
from .running_cluster import Brokers, config_for, start_in_memory


class AsyncClusterHost(OwnLoop):
    """`async with` it, and make clusters, each isolated from all others. Nothing of them is left when it closes."""

    async def __aenter__(self) -> "AsyncClusterHost":
        self._loop = asyncio.get_running_loop()
        self._threads = LoopThreads(self._loop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        finally:
            self._threads.close()

    async def cluster(
        self,
        settings: Mapping[str, Setting] | None = None,
        *,
        brokers: int = 1,
        racks: Sequence[str | None] = (),
        seed: int | None = None,
        frozen_at_ms: int | None = None,
        journal: bool = True,
    ) -> AsyncKafkaCluster:
        """A cluster in memory, as of ClusterHost. ConfigError, ClockError, ValueError."""
        check_brokers(brokers, racks)
        plan = Brokers(brokers, racks)
        config = config_for(plan, setting_texts(settings))
        running = await start_in_memory(
            self._loop, self._threads, config, seed, brokers=plan, frozen_at_ms=frozen_at_ms, has_journal=journal
        )
        self.keep(running)
        return AsyncKafkaCluster(self, running)
