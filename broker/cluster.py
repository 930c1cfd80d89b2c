"""Cluster: the life of a cluster of one broker, and what is there when it listens.

A process may hold many, in one loop: they share nothing but what they are given.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from ..storage.directory import DataDirectory
from ..storage.files.files import Files
from ..storage.meta_properties import META_PROPERTIES
from .advertised import AdvertiseRule
from .config.broker_config import BrokerConfig
from .config.listeners import address_of
from .config.start_topics import StartTopic
from .context import Context
from .coordination.transactions.given_epochs import GivenEpochs
from .log_output import get_logger
from .metadata.metadata import Metadata
from .metadata_change import when_done
from .network.pipeline import Stage
from .node import CONTROLLER_DIRECTORY, Node, NodeParts, NodePlan, StartError
from .runtime import Runtime
from .security.sasl.start_users import ensure_users
from .security.sasl.users import User
from .topics.start_topics import ensure_topics

__all__ = ["Cluster", "NotRunning", "StartError"]

logger = get_logger("broker")


class NotRunning(RuntimeError):
    """The cluster has not started, has stopped, or goes on over other files in a moment."""


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
        self._node: Node | None = None
        self._held: Sequence[Sequence[socket.socket]] = ()  # what it listens on already
        self._stopping: asyncio.Task[None] | None = None

    @property
    def _running(self) -> NodeParts:
        if self._node is None:
            raise NotRunning("the cluster does not run")
        return self._node.parts

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
        if self._node is not None:
            raise StartError("the broker runs already")
        if self._files.exists(f"{self._root}/{CONTROLLER_DIRECTORY}/{META_PROPERTIES}"):
            raise StartError(f"the data directory {self._root} is that of several brokers: give their number")
        began_at = self._runtime.clock.now()
        node = Node(self._plan(), self._runtime)
        await node.open()
        try:
            context = node.parts.context
            if not self._has_own_topics:
                await self._ensure_topics(context)
            await self._ensure_users(context.metadata)
            await when_done(context.sasl.load)
            await when_done(partial(context.producer_ids.skip, self._first_producer_id))
        except BaseException:
            await node.abandon()
            raise
        self._node = node
        try:
            held, self._held = self._held, ()
            await node.listen(held)
        except BaseException:
            await self.stop()
            raise
        self.addresses = node.addresses
        took_ms = round((self._runtime.clock.now() - began_at) * 1000)
        logger.info("started", listening=self.bootstrap, data=self._root, took_ms=took_ms)

    def _plan(self) -> NodePlan:
        return NodePlan(
            config=self._config,
            files=self._files,
            root=self._root,
            features=self._features,
            stages=self._stages,
            advertise=self._advertise,
            users=self._users,
            cluster_id=self._cluster_id,
            given_epochs=self._given_epochs,
        )

    async def stop(self) -> None:
        """Stop listening, let what runs come to its end, make everything durable, and let the directory go.

        Whoever calls it while a stop is under way waits for that one, which goes on though a caller be cancelled.
        """
        if self._node is None:
            return
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop(self._node))
        await asyncio.shield(self._stopping)

    def prepare_copy(self) -> Callable[[Files], None]:
        """Write what a clean stop would, and go on; the call makes a copy taken next one that was stopped cleanly.

        OSError for a disk that refuses, or while records are being deleted.
        """
        self._given_epochs.begin()
        return self._running.log_manager.prepare_copy()

    async def replace(self, files: Files, cluster_id: str | None = None) -> None:
        """Go on over other files at the same addresses; nothing more is written to those it had.

        Connections close; who connects meanwhile waits. No producer id is given out twice, nor twice in the same epoch,
        if the files are new or were copied after `prepare_copy`.
        StartError: it has stopped then.
        """
        if self._node is None:
            raise StartError("the broker does not run")
        self._first_producer_id = self._node.parts.context.metadata.image.next_producer_id
        held = self._node.parts.server.hold_sockets()
        try:
            if self._stopping is None:
                self._stopping = asyncio.ensure_future(self._stop(self._node, is_kept=False))
            await asyncio.shield(self._stopping)
            self._files, self._cluster_id, self._held = files, cluster_id or self._cluster_id, held
            self._has_own_topics = files.exists(f"{self._root}/{META_PROPERTIES}")
            await self.start()
        except BaseException:
            for listener in held:
                for one in listener:
                    one.close()
            raise

    async def _stop(self, node: Node, *, is_kept: bool = True) -> None:
        try:
            await node.close(is_kept=is_kept)
            if node.addresses:  # else it never ran
                logger.info("stopped")
        finally:
            self._node = self._stopping = None

    async def _ensure_topics(self, context: Context) -> None:
        """The topics asked for are there, and recorded. StartError names the one that cannot be."""
        if self._topics:
            await when_done(partial(ensure_topics, context.topics, self._config, self._topics))

    async def _ensure_users(self, metadata: Metadata) -> None:
        """The users asked for can log in. StartError."""
        if self._users:
            await when_done(partial(ensure_users, metadata, self._users, self._runtime.threads, self._runtime.random))
