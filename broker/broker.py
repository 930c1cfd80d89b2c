"""Broker: the public face, one cluster on this machine's clock and disk."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..storage.files.files import Files, OsFiles
from ..storage.files.memory_files import MemoryFiles
from .advertised import AdvertiseRule
from .cluster import Cluster, StartError
from .config.broker_config import BrokerConfig
from .config.start_topics import StartTopic
from .context import Context
from .network.pipeline import Stage
from .runtime import LoopThreads, LoopTimers, Runtime, SystemClock, chance_of
from .security.sasl.users import User

if TYPE_CHECKING:
    from .several_brokers.replicated_cluster import ReplicatedCluster

__all__ = ["Broker", "StartError"]


class Broker:
    """A broker of one node. `await start()`, use `bootstrap`, `await stop()`; then it may be started again."""

    def __init__(
        self,
        config: BrokerConfig | Mapping[str, str] | None = None,
        *,
        is_ephemeral: bool = False,
        runtime: Runtime | None = None,
        features: Mapping[str, int] | None = None,
        advertise: Sequence[AdvertiseRule] = (),
        cluster_id: str | None = None,
        topics: Sequence[StartTopic] = (),
        stages: Callable[[int | None], Sequence[Stage]] = lambda broker: (),
        on_open: Callable[[Context], None] = lambda context: None,
        around_files: Callable[[Files], Files] = lambda files: files,
        seed: int | None = None,
        users: Sequence[User] = (),
        brokers: int = 1,
        racks: Sequence[str | None] = (),
    ) -> None:
        """`config` may be settings by Kafka's names; ConfigError for what Kafka would refuse.

        `runtime` takes the place of the machine's clock, timers, threads and chance.

        `advertise` says what clients of some networks are told for its address, before anything else. `cluster_id` is
        the id of a new cluster, and of any that is to be opened. `topics` are there when it listens.
        `stages` gives what every request passes before its handler, in this order, at each of several brokers or, for
        None, at one alone; `on_open` hears of each of several that is about to listen. `around_files` gives what the
        cluster has in place of its disk. From a `seed` every id follows. `users` may log in from the start on.
        With several `brokers` each has ports of its own, which count up from those that are given, and the rack of
        `racks` that stands at its place.
        """
        self._seed = seed
        self._given = config
        if not isinstance(config, BrokerConfig):
            config = BrokerConfig.from_settings(config or {}, brokers=brokers)
        self.config = config
        self.is_ephemeral = is_ephemeral
        self._runtime = runtime
        self._features = features or {}
        self._advertise = advertise
        self._cluster_id = cluster_id
        self._topics = topics
        self._stages = stages
        self._on_open = on_open
        self._around_files = around_files
        self._users = users
        self._brokers = brokers
        self.racks = racks
        self._threads: LoopThreads | None = None
        self._cluster: Cluster | None = None  # of one broker
        self._several: ReplicatedCluster | None = None
        self._is_started = False
        self.files: Files = MemoryFiles() if is_ephemeral else OsFiles()  # what its data lies in

    @property
    def host(self) -> str:
        """Where its first listener is; "" before it listens."""
        return self._first_address[0]

    @property
    def port(self) -> int:
        """Where its first listener is; 0 before it listens."""
        return self._first_address[1]

    @property
    def _first_address(self) -> tuple[str, int]:
        addresses = self._running.addresses if self._running is not None else ()
        return addresses[0] if addresses else ("", 0)

    @property
    def _running(self) -> "Cluster | ReplicatedCluster | None":
        return self._several or self._cluster

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of every listener, for `bootstrap.servers`."""
        return "" if self._running is None else self._running.bootstrap

    @property
    def ready(self) -> str:
        """What it is ready with: its addresses."""
        return self.bootstrap

    @property
    def broker_ids(self) -> Sequence[int]:
        """The ids of its brokers, whether they run or not."""
        return range(1, self._brokers + 1) if self._brokers > 1 else [self.config.node_id]

    @property
    def cluster(self) -> Cluster:
        """What it runs, as one broker; RuntimeError before it has started."""
        if self._cluster is None:
            raise RuntimeError("the broker has not started")
        return self._cluster

    @property
    def several(self) -> "ReplicatedCluster":
        """What it runs, as several brokers; RuntimeError before it has started."""
        if self._several is None:
            raise RuntimeError("the brokers have not started")
        return self._several

    async def start(self) -> None:
        """Open the data, then listen. StartError says what is in the way."""
        if self._is_started:
            raise StartError("the broker runs already")
        self._is_started = True
        try:
            await self._start()
        except BaseException:
            self._is_started = False
            self._close_threads()
            raise

    async def _start(self) -> None:
        root = "memory" if self.is_ephemeral else str(Path(self.config.log_dirs.partition(",")[0]).absolute())
        if self.is_ephemeral:
            self.files = MemoryFiles()  # a start anew begins with nothing
        runtime = self._runtime or self._own_runtime()
        if self._brokers > 1:
            self._several = self._made_of_several(runtime, root)
            await self._several.start()
            return
        cluster = Cluster(
            self.config,
            self._around_files(self.files),
            runtime,
            root,
            self._features,
            self._stages(None),
            advertise=self._advertise,
            cluster_id=self._cluster_id,
            topics=self._topics,
            users=self._users,
        )
        await cluster.start()
        self._cluster = cluster

    def _made_of_several(self, runtime: Runtime, root: str) -> "ReplicatedCluster":
        from .several_brokers.replicated_cluster import ReplicatedCluster

        return ReplicatedCluster(
            self.config,
            self._brokers,
            self._around_files(self.files),
            runtime,
            root,
            features=self._features,
            stages=self._stages,
            on_open=self._on_open,
            advertise=self._advertise,
            cluster_id=self._cluster_id,
            topics=self._topics,
            users=self._users,
            racks=self.racks,
        )

    async def stop(self) -> None:
        """Stop listening, make everything durable, and let the data directory go."""
        if self._running is not None:
            await self._running.stop()
        self._close_threads()
        self._is_started = False

    def _own_runtime(self) -> Runtime:
        loop = asyncio.get_running_loop()
        self._threads = LoopThreads(loop)
        return Runtime(SystemClock(), LoopTimers(loop), self._threads, chance_of(self._seed))

    def _close_threads(self) -> None:
        if self._threads is not None:
            self._threads.close()
            self._threads = None
