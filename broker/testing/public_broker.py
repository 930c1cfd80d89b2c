"""odradek.Broker: a broker that is used by `with` or `async with`, as a test sees a cluster, in memory or on disk."""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType

from ...storage.files.files import Files
from .. import broker
from ..broker import StartError
from ..config.broker_config import BrokerConfig
from ..context import Context
from ..network.pipeline import Stage
from ..runtime import LoopThreads, Runtime
from .async_cluster import AsyncKafkaCluster
from .cluster_host import ClusterHost
from .held_start import start_held
from .home import OwnLoop
from .kafka_cluster import KafkaCluster
from .reins import Reins
from .running_cluster import Brokers, RunningCluster, config_for


class Broker(broker.Broker):
    """A broker, or several, for as long as the block lasts.

    with Broker(is_ephemeral=True) as kafka: ...                    # in a thread of its own; a KafkaCluster
    async with Broker({"log.dirs": "data"}) as kafka: ...           # on this loop; an AsyncKafkaCluster
    with Broker(is_ephemeral=True, brokers=3) as kafka: ...         # three of them, and replicas

    It listens on a free port of the loopback then, unless its settings say where. Or, without any of that:
    `await start()`, use `bootstrap`, `await stop()`.
    """

    def __enter__(self) -> KafkaCluster:
        """StartError, ConfigError."""
        self._check_stopped()
        host = ClusterHost()
        try:
            entered = host.take_in(self._start_with)
        except BaseException:
            host.close()
            raise
        self._host = host
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._host.run(self.stop)
        finally:
            self._host.close()

    async def __aenter__(self) -> AsyncKafkaCluster:
        """StartError, ConfigError."""
        self._check_stopped()
        threads = LoopThreads(asyncio.get_running_loop())
        try:
            running = await self._start_with(Reins(asyncio.get_running_loop(), threads))
        except BaseException:
            threads.close()
            raise
        self._home, self._own_threads = OwnLoop(), threads
        self._home.keep(running)
        return AsyncKafkaCluster(self._home, running)

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._home.close()
            await self.stop()
        finally:
            self._own_threads.close()

    def _check_stopped(self) -> None:
        """What it runs with is not touched while it runs."""
        if self._is_started:
            raise StartError("the broker runs already")

    async def _start_with(self, reins: Reins) -> RunningCluster:
        def held(
            *,
            runtime: Runtime,
            stages: Callable[[int | None], Sequence[Stage]],
            on_open: Callable[[Context], None],
            around_files: Callable[[Files], Files],
        ) -> broker.Broker:
            self._runtime, self._stages, self._on_open, self._around_files = runtime, stages, on_open, around_files
            return self

        if not isinstance(self._given, BrokerConfig):
            self.config = config_for(Brokers(len(self.broker_ids), self.racks), self._given or {})
        _, running = await start_held(held, reins)
        return running
