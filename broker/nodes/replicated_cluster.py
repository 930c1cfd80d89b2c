"""ReplicatedCluster: several brokers and their controller in one process, in a directory that has one for each.

The rule: a broker may die, and the cluster goes on. What a broker knows it has from the controller, what it holds it
has from its clients and its leaders; two brokers share nothing else.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import BrokerEndpoint
from ...storage.directory import DataDirectory
from ...storage.files.files import Files
from ..advertised import AdvertiseRule
from ..config.broker_config import BrokerConfig
from ..config.listeners import PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL, address_of
from ..config.start_topics import StartTopic
from ..context import Context
from ..controller.broker_registration import NO_EPOCH, RegisterBroker
from ..controller.controller import Controller
from ..coordination.transactions.given_epochs import GivenEpochs
from ..log_output import get_logger
from ..metadata.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from ..network.pipeline import Stage
from ..node import Node, NodePlan, StartError
from ..runtime import Runtime
from ..security.sasl.start_users import ensure_users
from ..security.sasl.users import User
from ..topics.start_topics import ensure_topics
from .broker_seat import BrokerSeat, Surroundings
from .controller_node import ControllerNode
from .links import Links
from .node_config import config_of_node, rules_of_node

logger = get_logger("broker")

_SECURITY_PROTOCOLS = {PLAINTEXT: 0, SSL: 1, SASL_PLAINTEXT: 2, SASL_SSL: 3}  # Java's SecurityProtocol ids


class Slot:
    """The place of one broker: its settings, its directory, and the node that runs there, if one does."""

    def __init__(self, config: BrokerConfig, root: str) -> None:
        self.config = config
        self.root = root
        self.node: Node | None = None
        self.seat: BrokerSeat | None = None
        self.held: list[list[socket.socket]] = []  # its addresses, kept while it does not run
        self.addresses: list[tuple[str, int]] = []
        self.clean_epoch = NO_EPOCH  # in which it has ended cleanly

    @property
    def node_id(self) -> int:
        return self.config.node_id

    @property
    def running(self) -> Node:
        """StartError while it does not run."""
        if self.node is None:
            raise StartError(f"broker {self.node_id} does not run")
        return self.node


class ReplicatedCluster:
    """`await start()`, use `bootstrap`, `await stop()`; a broker alone is stopped, killed and started by its id."""

    def __init__(
        self,
        config: BrokerConfig,
        brokers: int,
        files: Files,
        runtime: Runtime,
        directory: str,
        *,
        features: Mapping[str, int] = MappingProxyType({}),
        stages: Callable[[int], Sequence[Stage]] = lambda node_id: (),
        advertise: Sequence[AdvertiseRule] = (),
        cluster_id: str | None = None,
        topics: Sequence[StartTopic] = (),
        users: Sequence[User] = (),
        racks: Sequence[str | None] = (),
    ) -> None:
        """`stages` gives what every request passes at a broker; `racks` are those of the brokers, in order."""
        self._config = config
        self._files = files
        self._runtime = runtime
        self._root = directory
        self._features = features
        self._stages = stages
        self._advertise = advertise
        self._cluster_id = cluster_id
        self._topics = topics
        self._users = users
        self._slots = {
            node_id: Slot(
                config_of_node(config, node_id, brokers, racks[node_id - 1] if node_id <= len(racks) else None),
                f"{directory}/node-{node_id}",
            )
            for node_id in range(1, brokers + 1)
        }
        self._controller: ControllerNode | None = None
        self._around: Surroundings | None = None

    @property
    def around(self) -> Surroundings:
        """The controller, and the links between the brokers; StartError while it does not run."""
        if self._around is None:
            raise StartError("the cluster does not run")
        return self._around

    @property
    def links(self) -> Links:
        """What goes between the brokers."""
        return self.around.links

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of every listener of every broker, for `bootstrap.servers`."""
        return ",".join(address_of(*address) for address in self.addresses)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Of every listener of every broker, the first broker's first."""
        return [address for slot in self._slots.values() for address in slot.addresses]

    @property
    def node_ids(self) -> list[int]:
        """Of all brokers, whether they run or not."""
        return list(self._slots)

    def bootstrap_of(self, node_id: int) -> str:
        """HOST:PORT of every listener of one broker."""
        return ",".join(address_of(*address) for address in self._slots[node_id].addresses)

    def context_of(self, node_id: int) -> Context:
        """What the handlers of one broker have; StartError while it does not run."""
        return self._slots[node_id].running.parts.context

    def directory_of(self, node_id: int) -> DataDirectory:
        """Where the data of one broker lies; StartError while it does not run."""
        return self._slots[node_id].running.parts.log_manager.directory

    @property
    def context(self) -> Context:
        """Those of the first broker that runs; StartError where none does."""
        for slot in self._slots.values():
            if slot.node is not None:
                return slot.node.parts.context
        raise StartError("no broker runs")

    # Its life

    async def start(self) -> None:
        """Open the controller's data and the brokers', then listen. StartError, and nothing is left behind."""
        if self._controller is not None:
            raise StartError("the brokers run already")
        began_at = self._runtime.clock.now()
        controller = self._controller = ControllerNode(
            self._config, self._files, f"{self._root}/controller", self._runtime
        )
        try:
            controller.open(self._cluster_id, {ELIGIBLE_LEADER_REPLICAS_VERSION: 1, **self._features})
            runtime = controller.lifetime.runtime
            links = Links(runtime.clock, runtime.timers)
            self._around = Surroundings(
                controller.metadata, Controller(self._config, controller.metadata, runtime.random), links
            )
            for node_id in self._slots:
                await self.start_broker(node_id)
            await self._ensure_start()
        except BaseException:
            await self.stop()
            raise
        took_ms = round((self._runtime.clock.now() - began_at) * 1000)
        logger.info("started", listening=self.bootstrap, data=self._root, took_ms=took_ms)

    async def _ensure_start(self) -> None:
        context = self.context
        if self._topics:
            await when_done(partial(ensure_topics, context.topics, context.config, self._topics))
        if self._users:
            threads, random = self._runtime.threads, self._runtime.random
            await when_done(partial(ensure_users, context.metadata, self._users, threads, random))

    async def stop(self) -> None:
        """Stop every broker, as they are, then the controller."""
        for slot in self._slots.values():
            if slot.node is not None:
                await self._end(slot, is_kept=True)
            for sockets in slot.held:
                for one in sockets:
                    one.close()
            slot.held = []
        if self._controller is not None:
            await self._controller.close()
        self._controller = self._around = None

    # One broker

    async def start_broker(self, node_id: int) -> None:
        """Start a broker that does not run, at the address that it had. StartError."""
        slot, around = self._slots[node_id], self.around
        if slot.node is not None:
            raise StartError(f"broker {node_id} runs already")
        seat = BrokerSeat(node_id, slot.config, around)
        node = Node(self._plan(slot, seat), self._runtime)
        around.links.set_going(node_id)
        await when_done(partial(seat.join, node.lifetime.runtime))
        try:
            await node.open()
        except BaseException:
            seat.leave()
            raise
        slot.node, slot.seat = node, seat
        try:
            held, slot.held = slot.held, []
            await node.listen(held)
            slot.addresses = node.addresses
            await self._register(slot, node)
        except BaseException:
            await self._end(slot, is_kept=True)
            raise

    def _plan(self, slot: Slot, seat: BrokerSeat) -> NodePlan:
        assert self._controller is not None
        return NodePlan(
            config=slot.config,
            files=self._files,
            root=slot.root,
            features={},
            stages=self._stages(slot.node_id),
            advertise=rules_of_node(self._advertise, slot.node_id),
            users=self._users,
            cluster_id=self._controller.cluster_id,
            given_epochs=GivenEpochs(),
            seat=seat,
        )

    async def _register(self, slot: Slot, node: Node) -> None:
        controller, context = self.around.controller, node.parts.context
        asked = RegisterBroker(
            broker_id=slot.node_id,
            incarnation_id=self._runtime.new_uuid().bytes,
            endpoints=[
                BrokerEndpoint(name=one.name, host=host, port=port, security_protocol=_SECURITY_PROTOCOLS[one.protocol])
                for one, (host, port) in zip(slot.config.endpoints(), node.addresses, strict=True)
            ],
            log_dirs=[context.metadata.directory_id],
            rack=slot.config.broker_rack,
            previous_broker_epoch=slot.clean_epoch,
        )
        slot.clean_epoch = NO_EPOCH
        await when_done(lambda then: controller.register_broker(asked, lambda _, error: then(error)))
        await when_done(partial(controller.unfence_broker, slot.node_id))

    async def stop_broker(self, node_id: int) -> None:
        """Have a broker's partitions led by others, then stop it (KIP-841)."""
        slot = self._slots[node_id]
        _ = slot.running
        controller = self.around.controller
        await when_done(lambda then: controller.begin_controlled_shutdown(node_id, lambda _, error: then(error)))
        await self._end(slot, is_kept=True)
        slot.clean_epoch = controller.cluster.brokers[node_id].broker_epoch
        await when_done(partial(controller.fence_broker, node_id))

    async def kill_broker(self, node_id: int) -> None:
        """Have a broker die: connections are reset, nothing is written any more, and the controller notices."""
        slot = self._slots[node_id]
        _ = slot.running
        await self._end(slot, is_kept=False)
        await when_done(partial(self.around.controller.fence_broker, node_id))

    async def _end(self, slot: Slot, *, is_kept: bool) -> None:
        node, seat = slot.running, slot.seat
        slot.node = slot.seat = None
        if self._around is not None:
            self._around.links.hold_still(slot.node_id)
        if seat is not None:
            seat.leave()
        await node.close(is_kept=is_kept)
        slot.held = node.parts.server.keep_addresses()


async def when_done(begin: Callable[[Callable[[KafkaError | None], None]], None]) -> None:
    """Wait for a change of the metadata. StartError says why it could not be."""
    done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()

    def then(error: KafkaError | None) -> None:
        if not done.done():  # whoever waited may have been cancelled
            done.set_result(error)

    begin(then)
    if (error := await done) is not None:
        raise StartError(error.message)
