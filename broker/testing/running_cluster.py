"""A cluster that runs, with the clock and the faults that a test has it under, and the journal of what it saw."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ...protocol.uuid_text import encode_uuid
from ...storage.files.memory_files import MemoryFiles
from ...storage.meta_properties import META_PROPERTIES, decode_properties, encode_properties
from ..cluster import Cluster
from ..config.broker_config import BrokerConfig
from ..faults.disk_faults import DiskFaults
from ..faults.fault_stage import FaultStage
from ..faults.fault_table import FaultTable
from ..journal.entries import Subject
from ..journal.watching import JournalWatch
from ..network.pipeline import Stage
from ..runtime import Runtime, SystemClock, Threads, chance_of
from .cluster_clock import ClusterClock, CountedThreads
from .turns import Turns

ROOT = "memory"
LOOPBACK = "PLAINTEXT://127.0.0.1:0"
# What says where a cluster listens, and what clients are told of it: another that is made after it goes its own way.
_LISTENING = (
    *("listeners", "advertised.listeners", "listener.security.protocol.map", "controller.listener.names"),
    *("inter.broker.listener.name", "security.inter.broker.protocol", "process.roles"),
)


class NotInMemory(RuntimeError):
    """A cluster on disk has no state that could be exchanged."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state that is kept, and when it was taken, by the cluster's clock."""

    name: str
    at_ms: int
    files: MemoryFiles


class RunningCluster:
    """A cluster that runs on a loop, its clock and its faults; `watch` has its journal, if it keeps one.

    One in memory has a state that can be exchanged.
    """

    def __init__(
        self,
        cluster: Cluster,
        clock: ClusterClock,
        faults: FaultTable,
        watch: JournalWatch | None = None,
        memory: "Memory | None" = None,
    ) -> None:
        self.cluster = cluster
        self.cluster_id = cluster.context.cluster_id  # whatever files it goes on over
        self.clock = clock
        self.faults = faults
        self.watch = watch
        self.snapshots: dict[str, Snapshot] = {}  # by their names, in the order of their keeping
        self._memory = memory
        self._turns = Turns()

    async def stop(self) -> None:
        """End it, when what is under way in it has come to its end; its clock is advanced no further."""
        self.clock.end_advances()
        async with self._turns.alone():
            await self.cluster.stop()
        self.clock.close()

    @asynccontextmanager
    async def beside(self) -> AsyncGenerator[None]:
        """A turn in it, together with others: its state is not exchanged meanwhile. NotRunning: it has ended."""
        async with self._turns.beside():
            _ = self.cluster.context
            yield

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """A turn in it with nobody beside. NotRunning: it has ended."""
        async with self._turns.alone():
            _ = self.cluster.context
            yield

    def note(self, subject: Subject, name: str, what: str) -> None:
        """Have its journal tell of it, if it keeps one."""
        if self.watch is not None:
            self.watch.journal.decide(subject, name, what)

    # Its state

    @property
    def memory(self) -> "Memory":
        """What a cluster in memory is made of. NotInMemory."""
        if self._memory is None:
            raise NotInMemory("only a cluster in memory can do this, and this one is on disk")
        return self._memory

    async def copy_files(self) -> MemoryFiles:
        """Its files as a clean stop would leave them now; it goes on. OSError."""
        files = self.memory.files
        await self.clock.settled(most_pauses=MOST_PAUSES)
        complete = self.cluster.prepare_copy()
        copy = files.fork()
        complete(copy)
        return copy

    async def replace(self, files: MemoryFiles, what: str) -> None:
        """Go on over other files: the same addresses, clock, faults and cluster id, and no producer id again.

        `what` the cluster is then is in its journal before all that is asked of it.
        """
        self.note("cluster", self.cluster_id, what)
        memory, cluster_id = self.memory, self.cluster.context.cluster_id
        files = files.fork()
        set_cluster_id(files, cluster_id)
        await self.cluster.replace(memory.reins.disk.around(files), cluster_id)
        memory.files = files
        memory.reins.attach(self.cluster)

    async def fork(self, files: MemoryFiles) -> "RunningCluster":
        """Another cluster that begins with these files, at the time it is here, with an id of its own and no faults."""
        memory = self.memory
        reins = memory.reins.fork()
        files = files.fork()
        set_cluster_id(files, encode_uuid(reins.runtime.random.randbytes(16)))
        try:
            return await _start(reins, _listening_anew(memory.config), files)
        except BaseException:
            reins.clock.close()
            raise


