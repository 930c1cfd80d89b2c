"""A cluster that runs, with the clock and the faults that a test has it under, and the journal of what it saw."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ...protocol.uuid_text import encode_uuid
from ...storage.files.files import Files
from ...storage.files.memory_files import MemoryFiles
from ...storage.meta_properties import META_PROPERTIES, decode_properties, encode_properties
from ..cluster import Cluster, NotRunning
from ..config.broker_config import BrokerConfig
from ..contexts import Contexts, OneContext
from ..journal.entries import Subject
from ..log_output import get_logger
from ..node import CONTROLLER_DIRECTORY, NODE_DIRECTORY
from ..runtime import Threads
from .changes import Changes
from .reins import Reins
from .turns import Turns

if TYPE_CHECKING:
    from ..several_brokers.replicated_cluster import ReplicatedCluster

logger = get_logger("testing")

ROOT = "memory"
MOST_BROKERS = 100
MOST_REPLICAS = 3  # by themselves
LOOPBACK = "PLAINTEXT://127.0.0.1:0"
# What says where a cluster listens, and what clients are told of it: another that is made after it goes its own way.
_LISTENING = (
    *("listeners", "advertised.listeners", "listener.security.protocol.map", "controller.listener.names"),
    *("inter.broker.listener.name", "security.inter.broker.protocol", "process.roles"),
)


class NotInMemory(RuntimeError):
    """A cluster on disk has no state that could be exchanged."""


class BrokerError(RuntimeError):
    """A broker or a link that cannot be what it is to be; the text says why, and nothing has been done."""


class OnlyOneBroker(BrokerError):
    """A cluster of one broker has none that could be stopped, cut off or started alone."""


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

    def __init__(self, cluster: "Cluster | ReplicatedCluster", reins: Reins, memory: "Memory | None" = None) -> None:
        """The cluster has been started with these reins."""
        self.cluster = cluster
        self.cluster_id = cluster.context.cluster_id  # whatever files it goes on over
        self.reins = reins
        self.clock, self.faults, self.watch = reins.clock, reins.faults, reins.watch
        self.snapshots: dict[str, Snapshot] = {}  # by their names, in the order of their keeping
        self.changes = Changes()  # of the metadata, and of what brokers and links are
        self.commands = asyncio.Lock()  # brokers are stopped and started one at a time
        self.contexts: Contexts
        self._memory = memory
        self._turns = Turns()
        self._begun: set[asyncio.Task[None]] = set()
        if isinstance(cluster, Cluster):
            self.contexts = OneContext(lambda: cluster.context)
        else:
            from .broker_commands import die
            from .several_contexts import SeveralContexts

            self.contexts = SeveralContexts(cluster)
            self.faults.on_death = partial(die, self)
        self._attach()

    @property
    def several(self) -> "ReplicatedCluster":
        """Its brokers, where there are more than one. OnlyOneBroker."""
        if isinstance(self.cluster, Cluster):
            raise OnlyOneBroker("this is a cluster of one broker: make one of several to stop and start them alone")
        return self.cluster

    @property
    def has_several(self) -> bool:
        """Whether it has more than one broker."""
        return not isinstance(self.cluster, Cluster)

    def check_running(self) -> None:
        """NotRunning: it has ended."""
        _ = self.contexts.image

    def _attach(self) -> None:
        """Know it by what it has now; again whenever it goes on over other files."""
        if isinstance(self.cluster, Cluster):
            context = self.cluster.context
            self.reins.attach(context)
            context.metadata.publisher.subscribe(self.changes)
            return
        from ..journal.broker_decisions import BrokerDecisions

        log = self.cluster.around.log  # its brokers have been attached as they started
        if self.watch is not None:
            self.watch.attach_controller(log.publisher, BrokerDecisions(self.watch.journal, log.image))
        log.publisher.subscribe(self.changes)

    async def stop(self) -> None:
        """End it, when what is under way in it has come to its end; its clock is advanced no further."""
        self.clock.end_advances()
        async with self._turns.alone():
            await self.cluster.stop()
        while self._begun:
            await asyncio.wait(self._begun)
        self.clock.close()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that nobody waits for; it ends with the cluster at the latest."""
        task = asyncio.ensure_future(work)
        self._begun.add(task)
        task.add_done_callback(self._note_done)

    def _note_done(self, task: asyncio.Task[None]) -> None:
        self._begun.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not isinstance(failure, NotRunning):
            logger.error("what a fault has begun has failed", exc_info=failure)

    @asynccontextmanager
    async def beside(self) -> AsyncGenerator[None]:
        """A turn in it, together with others: its state is not exchanged meanwhile. NotRunning: it has ended."""
        async with self._turns.beside():
            self.check_running()
            yield

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """A turn in it with nobody beside. NotRunning: it has ended."""
        async with self._turns.alone():
            self.check_running()
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
        memory, cluster_id = self.memory, self.cluster_id
        files = files.fork()
        set_cluster_id(files, cluster_id)
        await self.cluster.replace(self.reins.disk.around(files), cluster_id)
        memory.files = files
        self._attach()
        self.changes.note()

    async def fork(self, files: MemoryFiles) -> "RunningCluster":
        """Another cluster that begins with these files, at the time it is here, with an id of its own and no faults."""
        memory = self.memory
        reins = self.reins.fork()
        files = files.fork()
        set_cluster_id(files, encode_uuid(reins.runtime.random.randbytes(16)))
        try:
            return await _start(reins, _listening_anew(memory.config), memory.brokers, files)
        except BaseException:
            reins.clock.close()
            raise


