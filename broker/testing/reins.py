"""Reins: what a cluster is built with, so that a test holds its clock and its faults, and has its journal."""

import asyncio
from collections.abc import Sequence

from ..context import Context
from ..faults.disk_faults import DiskFaults
from ..faults.fault_stage import FaultStage
from ..faults.fault_table import FaultTable
from ..journal.watching import JournalWatch
from ..network.pipeline import Stage
from ..runtime import Runtime, SystemClock, Threads, chance_of
from .cluster_clock import ClusterClock, CountedThreads
from .loop_for_threads import LoopForThreads


class Reins:
    """The clock, the faults and the journal of one cluster, whatever number of brokers it has."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        threads: Threads,
        seed: int | None = None,
        *,
        frozen_at_ms: int | None = None,
        clock: ClusterClock | None = None,
        has_journal: bool = True,
    ) -> None:
        """With a `seed` every id follows from it; with `frozen_at_ms` the clock stands still there. ClockError.

        With both the cluster does the same in every run, and needs no `threads`, which would not.
        """
        self._loop, self._threads, self._is_seeded = loop, threads, seed is not None
        self.clock = clock or ClusterClock(loop, SystemClock(), frozen_at_ms=frozen_at_ms)
        is_same_in_every_run = seed is not None and self.clock.rate == 0
        counted = CountedThreads(LoopForThreads(loop) if is_same_in_every_run else threads)
        self.clock.watch(counted)
        self.runtime = Runtime(self.clock, self.clock, counted, chance_of(seed))
        self.faults = FaultTable()
        self.disk = DiskFaults(self.faults, self.clock)
        self.watch = JournalWatch(self.clock) if has_journal else None
        self._stages: dict[int | None, FaultStage] = {}  # by broker; None is that of one alone

    def stages(self, broker: int | None = None) -> Sequence[Stage]:
        """What every request passes at a broker, by its id where there are several."""
        stage = self._stages.get(broker)
        if stage is None:
            stage = self._stages[broker] = FaultStage(self.faults, self.runtime)
        return [stage] if self.watch is None else self.watch.around([stage], broker)

    def attach(self, context: Context, broker: int | None = None) -> None:
        """A broker runs: know it by what it has now; again each time that it has been started anew."""
        if broker in self._stages:
            self._stages[broker].attach(context)
        self.disk.attach(context.flusher, context.config.node_id)
        if self.watch is not None:
            self.watch.attach(context, broker)

    def attach_one_of_several(self, context: Context) -> None:
        """The same, for what starts brokers of several."""
        self.attach(context, context.config.node_id)

    def fork(self) -> "Reins":
        """Others, whose clock shows the same time, with no faults, and as much left to chance as with these."""
        seed = self.runtime.random.getrandbits(64) if self._is_seeded else None
        return Reins(self._loop, self._threads, seed, clock=self.clock.fork(), has_journal=self.watch is not None)
