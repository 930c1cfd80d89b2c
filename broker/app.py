"""Broker: builds every part once, in order, and takes them down again."""

import asyncio
import os
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..protocol.errors import KafkaError
from ..protocol.uuid_text import encode_uuid
from ..protocol.wire import CorruptFrame
from ..storage.directory import DataDirectory, DirectoryError, Identity
from ..storage.files.files import Files, OsFiles
from ..storage.files.memory_files import MemoryFiles
from .assembly import assemble
from .config.broker_config import BrokerConfig
from .context import Context
from .log_manager import LogManager
from .log_output import get_logger
from .maintenance.idle_logs import IdleLogs
from .maintenance.log_cleaner import LogCleaner
from .maintenance.scheduled_tasks import ScheduledTasks
from .network.dispatch import Dispatcher
from .network.server import Server
from .runtime import Clock, SystemClock

logger = get_logger("broker")


class StartError(Exception):
    """The broker cannot start; the text says why, for the person who started it."""


class Broker:
    """A broker of one node. `await start()`, use `bootstrap`, `await stop()`."""

    def __init__(
        self,
        config: BrokerConfig | None = None,
        *,
        is_ephemeral: bool = False,
        clock: Clock | None = None,
        features: Mapping[str, int] | None = None,
    ) -> None:
        self.config = config or BrokerConfig()
        self.is_ephemeral = is_ephemeral
        self.host = ""
        self.port = 0
        self._clock = clock or SystemClock()
        self._features = features or {}

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
        context = self._assemble()
        self._housekeeping = ScheduledTasks(
            self.config, self._clock, loop.call_at, context.topics.partitions, self._store, self._run_in_thread
        )
        if self.config.metadata_log_max_snapshot_interval_ms:
            self._housekeeping.add(
                "metadata snapshot",
                self.config.metadata_log_max_snapshot_interval_ms,
                lambda: context.cluster.write_snapshot(self._clock.now_ms()),
            )
        self._cleaner = LogCleaner(
            self.config,
            self._clock,
            loop.call_at,
            loop.call_soon,
            self._run_in_thread,
            context.topics,
            self._store.directory,
        )
        self._visits = IdleLogs(
            self.config.log_retention_check_interval_ms / 1000,
            self._clock,
            loop.call_at,
            context.topics.partitions,
            self._store,
        )
        self._visits.recover_large()
        self._server = Server(self.config, Dispatcher(context))
        try:
            await self._server.listen()
        except OSError as error:
            self._store.close()
            host, port = self.config.listener()
            why = os.strerror(error.errno) if error.errno else str(error)
            raise StartError(f"cannot listen on {host}:{port}: {why}") from error
        self.host, self.port = self._server.host, self._server.port
        self._housekeeping.start()
        self._visits.start()
        self._cleaner.start()
        logger.info(
            "started",
            listening=self.bootstrap,
            data=self._root,
            took_ms=round((self._clock.now() - began_at) * 1000),
        )

    async def stop(self) -> None:
        """Stop listening, make everything durable, and let the data directory go."""
        self._visits.stop()
        self._housekeeping.stop()
        self._cleaner.stop()
        await self._server.close()
        self._threads.shutdown()
        self._store.close()
        logger.info("stopped")

    def _open_directory(self) -> None:
        self._files: Files = MemoryFiles() if self.is_ephemeral else OsFiles()
        self._root = "memory" if self.is_ephemeral else str(Path(self.config.log_dirs.partition(",")[0]).absolute())
        new = Identity(encode_uuid(uuid.uuid4().bytes), encode_uuid(uuid.uuid4().bytes), self.config.node_id)
        try:
            directory = DataDirectory.open(self._files, self._root, new)
        except DirectoryError as error:
            raise StartError(str(error)) from error
        self._identity = directory.identity
        self._store = LogManager(self._files, directory, self._clock, lambda: uuid.uuid4().hex)
        try:
            directory.remove_deleted()
            directory.begin_writing()
        except OSError as error:
            self._store.abandon()
            raise StartError(f"the data directory {self._root} cannot be written: {error}") from error

    def _assemble(self) -> Context:
        """Replay what the directory holds; a directory that cannot be read is let go as it was found."""
        try:
            return assemble(
                self.config,
                self._clock,
                self._loop.call_at,
                self._run_in_thread,
                self._store,
                self._identity,
                lambda: (self.host, self.port),
                self._features,
            )
        except (DirectoryError, OSError, KafkaError, CorruptFrame) as error:
            self._store.abandon()
            raise StartError(f"the data in {self._root} cannot be read: {error}") from error

    def _run_in_thread(self, work: Callable[[], None], then: Callable[[OSError | None], None]) -> None:
        def done(future: Future[None]) -> None:
            error = future.exception()
            if error is not None and not isinstance(error, OSError):
                raise error
            self._loop.call_soon_threadsafe(then, error)

        self._threads.submit(work).add_done_callback(done)
