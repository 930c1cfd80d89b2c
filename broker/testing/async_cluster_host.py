"""AsyncClusterHost: clusters on the loop that one is on, beside whatever else it does."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, TypeVar

from ..config.broker_config import BrokerConfig
from ..runtime import LoopThreads
from .async_cluster import AsyncKafkaCluster
from .home import Kept
from .running_cluster import LOOPBACK, start_in_memory

R = TypeVar("R")


class AsyncClusterHost(Kept):
    """`async with` it, and make clusters, each isolated from all others. Nothing of them is left when it closes."""

    async def __aenter__(self) -> "AsyncClusterHost":
        self._loop = asyncio.get_running_loop()
        self._threads = LoopThreads(self._loop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while (running := self.take()) is not None:
                await running.stop()
        finally:
            self._threads.close()

    async def reach(self, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """What a coroutine brings: this is the loop of its clusters."""
        return await work()

    async def cluster(
        self, settings: Mapping[str, str] | None = None, *, seed: int | None = None, journal: bool = True
    ) -> AsyncKafkaCluster:
        """A cluster in memory, as of ClusterHost. ConfigError for a setting that Kafka would refuse."""
        config = BrokerConfig.from_settings({"listeners": LOOPBACK, **(settings or {})})
        running = await start_in_memory(self._loop, self._threads, config, seed, has_journal=journal)
        self.keep(running)
        return AsyncKafkaCluster(self, running)
