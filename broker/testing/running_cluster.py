"""A cluster that runs, with the clock and the faults that a test has it under, and the journal of what it saw."""

import asyncio
import random
from collections.abc import Sequence

from ...storage.files.memory_files import MemoryFiles
from ..cluster import Cluster
from ..config.broker_config import BrokerConfig
from ..faults.fault_stage import FaultStage
from ..faults.fault_table import FaultTable
from ..journal.watching import JournalWatch
from ..network.pipeline import Stage
from ..runtime import Runtime, SystemClock, Threads
from .cluster_clock import ClusterClock, CountedThreads


class RunningCluster:
    """A cluster that runs on a loop, its clock and its faults; `watch` has its journal, if it keeps one."""

    def __init__(
        self, cluster: Cluster, clock: ClusterClock, faults: FaultTable, watch: JournalWatch | None = None
    ) -> None:
        self.cluster = cluster
        self.clock = clock
        self.faults = faults
        self.watch = watch

    async def stop(self) -> None:
        """End it."""
        await self.cluster.stop()
        self.clock.close()


class Reins:
    """What a cluster is to be built with, so that a test holds its clock and its faults."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, threads: Threads, seed: int | None = None, *, has_journal: bool = True
    ) -> None:
        self.clock = ClusterClock(loop, SystemClock())
        counted = CountedThreads(threads)
        self.clock.watch(counted)
        chance = random.SystemRandom() if seed is None else random.Random(seed)
        self.runtime = Runtime(self.clock, self.clock, counted, chance)
        self.faults = FaultTable()
        self.stage = FaultStage(self.faults, self.runtime)
        self.watch = JournalWatch(self.clock) if has_journal else None
        self.stages: Sequence[Stage] = [self.stage] if self.watch is None else self.watch.around([self.stage])

    def hold(self, cluster: Cluster) -> RunningCluster:
        """The cluster has been started with them."""
        self.stage.name_of = cluster.context.topics.name_of
        if self.watch is not None:
            self.watch.attach(cluster.context)
        return RunningCluster(cluster, self.clock, self.faults, self.watch)


async def start_in_memory(
    loop: asyncio.AbstractEventLoop,
    threads: Threads,
    config: BrokerConfig,
    seed: int | None = None,
    *,
    has_journal: bool = True,
) -> RunningCluster:
    """A cluster of its own, that keeps nothing. StartError."""
    reins = Reins(loop, threads, seed, has_journal=has_journal)
    cluster = Cluster(config, MemoryFiles(), reins.runtime, "memory", stages=reins.stages)
    await cluster.start()
    return reins.hold(cluster)