@dataclass(frozen=True, slots=True)
class Brokers:
    """How many a cluster is to have, and where they stand: their racks, in order, or none at all."""

    count: int = 1
    racks: Sequence[str | None] = ()

    def __post_init__(self) -> None:
        """ValueError."""
        if not 1 <= self.count <= MOST_BROKERS:
            raise ValueError(f"a cluster has 1 to {MOST_BROKERS} brokers, not {self.count}")
        if self.racks and len(self.racks) != self.count:
            raise ValueError(f"{self.count} brokers cannot stand in {len(self.racks)} racks: there is one for each")


@dataclass(slots=True)
class Memory:
    """What a cluster in memory is made of."""

    config: BrokerConfig
    files: MemoryFiles
    brokers: Brokers = field(default_factory=Brokers)


ONE_BROKER = Brokers()


def config_for(brokers: Brokers, settings: Mapping[str, str]) -> BrokerConfig:
    """The settings of a cluster that a test makes: it listens at a free port, and what it stores can be replicated.

    Of several brokers a test wants replicas, which are one for each topic by Kafka's defaults. ConfigError.
    """
    own = {} if brokers.count == 1 else {"default.replication.factor": str(min(brokers.count, MOST_REPLICAS))}
    return BrokerConfig.from_settings({"listeners": LOOPBACK, **own, **settings}, brokers=brokers.count)


def _listening_anew(config: BrokerConfig) -> BrokerConfig:
    """The same, at a free port of the loopback: two clusters cannot share an address."""
    settings = {name: value for name, value in config.given.items() if name not in _LISTENING}
    lower = config.lower_replication_factors
    settings["listeners"] = LOOPBACK
    return BrokerConfig.from_settings(settings, lower_replication_factors=lower, brokers=config.brokers)


async def start_in_memory(
    loop: asyncio.AbstractEventLoop,
    threads: Threads,
    config: BrokerConfig,
    seed: int | None = None,
    *,
    brokers: Brokers = ONE_BROKER,
    frozen_at_ms: int | None = None,
    has_journal: bool = True,
    prepare: Callable[[Reins], None] | None = None,
) -> RunningCluster:
    """A cluster of its own, that keeps nothing; `prepare` has its clock and faults before it starts.

    StartError, ClockError, FaultError for a fault about a broker that it has not.
    """
    reins = Reins(loop, threads, seed, frozen_at_ms=frozen_at_ms, has_journal=has_journal)
    if prepare is not None:
        prepare(reins)
    return await _start(reins, config, brokers, MemoryFiles())


async def _start(reins: Reins, config: BrokerConfig, brokers: Brokers, files: MemoryFiles) -> RunningCluster:
    reins.faults.expect(_ids(config, brokers))
    cluster = (_one if brokers.count == 1 else _several)(reins, config, brokers, reins.disk.around(files))
    await cluster.start()
    return RunningCluster(cluster, reins, Memory(config, files, brokers))


def _ids(config: BrokerConfig, brokers: Brokers) -> Sequence[int]:
    return [config.node_id] if brokers.count == 1 else range(1, brokers.count + 1)


def _one(reins: Reins, config: BrokerConfig, brokers: Brokers, files: Files) -> Cluster:
    return Cluster(config, files, reins.runtime, ROOT, stages=reins.stages())


def _several(reins: Reins, config: BrokerConfig, brokers: Brokers, files: Files) -> "ReplicatedCluster":
    from ..several_brokers.replicated_cluster import ReplicatedCluster

    return ReplicatedCluster(
        config,
        brokers.count,
        files,
        reins.runtime,
        ROOT,
        stages=reins.stages,
        racks=brokers.racks,
        on_open=reins.attach_one_of_several,
    )


MOST_PAUSES = 200  # of half a millisecond, for what is under way on threads; what is not done by then is not in a copy


def set_cluster_id(files: MemoryFiles, cluster_id: str) -> None:
    """Have the files belong to another cluster, if they belong to any: no more than its name is in them."""
    for directory in (ROOT, f"{ROOT}/{CONTROLLER_DIRECTORY}", *_nodes(files)):
        path = f"{directory}/{META_PROPERTIES}"
        if files.exists(path):
            properties = decode_properties(files.read(path, 0, files.size(path)), path)
            files.write_whole(path, encode_properties({**properties, "cluster.id": cluster_id}))


def _nodes(files: MemoryFiles) -> Sequence[str]:
    """The directories of several brokers."""
    names = files.list_directory(ROOT) if files.exists(ROOT) else ()
    return [f"{ROOT}/{name}" for name in names if name.startswith(NODE_DIRECTORY)]
