"""Cluster: one cluster's life, from its directory's lock to the last byte written.

A process may hold many, in one loop: they share nothing but what they are given. Every part is built here once, in
order; whatever fails on the way, and whenever it ends, what was begun is ended.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from ..protocol.errors import KafkaError
from ..protocol.uuid_text import encode_uuid
from ..protocol.wire import CorruptFrame
from ..storage.directory import DataDirectory, DirectoryError, Identity
from ..storage.files.files import Files
from ..storage.meta_properties import META_PROPERTIES
from .advertised import AdvertiseRule
from .assembly import assemble
from .beside_the_loop import beside_the_loop
from .config.broker_config import BrokerConfig
from .config.config_def import ConfigError
from .config.listeners import address_of
from .config.start_topics import StartTopic
from .context import Context
from .coordination.transactions.given_epochs import GivenEpochs
from .heavy_work import HeavyWork
from .lifetime import Lifetime
from .log_closing import prepare_copy
from .log_manager import LogManager
from .log_output import get_logger
from .maintenance.idle_logs import IdleLogs
from .maintenance.log_cleaner import LogCleaner
from .maintenance.scheduled_tasks import ScheduledTasks
from .metadata.log import MetadataLog
from .network.dispatch import Dispatcher
from .network.pipeline import Stage
from .network.server import CannotListen, Server
from .quotas.connection_rates import ConnectionRates
from .runtime import Runtime
from .security.sasl.start_users import ensure_users
from .security.sasl.users import User
from .security.tokens.expiry import remove_expired
from .slices import Steps, run_slice
from .topics.start_topics import ensure_topics
from .topics.topics import Topics

logger = get_logger("broker")


class StartError(Exception):
    """The broker cannot start; the text says why, for the person who started it."""


class NotRunning(RuntimeError):
    """The cluster has not started, has stopped, or goes on over other files in a moment."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a cluster is made of while it runs."""

    lifetime: Lifetime
    log_manager: LogManager
    scheduled_tasks: ScheduledTasks
    idle_logs: IdleLogs
    log_cleaner: LogCleaner
    heavy_work: HeavyWork
    topics: Topics
    server: Server
    context: Context


