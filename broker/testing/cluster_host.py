"""ClusterHost: many clusters in one process, each a broker of its own on a port of its own, in one loop on one thread.

The one rule: nothing is shared between clusters but the loop and its threads, and nothing is left when the host closes:
no thread, no socket, no file, and the process logs what it logged before.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from ..config.broker_config import BrokerConfig
from ..log_output import LEVELS, set_threshold, thresholds
from ..runtime import LoopThreads
from .given import Setting, check_brokers, setting_texts
from .home import Kept
from .kafka_cluster import KafkaCluster
from .reins import Reins
from .running_cluster import Brokers, RunningCluster, config_for, start_in_memory

START_S = 30.0

R = TypeVar("R")


class ClusterHost(Kept):
    """Starts with its first use; `cluster` makes clusters, each isolated from all others."""

    def __init__(self, *, log_level: str = "error") -> None:
        super().__init__()
        self._log_level = log_level
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "ClusterHost":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cluster(
        self,
        settings: Mapping[str, Setting] | None = None,
        *,
        brokers: int = 1,
        racks: Sequence[str | None] = (),
        seed: int | None = None,
        frozen_at_ms: int | None = None,
        journal: bool = True,
    ) -> KafkaCluster:
        """A cluster in memory; `settings` are Kafka's names, `seed` makes every id in it the same in every run.
        With several `brokers`, in `racks` if they are given, topics are replicated on up to three of them, unless
        `default.replication.factor` says otherwise. With `frozen_at_ms` its clock stands still at that time, from its
        start on. Without `journal` it takes nothing down of what it sees.

        ConfigError for a setting that Kafka would refuse, ClockError for a time that cannot be, ValueError for no such
        number of brokers.
        """
        check_brokers(brokers, racks)
        plan = Brokers(brokers, racks)
        config = config_for(plan, setting_texts(settings))
        running = self.run(lambda: self._start(config, plan, seed, frozen_at_ms, journal))
        self.keep(running)
        return KafkaCluster(self, running)

    def take_in(self, start: Callable[[Reins], Coroutine[Any, Any, RunningCluster]]) -> KafkaCluster:
        """A cluster that is started with a clock and faults of this host, and lives here."""
        running = self.run(lambda: start(Reins(self._loop, self._threads)))
        self.keep(running)
        return KafkaCluster(self, running)

    def run(self, work: Callable[[], Coroutine[Any, Any, R]], timeout_s: float | None = None) -> R:
        """What a coroutine brings that is made and run on the host's loop."""
        return self._begin(work).result(timeout_s)

    async def reach(self, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """The same, for who is on another loop."""
        return await asyncio.wrap_future(self._begin(work))

    def _begin(self, work: Callable[[], Coroutine[Any, Any, R]]) -> Future[R]:
        async def made() -> R:
            return await work()

        return asyncio.run_coroutine_threadsafe(made(), self._running_loop())

    def close(self) -> None:
        """End all clusters, and the thread."""
        if self._thread is None:
            return
        while (running := self.take()) is not None:
            self.run(running.stop)
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

    async def _start(
        self, config: BrokerConfig, brokers: Brokers, seed: int | None, frozen_at_ms: int | None, journal: bool
    ) -> RunningCluster:
        return await start_in_memory(
            self._loop, self._threads, config, seed, brokers=brokers, frozen_at_ms=frozen_at_ms, has_journal=journal
        )
