"""Broker: builds every part once, in order, and takes them down again."""

import asyncio
import secrets
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..storage.files import Files, OsFiles
from ..storage.log_config import LogConfig
from ..storage.memory_files import MemoryFiles
from .apis import TABLE
from .clock import Alarm, Clock, SystemClock
from .cluster import METADATA_TOPIC, METADATA_TOPIC_ID, ClusterLog
from .config import BrokerConfig
from .context import Context
from .coordination.group_coordinator import GroupCoordinator
from .coordination.group_log import OffsetsTopic
from .coordination.group_settings import GroupSettings
from .coordination.runner import GroupRunner
from .dispatch import Dispatcher
from .fetch_sessions import FetchSessions
from .flusher import Flusher
from .logs import get_logger
from .producer_ids import ProducerIds
from .server import Server
from .store import LogStore
from .topics import Topics
from .waiters import Waiters

log = get_logger("broker")


class StartError(Exception):
    """The broker cannot start; the text says why, for the person who started it."""


class Broker:
    """A broker of one node. `await start()`, use `bootstrap`, `await stop()`."""

    def __init__(
        self, config: BrokerConfig | None = None, *, is_ephemeral: bool = False, clock: Clock | None = None
    ) -> None:
        self.config = config or BrokerConfig()
        self.is_ephemeral = is_ephemeral
        self.host = ""
        self.port = 0
        self._clock = clock or SystemClock()

    @property
    def bootstrap(self) -> str:
        """HOST:PORT, for `bootstrap.servers`."""
        return f"{self.host}:{self.port}"

    async def start(self) -> None:
        """Open the data, then listen. StartError says what is in the way."""
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="odradek-fsync")
        files: Files = MemoryFiles() if self.is_ephemeral else OsFiles()
        root = str(Path(self.config.log_dirs.partition(",")[0]).absolute())
        files.make_directory(root)
        store = LogStore(files, root, self._clock)
        self._store = store
        cluster_log = store.open_log(METADATA_TOPIC, 0, METADATA_TOPIC_ID, LogConfig())
        cluster = ClusterLog(cluster_log, self.config.node_id, bytes(16))
        waiters = Waiters(lambda deadline: alarm.set(deadline))
        alarm = Alarm(loop.call_at, lambda: waiters.on_time(self._clock.now()))
        topics = Topics(
            self.config, self._clock, cluster, store, lambda: uuid.uuid4().bytes, on_change=waiters.note_change
        )
        flusher = Flusher(self._clock, loop.call_at, self._run_in_thread)
        offsets_topic = OffsetsTopic(topics, flusher)
        groups = GroupRunner(
            GroupCoordinator(self._group_settings(offsets_topic), new_id=lambda: str(uuid.uuid4())),
            offsets_topic,
            self._clock,
            loop.call_at,
        )
        context = Context(
            config=self.config,
            clock=self._clock,
            cluster=cluster,
            topics=topics,
            groups=groups,
            waiters=waiters,
            fetch_sessions=FetchSessions(
                self.config.max_incremental_fetch_session_cache_slots, lambda: secrets.randbelow(0x7FFFFFFF) + 1
            ),
            flusher=flusher,
            producer_ids=ProducerIds(cluster),
            served_apis=list(TABLE.values()),
            cluster_id="x",
            listening_at=lambda: (self.host, self.port),
        )
        for partition, batches in offsets_topic.stored():
            groups.load(partition, batches)
        groups.start()
        self._server = Server(self.config, Dispatcher(context))
        await self._server.listen()
        self.host, self.port = self._server.host, self._server.port

    async def stop(self) -> None:
        await self._server.close()

    def _group_settings(self, offsets_topic: OffsetsTopic) -> GroupSettings:
        config = self.config
        return GroupSettings(
            min_session_timeout_ms=config.group_min_session_timeout_ms,
            max_session_timeout_ms=config.group_max_session_timeout_ms,
            initial_rebalance_delay_ms=config.group_initial_rebalance_delay_ms,
            max_size=config.group_max_size,
            offset_metadata_max_bytes=config.offset_metadata_max_bytes,
            offsets_retention_ms=config.offsets_retention_minutes * 60_000,
            offsets_retention_check_interval_ms=config.offsets_retention_check_interval_ms,
            # A topic made under another setting keeps its partitions, and groups must be found where they are.
            offsets_topic_partitions=offsets_topic.partition_count() or config.offsets_topic_num_partitions,
        )

    def _run_in_thread(self, work: Callable[[], None], then: Callable[[OSError | None], None]) -> None:
        def done(future: Future[None]) -> None:
            error = future.exception()
            if error is not None and not isinstance(error, OSError):
                raise error
            self._loop.call_soon_threadsafe(then, error)

        self._threads.submit(work).add_done_callback(done)
