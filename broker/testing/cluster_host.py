"""ClusterHost: many clusters in one process, each a broker of its own on a port of its own, in one loop on one thread.

The one rule: nothing is shared between clusters but the loop and its threads, and nothing is left when the host closes:
no thread, no socket, no file, and the process logs what it logged before.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, TypeVar

from ..config.broker_config import BrokerConfig
from ..log_output import LEVELS, set_threshold, thresholds
from ..runtime import LoopThreads
from .kafka_cluster import KafkaCluster
from .running_cluster import RunningCluster, start_in_memory

START_S = 30.0

R = TypeVar("R")


class ClusterHost:
    """Starts with its first use; `cluster` makes clusters, each isolated from all others."""

    def __init__(self, *, log_level: str = "error") -> None:
        self._log_level = log_level
        self._ready = threading.Event()
        self._clusters: list[KafkaCluster] = []
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "ClusterHost":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cluster(
        self, settings: Mapping[str, str] | None = None, *, seed: int | None = None, journal: bool = True
    ) -> KafkaCluster:
        """A cluster in memory; `settings` are Kafka's names, `seed` makes every id in it the same in every run.
        Without `journal` it takes nothing down of what it sees.

        ConfigError for a setting that Kafka would refuse.
        """
        config = BrokerConfig.from_settings({"listeners": "PLAINTEXT://127.0.0.1:0", **(settings or {})})
        return self.add(self.run(lambda: self._start(config, seed, journal)))

    def add(self, running: RunningCluster) -> KafkaCluster:
        """A cluster that runs on the loop already."""
        cluster = KafkaCluster(self, running)
        self._clusters.append(cluster)
        return cluster

    def run(self, work: Callable[[], Coroutine[Any, Any, R]], timeout_s: float | None = None) -> R:
        """What a coroutine brings that is made and run on the host's loop."""
        loop = self._running_loop()

        async def made() -> R:
            return await work()

        return asyncio.run_coroutine_threadsafe(made(), loop).result(timeout_s)

    def forget(self, cluster: KafkaCluster) -> None:
        """A cluster has been closed."""
        if cluster in self._clusters:
            self._clusters.remove(cluster)

    def close(self) -> None:
        """End all clusters, and the thread."""
        if self._thread is None:
            return
        for cluster in list(self._clusters):
            cluster.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = None
        set_threshold("", self._threshold_before)
        self._ready.clear()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._thread is None:
            self._threshold_before = thresholds()[""]
            set_threshold("", LEVELS[self._log_level])
            self._thread = threading.Thread(target=self._run, name="odradek-clusters", daemon=True)
            self._thread.start()
            if not self._ready.wait(START_S):
                raise TimeoutError(f"the clusters' thread did not start in {START_S} s")
        return self._loop

    def _run(self) -> None:
        import uvloop

        uvloop.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._threads = LoopThreads(self._loop)
        self._ready.set()
        await self._stop.wait()
        self._threads.close()

    async def _start(self, config: BrokerConfig, seed: int | None, journal: bool) -> RunningCluster:
        return await start_in_memory(self._loop, self._threads, config, seed, has_journal=journal)
