"""Broker: builds every part once, in order, and takes them down again."""

import asyncio
import os
import secrets
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..protocol.uuid_text import decode_uuid, encode_uuid
from ..storage.directory import DataDirectory, DirectoryError, Identity
from ..storage.files import Files, OsFiles
from ..storage.log_config import LogConfig
from ..storage.memory_files import MemoryFiles
from .apis import TABLE
from .clock import Alarm, Clock, SystemClock
from .cluster import METADATA_TOPIC, METADATA_TOPIC_ID, ClusterLog
from .config import BrokerConfig
from .context import FEATURES, Context
from .coordination.coordinator_topic import CoordinatorTopic
from .coordination.group_coordinator import GroupCoordinator
from .coordination.group_log import OffsetsTopic
from .coordination.group_settings import GroupSettings
from .coordination.runner import GroupRunner
from .coordination.transactions.coordinator import TransactionCoordinator, TransactionSettings
from .coordination.transactions.runner import TransactionRunner
from .dispatch import Dispatcher
from .fetch_sessions import FetchSessions
from .flusher import Flusher
from .housekeeping import Housekeeping
from .logs import get_logger
from .producer_ids import ProducerIds
from .server import Server
from .store import LogStore
from .topic_names import TRANSACTION_TOPIC
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
        began_at = self._clock.now()
        self._open_directory()
        try:
            context = self._build()
            self._server = Server(self.config, Dispatcher(context))
            await self._server.listen()
        except OSError as error:
            self._store.close()
            host, port = self.config.listener()
            why = os.strerror(error.errno) if error.errno else str(error)
            raise StartError(f"cannot listen on {host}:{port}: {why}") from error
        self.host, self.port = self._server.host, self._server.port
        self._housekeeping.start()
        log.info(
            "started",
            listening=self.bootstrap,
            data=self._root,
            took_ms=round((self._clock.now() - began_at) * 1000),
        )

    async def stop(self) -> None:
        """Stop listening, make everything durable, and let the data directory go."""
        self._housekeeping.stop()
        await self._server.close()
        self._threads.shutdown()
        self._store.close()
        log.info("stopped")

    def _open_directory(self) -> None:
        self._files: Files = MemoryFiles() if self.is_ephemeral else OsFiles()
        self._root = "memory" if self.is_ephemeral else str(Path(self.config.log_dirs.partition(",")[0]).absolute())
        new = Identity(encode_uuid(uuid.uuid4().bytes), encode_uuid(uuid.uuid4().bytes), self.config.node_id)
        try:
            directory = DataDirectory.open(self._files, self._root, new)
        except DirectoryError as error:
            raise StartError(str(error)) from error
        directory.remove_deleted()
        self._identity = directory.identity
        self._store = LogStore(self._files, directory, self._clock, lambda: uuid.uuid4().hex)
        directory.begin_writing()

    def _build(self) -> Context:
        config, clock, schedule = self.config, self._clock, self._loop.call_at
        cluster_log = self._store.open_log(METADATA_TOPIC, 0, METADATA_TOPIC_ID, LogConfig())
        cluster = ClusterLog(cluster_log, config.node_id, decode_uuid(self._identity.directory_id))
        known = cluster.image.features
        new = {feature.name: feature.level for feature in FEATURES if feature.name not in known}
        cluster.set_features(new, clock.now_ms())
        alarm = Alarm(schedule, lambda: waiters.on_time(clock.now()))
        waiters = Waiters(alarm.set)
        topics = Topics(config, clock, cluster, self._store, lambda: uuid.uuid4().bytes, waiters.note_change)
        self._housekeeping = Housekeeping(config, clock, schedule, topics.partitions, self._store)
        flusher = Flusher(clock, schedule, self._run_in_thread)
        offsets_topic = OffsetsTopic(topics, flusher)
        coordinator = GroupCoordinator(self._group_settings(offsets_topic), new_id=lambda: str(uuid.uuid4()))
        groups = GroupRunner(coordinator, offsets_topic, clock, schedule)
        for partition, batches in offsets_topic.stored():
            groups.load(partition, batches)
        groups.start()
        producer_ids = ProducerIds(cluster)
        transactions = self._build_transactions(cluster, topics, flusher, groups, producer_ids)
        return Context(
            config=config,
            clock=clock,
            cluster=cluster,
            topics=topics,
            groups=groups,
            transactions=transactions,
            waiters=waiters,
            fetch_sessions=FetchSessions(
                config.max_incremental_fetch_session_cache_slots, lambda: secrets.randbelow(0x7FFFFFFF) + 1
            ),
            flusher=flusher,
            producer_ids=producer_ids,
            served_apis=list(TABLE.values()),
            cluster_id=self._identity.cluster_id,
            listening_at=lambda: (self.host, self.port),
        )

    def _build_transactions(
        self, cluster: ClusterLog, topics: Topics, flusher: Flusher, groups: GroupRunner, producer_ids: ProducerIds
    ) -> TransactionRunner:
        config, clock = self.config, self._clock
        state_topic = CoordinatorTopic(TRANSACTION_TOPIC, topics, flusher)
        settings = TransactionSettings(config.transaction_max_timeout_ms, config.transactional_id_expiration_ms)

        def level() -> int:
            return cluster.image.features.get("transaction.version", 0)

        coordinator = TransactionCoordinator(settings, lambda: producer_ids.next_id(clock.now_ms()), level)
        transactions = TransactionRunner(
            coordinator, state_topic, topics, groups.note_marker, level, config, clock, self._loop.call_at
        )
        for _, batches in state_topic.stored():
            transactions.load(batches)
        transactions.start()
        return transactions

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
