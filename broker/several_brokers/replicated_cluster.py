"""ReplicatedCluster: several brokers and their controller in one process, in a directory that has one for each.

The rule: a broker may die, and the cluster goes on. What a broker knows it has from the controller, what it holds it
has from its clients and its leaders; two brokers share nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ...storage.directory import CLEAN_SHUTDOWN, DataDirectory
from ...storage.files.files import Files
from ...storage.meta_properties import META_PROPERTIES
from ..advertised import AdvertiseRule
from ..config.broker_config import BrokerConfig
from ..config.listeners import address_of
from ..config.replication_config import ReplicationConfig
from ..config.start_topics import StartTopic
from ..context import Context
from ..controller.controller import Controller
from ..coordination.transactions.given_epochs import GivenEpochs
from ..log_output import get_logger
from ..metadata_change import when_done
from ..network.pipeline import Stage
from ..node import CONTROLLER_DIRECTORY, NODE_DIRECTORY, Node, NodePlan, StartError
from ..nodes.links import Links
from ..runtime import Runtime
from ..security.sasl.start_users import ensure_users
from ..security.sasl.users import User
from ..topics.start_topics import ensure_topics
from .broker_seat import BrokerSeat, Surroundings
from .broker_sessions import BrokerSessions
from .broker_slot import BrokerSlot, BrokerState
from .controller_node import ControllerNode
from .controller_tasks import ControllerTasks
from .node_config import config_of_node, rules_of_node
from .ways import Ways

logger = get_logger("broker")


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
        on_open: Callable[[Context], None] = lambda context: None,
    ) -> None:
        """`stages` gives what every request passes at a broker; `racks` are those of the brokers, in order.

        `on_open` hears of each broker that is open, before it listens; each time that it has been started anew.
        """
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
        self._on_open = on_open
        self._given_epochs = GivenEpochs()
        self._slots = {
            node_id: BrokerSlot(
                config_of_node(config, node_id, brokers, racks[node_id - 1] if node_id <= len(racks) else None),
                f"{directory}/{NODE_DIRECTORY}{node_id}",
            )
            for node_id in range(1, brokers + 1)
        }
        self._controller: ControllerNode | None = None
        self._around: Surroundings | None = None
        self._sessions: BrokerSessions | None = None
        self._halting: dict[int, asyncio.Task[None]] = {}  # brokers whose disk has failed
        self._first_producer_id = 0
        self._has_own_topics = False  # those of the state it has gone on with, whatever was asked for at the start

    # What is to be seen of it

    @property
    def around(self) -> Surroundings:
        """The controller, and the links between the brokers; StartError while it does not run."""
        if self._around is None:
            raise StartError("the cluster does not run")
        return self._around

    @property
    def ways(self) -> Ways:
        """How brokers, controller and clients reach each other."""
        return Ways(self.around.links, self.slot, self._slots.values)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Of every listener of every broker, the first broker's first."""
        return [address for slot in self._slots.values() for address in slot.addresses]

    @property
    def bootstrap(self) -> str:
        """HOST:PORT of every listener of every broker, for `bootstrap.servers`."""
        return ",".join(address_of(*address) for address in self.addresses)

    @property
    def node_ids(self) -> list[int]:
        """Of all brokers, whether they run or not."""
        return list(self._slots)

    def slot(self, node_id: int) -> BrokerSlot:
        """One broker's place. StartError for one that there is not."""
        if node_id not in self._slots:
            raise StartError(f"there is no broker {node_id}: there are {', '.join(map(str, self._slots))}")
        return self._slots[node_id]

    def state_of(self, node_id: int) -> str:
        """running, frozen, stopped or killed."""
        return self.slot(node_id).state.value

    def bootstrap_of(self, node_id: int) -> str:
        """HOST:PORT of every listener of one broker."""
        return ",".join(address_of(*address) for address in self.slot(node_id).addresses)

    def context_of(self, node_id: int) -> Context:
        """What the handlers of one broker have; StartError while it does not run."""
        return self.slot(node_id).node.parts.context

    def directory_of(self, node_id: int) -> DataDirectory:
        """Where the data of one broker lies; StartError while it does not run."""
        return self.slot(node_id).node.parts.log_manager.directory

    @property
    def context(self) -> Context:
        """Those of the first broker that runs; StartError where none does."""
        for slot in self._slots.values():
            if slot.is_alive:
                return slot.node.parts.context
        raise StartError("no broker runs")

    # Its life

    async def start(self) -> None:
        """Open the controller's data and the brokers', then listen. StartError, and nothing is left behind."""
        if self._controller is not None:
            raise StartError("the brokers run already")
        if self._files.exists(f"{self._root}/{META_PROPERTIES}"):
            raise StartError(f"the data directory {self._root} is that of one broker: it cannot be that of several")
        began_at = self._runtime.clock.now()
        controller = self._controller = ControllerNode(
            self._config, self._files, f"{self._root}/{CONTROLLER_DIRECTORY}", self._runtime
        )
        try:
            controller.open(self._cluster_id, self._features)
            self._surround(controller)
            for gone in [one for one in controller.metadata.image.brokers if one not in self._slots]:
                await when_done(partial(self.around.controller.fence_broker, gone))
            for node_id in self._slots:
                await self.start_broker(node_id)
            await self._ensure_start()
        except BaseException:
            await self.stop()
            raise
        took_ms = round((self._runtime.clock.now() - began_at) * 1000)
        logger.info("started", listening=self.bootstrap, data=self._root, took_ms=took_ms)

    def _surround(self, node: ControllerNode) -> None:
        runtime = node.lifetime.runtime
        links = Links(runtime.clock, runtime.timers)
        controller = Controller(self._config, node.metadata, runtime.random)
        self._around = Surroundings(node.metadata, controller, links)
        self._around.on_disk_failure = self._halt
        timeout_s = partial(getattr, ReplicationConfig(self._config), "session_timeout_s")
        self._sessions = BrokerSessions(controller, links, runtime, timeout_s)
        ControllerTasks(controller, runtime).start()

    async def _ensure_start(self) -> None:
        context = self.context
        if self._topics and not self._has_own_topics:
            await when_done(partial(ensure_topics, context.topics, context.config, self._topics))
        if self._users:
            threads, random = self._runtime.threads, self._runtime.random
            await when_done(partial(ensure_users, context.metadata, self._users, threads, random))
        await when_done(partial(context.producer_ids.skip, self._first_producer_id))

    async def stop(self) -> None:
        """Stop every broker, as they are, then the controller."""
        for halting in list(self._halting.values()):
            await halting
        for slot in self._slots.values():
            if slot.is_alive:
                await self._end(slot, BrokerState.STOPPED, is_kept=True)
            slot.let_go()
        if self._controller is not None:
            await self._controller.close()
            logger.info("stopped")
        self._controller = self._around = self._sessions = None

    # Its state

    def prepare_copy(self) -> Callable[[Files], None]:
        """Write what a clean stop would, and go on; the call makes a copy taken next one that was stopped cleanly.

        A broker that does not run is in the copy as it is. OSError for a disk that refuses.
        """
        assert self._controller is not None
        self._given_epochs.begin()
        alive = [slot for slot in self._slots.values() if slot.is_alive]
        completions = [slot.node.parts.log_manager.prepare_copy(slot.broker_epoch) for slot in alive]
        completions.append(self._controller.log_manager.prepare_copy())

        def complete(copy: Files) -> None:
            for one in completions:
                one(copy)

        return complete

    async def replace(self, files: Files, cluster_id: str | None = None) -> None:
        """Go on over other files at the same addresses, all brokers; nothing more is written to those they had.

        Connections close; who connects meanwhile waits. No producer id is given out twice, nor twice in the same epoch,
        if the files are new or were copied after `prepare_copy`. StartError: it has stopped then.
        """
        self._first_producer_id = self.around.log.image.next_producer_id
        try:
            for slot in self._slots.values():
                if slot.is_alive:
                    await self._end(slot, BrokerState.STOPPED, is_kept=False, is_refusing=False)
                slot.hears_clients = slot.reaches_clients = True
            if self._controller is not None:
                await self._controller.close(is_kept=False)
            self._controller = self._around = self._sessions = None
            self._files, self._cluster_id = files, cluster_id or self._cluster_id
            self._has_own_topics = files.exists(f"{self._root}/{CONTROLLER_DIRECTORY}/{META_PROPERTIES}")
            await self.start()
        except BaseException:
            for slot in self._slots.values():
                slot.let_go()
            raise

    # One broker

    async def start_broker(self, node_id: int) -> None:
        """Start a broker that does not run, at the address that it had. StartError."""
        slot, around = self.slot(node_id), self.around
        if slot.is_alive:
            raise StartError(f"broker {node_id} runs already")
        await self._fence_dead(slot)
        seat = BrokerSeat(node_id, slot.config, around)
        node = Node(self._plan(slot, seat), self._runtime)
        around.links.set_going(node_id)
        try:
            await when_done(partial(seat.join, node.lifetime.runtime))
            await node.open()
            self._on_open(node.parts.context)
        except BaseException:
            seat.leave()
            around.links.hold_still(node_id)
            raise
        await slot.begin(node, seat)
        try:
            await when_done(node.parts.context.sasl.load)
            await self._register(slot)
        except BaseException:
            await self._end(slot, BrokerState.STOPPED, is_kept=True)
            raise

    async def _fence_dead(self, slot: BrokerSlot) -> None:
        """The controller is to know that the broker before this one has died: it leads nothing any more."""
        known = self.around.controller.cluster.brokers.get(slot.node_id)
        is_clean = self._files.exists(f"{slot.root}/{CLEAN_SHUTDOWN}")
        self._forget(slot.node_id)
        if known is not None and not known.is_fenced and not is_clean:
            await self._fence(slot.node_id)

    def _plan(self, slot: BrokerSlot, seat: BrokerSeat) -> NodePlan:
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
            given_epochs=self._given_epochs,
            seat=seat,
        )

    async def _register(self, slot: BrokerSlot) -> None:
        controller = self.around.controller
        known = controller.cluster.brokers.get(slot.node_id)
        # One that is registered and not fenced was there when the whole process was stopped: the controller has missed
        # nothing, and the broker is the one it was.
        is_back = known is not None and not known.is_fenced
        incarnation_id = known.incarnation_id if is_back and known else self._runtime.new_uuid().bytes
        asked = slot.registration(incarnation_id)
        await when_done(lambda then: controller.register_broker(asked, lambda _, error: then(error)))
        slot.broker_epoch = controller.cluster.brokers[slot.node_id].broker_epoch
        await when_done(partial(controller.unfence_broker, slot.node_id))
        if self._sessions is not None:
            self._sessions.watch(slot.node_id)

    async def stop_broker(self, node_id: int) -> None:
        """Have a broker's partitions led by others, then stop it (KIP-841). StartError."""
        slot, controller = self.slot(node_id), self.around.controller
        if slot.state is not BrokerState.RUNNING:
            raise StartError(f"broker {node_id} does not run: it is {slot.state.value}")
        if node_id in controller.cluster.brokers:
            await when_done(lambda then: controller.begin_controlled_shutdown(node_id, lambda _, error: then(error)))
        await self._end(slot, BrokerState.STOPPED, is_kept=True)
        await self._fence(node_id)

    async def kill_broker(self, node_id: int, *, is_noticed: bool = True, keeps_page_cache: bool = True) -> None:
        """Have a broker die: connections are reset, nothing is written any more. StartError.

        The controller fences it at once, or, where that is not noticed, after `broker.session.timeout.ms`. What no
        fsync has covered is lost with the page cache, if that is not kept.
        """
        slot = self.slot(node_id)
        slot.freeze()  # it does nothing from here on
        self.around.links.hold_still(node_id)
        if is_noticed:
            # Before its clients notice: they ask at once who leads now, and some ask again only a second later.
            self._forget(node_id)
            await self._fence(node_id)
        unflushed = [] if keeps_page_cache else slot.node.unflushed()
        await self._end(slot, BrokerState.KILLED, is_kept=False, is_forgotten=is_noticed)
        for drop in unflushed:
            drop()

    def freeze_broker(self, node_id: int) -> None:
        """Have a broker do nothing, as if a signal had stopped its process. StartError."""
        slot = self.slot(node_id)
        if slot.state is not BrokerState.RUNNING:
            raise StartError(f"broker {node_id} does not run: it is {slot.state.value}")
        slot.freeze()
        self.around.links.hold_still(node_id)

    def resume_broker(self, node_id: int) -> None:
        """Have a frozen broker go on. StartError."""
        slot = self.slot(node_id)
        if slot.state is not BrokerState.FROZEN:
            raise StartError(f"broker {node_id} is not frozen: it is {slot.state.value}")
        slot.resume()
        self.around.links.set_going(node_id)

    def _halt(self, node_id: int) -> None:
        """A broker whose only log directory has failed halts, as Apache Kafka's does: others lead what it has led."""
        slot = self.slot(node_id)
        if slot.is_alive and node_id not in self._halting:
            logger.error("the log directory of a broker has failed: the broker halts", broker=node_id)
            self._halting[node_id] = asyncio.ensure_future(self._kill_halting(node_id))

    async def _kill_halting(self, node_id: int) -> None:
        try:
            if self.slot(node_id).is_alive:
                await self.kill_broker(node_id)
        finally:
            del self._halting[node_id]

    async def _fence(self, node_id: int) -> None:
        """It leads nothing more. One that a client has had unregistered while it ran leads nothing already."""
        controller = self.around.controller
        if node_id in controller.cluster.brokers:
            await when_done(partial(controller.fence_broker, node_id))

    def _forget(self, node_id: int) -> None:
        if self._sessions is not None:
            self._sessions.forget(node_id)

    async def _end(
        self,
        slot: BrokerSlot,
        state: BrokerState,
        *,
        is_kept: bool,
        is_forgotten: bool = True,
        is_refusing: bool = True,
    ) -> None:
        _ = slot.node
        if is_forgotten:
            self._forget(slot.node_id)
        if self._around is not None:
            self._around.links.hold_still(slot.node_id)
        await slot.end(state, is_kept=is_kept, is_refusing=is_refusing)
