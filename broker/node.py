"""Node: one broker's life, from its directory's lock to the last byte written.

Every part is built here once, in order; whatever fails on the way, and whenever it ends, what was begun is ended.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..protocol.errors import KafkaError
from ..protocol.uuid_text import encode_uuid
from ..protocol.wire import CorruptFrame
from ..storage.directory import NO_BROKER_EPOCH, DataDirectory, DirectoryError, Identity
from ..storage.files.files import Files
from ..storage.unflushed import drop_unflushed
from .advertised import AdvertiseRule
from .assembly import assemble
from .beside_the_loop import beside_the_loop
from .config.broker_config import BrokerConfig
from .config.config_def import ConfigError
from .context import Context
from .coordination.transactions.given_epochs import GivenEpochs
from .heavy_work import HeavyWork
from .lifetime import Lifetime
from .log_manager import LogManager
from .maintenance.idle_logs import IdleLogs
from .maintenance.log_cleaner import LogCleaner
from .maintenance.scheduled_tasks import ScheduledTasks
from .network.dispatch import Dispatcher
from .network.pipeline import Stage
from .network.server import CannotListen, Server
from .quotas.connection_rates import ConnectionRates
from .runtime import Runtime
from .seat import Seat
from .security.sasl.users import User
from .security.tokens.expiry import remove_expired
from .slices import Steps, run_slice

CONTROLLER_DIRECTORY = "controller"  # where several brokers have their metadata log
NODE_DIRECTORY = "node-"  # before the id of one of several, its own directory


class StartError(Exception):
    """The broker cannot start; the text says why, for the person who started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """What a node is to be made of; `cluster_id` is that of a new directory, and another must have it, if given."""

    config: BrokerConfig  # clients change it while the node runs: a node's own
    files: Files
    root: str
    features: Mapping[str, int]
    stages: Sequence[Stage]
    advertise: Sequence[AdvertiseRule]
    users: Sequence[User]
    cluster_id: str | None
    given_epochs: GivenEpochs
    seat: Seat | None = None  # among several


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What a node is made of while it runs."""

    lifetime: Lifetime
    log_manager: LogManager
    scheduled_tasks: ScheduledTasks
    idle_logs: IdleLogs
    log_cleaner: LogCleaner
    heavy_work: HeavyWork
    server: Server
    context: Context


def open_directory(files: Files, root: str, identity: Identity, cluster_id: str | None, runtime: Runtime) -> LogManager:
    """Lock a data directory, an unused one as `identity` says. StartError for one of another cluster, too."""
    try:
        directory = DataDirectory.open(files, root, identity)
    except DirectoryError as error:
        raise StartError(str(error)) from error
    if cluster_id not in (None, directory.identity.cluster_id):
        directory.close()
        found = directory.identity.cluster_id
        raise StartError(f"Invalid cluster.id in: {root}. Expected {cluster_id}, but read {found}")
    try:
        log_manager = LogManager(files, directory, runtime)
        directory.remove_deleted()
        directory.begin_writing()
    except OSError as error:
        directory.close()
        raise StartError(f"the data directory {root} cannot be written: {error}") from error
    return log_manager


class Node:
    """A broker over a directory of its own. `await open()`, `await listen()`, `await close()`."""

    def __init__(self, plan: NodePlan, runtime: Runtime) -> None:
        self.addresses: list[tuple[str, int]] = []  # of each listener, the first one first
        self._plan = plan
        self.lifetime = Lifetime(runtime)
        self._runtime = runtime
        self._parts: NodeParts | None = None

    @property
    def parts(self) -> NodeParts:
        """Once it is open."""
        assert self._parts is not None
        return self._parts

    async def open(self) -> None:
        """Open the data. StartError, and nothing is left behind."""
        log_manager = self._open_directory(self.lifetime.runtime)
        try:
            self._parts = self._build(self.lifetime, log_manager)
            await self._in_turns(self._parts.idle_logs.recover_large())
        except BaseException:
            await self.lifetime.ended()
            log_manager.abandon()
            raise

    async def abandon(self) -> None:
        """Give the directory back as it is: the node has never listened."""
        await self.lifetime.ended()
        self.parts.log_manager.abandon()

    async def listen(self, held: Sequence[Sequence[socket.socket]] = ()) -> None:
        """Serve clients, at new sockets or at those that are held; StartError: it is to be closed then."""
        try:
            await self.parts.server.listen(held)
        except CannotListen as error:
            raise StartError(str(error)) from error
        self.addresses = self.parts.server.addresses
        for part in (self.parts.scheduled_tasks, self.parts.idle_logs, self.parts.log_cleaner):
            part.start()

    def unflushed(self) -> list[Callable[[], object]]:
        """What takes off the disk, once the node has ended as it was, all that no fsync has covered."""
        files = self._plan.files
        return [
            partial(drop_unflushed, files, log.path, log.recovery_point) for log in self.parts.log_manager.opened_logs()
        ]

    async def close(self, *, is_kept: bool = True, broker_epoch: int = NO_BROKER_EPOCH) -> None:
        """Stop listening, let what runs come to its end; make everything durable, or leave the files as they are.

        `broker_epoch` is the one in which it was registered (KIP-966).
        """
        parts = self.parts
        await parts.server.close()
        for part in (parts.scheduled_tasks, parts.idle_logs, parts.log_cleaner, parts.heavy_work):
            part.stop()
        await parts.lifetime.ended()
        if is_kept:
            await beside_the_loop(self._runtime.threads, partial(parts.log_manager.close, broker_epoch))
        else:
            parts.log_manager.abandon()

    def _open_directory(self, runtime: Runtime) -> LogManager:
        plan = self._plan
        random_id, directory_id = (encode_uuid(runtime.new_uuid().bytes) for _ in range(2))
        identity = Identity(plan.cluster_id or random_id, directory_id, plan.config.node_id)
        log_manager = open_directory(plan.files, plan.root, identity, plan.cluster_id, runtime)
        log_manager.holds_replicas = plan.seat is not None
        return log_manager

    def _build(self, lifetime: Lifetime, log_manager: LogManager) -> NodeParts:
        """Every part, over what the directory holds."""
        config, runtime = self._plan.config, lifetime.runtime
        context = self._assemble(runtime, log_manager)
        partitions = context.topics.partitions
        rates = ConnectionRates(config, context.metadata.image)
        context.metadata.publisher.subscribe(rates)
        scheduled_tasks = ScheduledTasks(config, runtime, partitions, log_manager, context.slices)
        if config.metadata_log_max_snapshot_interval_ms:
            scheduled_tasks.add(
                "metadata snapshot", config.metadata_log_max_snapshot_interval_ms, context.metadata.write_snapshot
            )
        stages = [*self._plan.stages, *_authorization(context)]
        if context.tokens.is_enabled:
            scheduled_tasks.add(
                "delegation tokens",
                config.delegation_token_expiry_check_interval_ms,
                partial(remove_expired, context.tokens, context.metadata, runtime.clock),
            )
        log_cleaner = LogCleaner(config, runtime, context.topics, log_manager.directory)
        context.metadata.publisher.subscribe(log_cleaner)
        return NodeParts(
            lifetime,
            log_manager,
            scheduled_tasks,
            IdleLogs(config.log_retention_check_interval_ms / 1000, runtime, partitions, log_manager),
            log_cleaner,
            context.heavy_work,
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
        plan, identity = self._plan, log_manager.directory.identity
        try:
            return assemble(
                plan.config,
                runtime,
                log_manager,
                identity,
                plan.features,
                plan.advertise,
                plan.users,
                plan.given_epochs,
                plan.seat,
            )
        except (DirectoryError, OSError, KafkaError, CorruptFrame) as error:
            raise StartError(f"the data in {plan.root} cannot be read: {error}") from error
        except ConfigError as error:  # TLS and SASL are looked at here: clients may have set what they need
            raise StartError(str(error)) from error

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