class Cluster:
    """A cluster of one node over a directory of `files`. `await start()`, use `host` and `port`, `await stop()`.

    Then it may be started again. A stop of what does not run does nothing.
    """

    def __init__(
        self,
        config: BrokerConfig,
        files: Files,
        runtime: Runtime,
        directory: str,
        features: Mapping[str, int] = MappingProxyType({}),
        stages: Sequence[Stage] = (),
        advertise: Sequence[AdvertiseRule] = (),
        cluster_id: str | None = None,
        topics: Sequence[StartTopic] = (),
        users: Sequence[User] = (),
    ) -> None:
        """`stages` are what every request passes before its handler, in this order. `topics` are there when it listens,
        and `users` may log in.

        `cluster_id` is that of a new directory, where it is not to be a random one; another directory must have it.
        """
        self.addresses: list[tuple[str, int]] = []  # of each listener, the first one first
        self._config = replace(config)  # clients change it while the cluster runs
        self._files = files
        self._runtime = runtime
        self._root = directory
        self._features = features
        self._stages = stages
        self._advertise = advertise
        self._cluster_id = cluster_id
        self._topics = topics
        self._has_own_topics = False  # those of the state it has gone on with, whatever was asked for at the start
        self._users = users
        self._first_producer_id = 0
        self._given_epochs = GivenEpochs()
        self._parts: _Parts | None = None
        self._held: Sequence[Sequence[socket.socket]] = ()  # what it listens on already
        self._stopping: asyncio.Task[None] | None = None

    @property
    def _running(self) -> _Parts:
        if self._parts is None:
            raise NotRunning("the cluster does not run")
        return self._parts

    @property
    def context(self) -> Context:
        """What its handlers have; NotRunning while it does not run."""
        return self._running.context

    @property
    def directory(self) -> DataDirectory:
        """Where its data lies; NotRunning while it does not run."""
        return self._running.log_manager.directory

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of every listener, for `bootstrap.servers`."""
        return ",".join(address_of(*address) for address in self.addresses)

    async def start(self) -> None:
        """Open the data, then listen. StartError says what is in the way, and leaves nothing behind."""
        if self._parts is not None:
            raise StartError("the broker runs already")
        began_at = self._runtime.clock.now()
        lifetime = Lifetime(self._runtime)
        log_manager = self._open_directory(lifetime.runtime)
        try:
            parts = self._build(lifetime, log_manager)
            await self._in_turns(parts.idle_logs.recover_large())
            if not self._has_own_topics:
                await self._ensure_topics(parts.topics)
            await self._ensure_users(parts.context.metadata)
            await self._when_done(parts.context.sasl.load)
            await self._when_done(partial(parts.context.producer_ids.skip, self._first_producer_id))
        except BaseException:
            await lifetime.ended()
            log_manager.abandon()
            raise
        self._parts = parts
        try:
            held, self._held = self._held, ()
            await parts.server.listen(held)
        except BaseException as error:
            await self.stop()
            if not isinstance(error, CannotListen):
                raise
            raise StartError(str(error)) from error
        self.addresses = parts.server.addresses
        for part in (parts.scheduled_tasks, parts.idle_logs, parts.log_cleaner):
            part.start()
        took_ms = round((self._runtime.clock.now() - began_at) * 1000)
        logger.info("started", listening=self.bootstrap, data=self._root, took_ms=took_ms)

    async def stop(self) -> None:
        """Stop listening, let what runs come to its end, make everything durable, and let the directory go.

        Whoever calls it while a stop is under way waits for that one, which goes on though a caller be cancelled.
        """
        if self._parts is None:
            return
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop(self._parts))
        await asyncio.shield(self._stopping)

    def prepare_copy(self) -> Callable[[Files], None]:
        """Write what a clean stop would, and go on; the call makes a copy taken next one that was stopped cleanly.

        OSError for a disk that refuses, or while records are being deleted.
        """
        log_manager = self._running.log_manager
        self._given_epochs.begin()
        return prepare_copy(log_manager.opened_logs(), log_manager.directory, is_clean=not log_manager.has_unrecovered)

    async def replace(self, files: Files, cluster_id: str | None = None) -> None:
        """Go on over other files at the same addresses; nothing more is written to those it had.

        Connections close; who connects meanwhile waits. No producer id is given out twice, nor twice in the same epoch,
        if the files are new or were copied after `prepare_copy`.
        StartError: it has stopped then.
        """
        if self._parts is None:
            raise StartError("the broker does not run")
        self._first_producer_id = self._parts.context.metadata.image.next_producer_id
        held = self._parts.server.hold_sockets()
        try:
            if self._stopping is None:
                self._stopping = asyncio.ensure_future(self._stop(self._parts, is_kept=False))
            await asyncio.shield(self._stopping)
            self._files, self._cluster_id, self._held = files, cluster_id or self._cluster_id, held
            self._has_own_topics = files.exists(f"{self._root}/{META_PROPERTIES}")
            await self.start()
        except BaseException:
            for listener in held:
                for one in listener:
                    one.close()
            raise

    async def _stop(self, parts: _Parts, *, is_kept: bool = True) -> None:
        try:
            await self._end(parts, is_kept=is_kept)
        finally:
            self._parts = self._stopping = None

    async def _end(self, parts: _Parts, *, is_kept: bool) -> None:
        await parts.server.close()
        for part in (parts.scheduled_tasks, parts.idle_logs, parts.log_cleaner, parts.heavy_work):
            part.stop()
        await parts.lifetime.ended()
        if is_kept:
            await beside_the_loop(self._runtime.threads, parts.log_manager.close)
        else:
            parts.log_manager.abandon()
        if parts.server.addresses:  # else it never ran
            logger.info("stopped")

    def _open_directory(self, runtime: Runtime) -> LogManager:
        random_id, directory_id = (encode_uuid(runtime.new_uuid().bytes) for _ in range(2))
        identity = Identity(self._cluster_id or random_id, directory_id, self._config.node_id)
        try:
            directory = DataDirectory.open(self._files, self._root, identity)
        except DirectoryError as error:
            raise StartError(str(error)) from error
        if self._cluster_id not in (None, directory.identity.cluster_id):
            directory.close()
            found = directory.identity.cluster_id
            raise StartError(f"Invalid cluster.id in: {self._root}. Expected {self._cluster_id}, but read {found}")
        try:
            log_manager = LogManager(self._files, directory, runtime)
            directory.remove_deleted()
            directory.begin_writing()
        except OSError as error:
            directory.close()
            raise StartError(f"the data directory {self._root} cannot be written: {error}") from error
        return log_manager

    def _build(self, lifetime: Lifetime, log_manager: LogManager) -> _Parts:
        """Every part, over what the directory holds."""
        config, runtime = self._config, lifetime.runtime
        context = self._assemble(runtime, log_manager)
        partitions = context.topics.partitions
        rates = ConnectionRates(config, context.metadata.image)
        context.metadata.publisher.subscribe(rates)
        scheduled_tasks = ScheduledTasks(config, runtime, partitions, log_manager, context.slices)
        if config.metadata_log_max_snapshot_interval_ms:
            scheduled_tasks.add(
                "metadata snapshot", config.metadata_log_max_snapshot_interval_ms, context.metadata.write_snapshot
            )
        stages = [*self._stages, *_authorization(context)]
        if context.tokens.is_enabled:
            scheduled_tasks.add(
                "delegation tokens",
                config.delegation_token_expiry_check_interval_ms,
                partial(remove_expired, context.tokens, context.metadata, runtime.clock),
            )
        log_cleaner = LogCleaner(config, runtime, context.topics, log_manager.directory)
        context.metadata.publisher.subscribe(log_cleaner)
        return _Parts(
            lifetime,
            log_manager,
            scheduled_tasks,
            IdleLogs(config.log_retention_check_interval_ms / 1000, runtime, partitions, log_manager),
            log_cleaner,
            context.heavy_work,
            context.topics,
            Server(
                config,
                runtime,
                Dispatcher(context, stages),
                context.unsent,
                context.advertised.note,
                rates,
                context.tls,
                context.sasl.expect_login,
            ),
            context,
        )

    def _assemble(self, runtime: Runtime, log_manager: LogManager) -> Context:
        """Replay what the directory holds; one that cannot be read is to be let go as it was found."""
        identity = log_manager.directory.identity
        try:
            return assemble(
                self._config,
                runtime,
                log_manager,
                identity,
                self._features,
                self._advertise,
                self._users,
                self._given_epochs,
            )
        except (DirectoryError, OSError, KafkaError, CorruptFrame) as error:
            raise StartError(f"the data in {self._root} cannot be read: {error}") from error
        except ConfigError as error:  # TLS and SASL are looked at here: clients may have set what they need
            raise StartError(str(error)) from error

    async def _ensure_topics(self, topics: Topics) -> None:
        """The topics asked for are there, and recorded. StartError names the one that cannot be."""
        if self._topics:
            await self._when_done(partial(ensure_topics, topics, self._config, self._topics))

    async def _ensure_users(self, metadata: MetadataLog) -> None:
        """The users asked for can log in. StartError."""
        if self._users:
            await self._when_done(
                partial(ensure_users, metadata, self._users, self._runtime.threads, self._runtime.random)
            )

    @staticmethod
    async def _when_done(begin: Callable[[Callable[[KafkaError | None], None]], None]) -> None:
        """Wait for a change of the metadata. StartError says why it could not be."""
        done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()

        def then(error: KafkaError | None) -> None:
            if not done.done():  # whoever waited may have been cancelled
                done.set_result(error)

        begin(then)
        if (error := await done) is not None:
            raise StartError(error.message)

    async def _in_turns(self, steps: Steps[None]) -> None:
        """Do a slice of work in each turn of the loop, so that other clusters of this loop go on."""
        while run_slice(steps, self._runtime.clock) is None:
            await asyncio.sleep(0)


def _authorization(context: Context) -> Sequence[Stage]:
    """The stage that asks what is allowed; nothing of it is loaded where there is no authorizer."""
    if context.acls is None:
        return ()
    from .access.stage import AuthorizationStage

    return [AuthorizationStage(context)]