class Reins:
    """What a cluster is to be built with, so that a test holds its clock and its faults."""

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
        """With a `seed` every id follows from it; with `frozen_at_ms` the clock stands still there. ClockError."""
        self._loop, self._threads, self._is_seeded = loop, threads, seed is not None
        self.clock = clock or ClusterClock(loop, SystemClock(), frozen_at_ms=frozen_at_ms)
        counted = CountedThreads(threads)
        self.clock.watch(counted)
        self.runtime = Runtime(self.clock, self.clock, counted, chance_of(seed))
        self.faults = FaultTable()
        self.stage = FaultStage(self.faults, self.runtime)
        self.disk = DiskFaults(self.faults, self.clock)
        self.watch = JournalWatch(self.clock) if has_journal else None
        self.stages: Sequence[Stage] = [self.stage] if self.watch is None else self.watch.around([self.stage])

    def hold(self, cluster: Cluster, memory: "Memory | None" = None) -> RunningCluster:
        """The cluster has been started with them."""
        self.attach(cluster)
        return RunningCluster(cluster, self.clock, self.faults, self.watch, memory)

    def attach(self, cluster: Cluster) -> None:
        """Know it by what it has now; again whenever it goes on over other files."""
        self.stage.attach(cluster.context)
        self.disk.attach(cluster.context.flusher)
        if self.watch is not None:
            self.watch.attach(cluster.context)

    def fork(self) -> "Reins":
        """Others, whose clock shows the same time, with no faults, and as much left to chance as with these."""
        seed = self.runtime.random.getrandbits(64) if self._is_seeded else None
        return Reins(self._loop, self._threads, seed, clock=self.clock.fork(), has_journal=self.watch is not None)


@dataclass(slots=True)
class Memory:
    """What a cluster in memory is made of."""

    reins: Reins
    config: BrokerConfig
    files: MemoryFiles


def _listening_anew(config: BrokerConfig) -> BrokerConfig:
    """The same, at a free port of the loopback: two clusters cannot share an address."""
    settings = {name: value for name, value in config.given.items() if name not in _LISTENING}
    lower = config.lower_replication_factors
    return BrokerConfig.from_settings({**settings, "listeners": LOOPBACK}, lower_replication_factors=lower)


async def start_in_memory(
    loop: asyncio.AbstractEventLoop,
    threads: Threads,
    config: BrokerConfig,
    seed: int | None = None,
    *,
    frozen_at_ms: int | None = None,
    has_journal: bool = True,
    prepare: Callable[[Reins], None] | None = None,
) -> RunningCluster:
    """A cluster of its own, that keeps nothing; `prepare` has its clock and faults before it starts.

    StartError, ClockError.
    """
    reins = Reins(loop, threads, seed, frozen_at_ms=frozen_at_ms, has_journal=has_journal)
    if prepare is not None:
        prepare(reins)
    return await _start(reins, config, MemoryFiles())


async def _start(reins: Reins, config: BrokerConfig, files: MemoryFiles) -> RunningCluster:
    cluster = Cluster(config, reins.disk.around(files), reins.runtime, ROOT, stages=reins.stages)
    await cluster.start()
    return reins.hold(cluster, Memory(reins, config, files))


MOST_PAUSES = 200  # of half a millisecond, for what is under way on threads; what is not done by then is not in a copy


def set_cluster_id(files: MemoryFiles, cluster_id: str) -> None:
    """Have the files belong to another cluster, if they belong to any: no more than its name is in them."""
    path = f"{ROOT}/{META_PROPERTIES}"
    if files.exists(path):
        properties = decode_properties(files.read(path, 0, files.size(path)), path)
        files.write_whole(path, encode_properties({**properties, "cluster.id": cluster_id}))
