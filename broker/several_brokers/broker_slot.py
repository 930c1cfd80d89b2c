"""BrokerSlot: the place of one broker of several: its settings, directory and addresses, and the node that runs there.

A broker dies and comes back; its place stays, so that it comes back as the one that it was.
"""

import socket
from collections.abc import Sequence
from enum import Enum

from ...protocol.metadata_records import BrokerEndpoint
from ..config.broker_config import BrokerConfig
from ..config.listeners import PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL
from ..controller.broker_registration import NO_EPOCH, RegisterBroker
from ..metadata.features import registered_features
from ..node import Node, StartError
from .broker_seat import BrokerSeat

_SECURITY_PROTOCOLS = {PLAINTEXT: 0, SSL: 1, SASL_PLAINTEXT: 2, SASL_SSL: 3}  # Java's SecurityProtocol ids


class BrokerState(Enum):
    """What has become of a broker."""

    RUNNING = "running"
    FROZEN = "frozen"
    STOPPED = "stopped"
    KILLED = "killed"


class BrokerSlot:
    """One broker's place."""

    def __init__(self, config: BrokerConfig, root: str) -> None:
        self.config = config
        self.root = root
        self.state = BrokerState.STOPPED
        self.addresses: list[tuple[str, int]] = []  # of each listener; the same for every life
        self.broker_epoch = NO_EPOCH  # once it is registered, of this life
        self.hears_clients = self.reaches_clients = True
        self._node: Node | None = None
        self._seat: BrokerSeat | None = None
        self._held: Sequence[Sequence[socket.socket]] = ()  # its addresses, kept while it does not run

    @property
    def node_id(self) -> int:
        return self.config.node_id

    @property
    def is_alive(self) -> bool:
        """Whether there is a node, be it frozen."""
        return self._node is not None

    @property
    def node(self) -> Node:
        """StartError while there is none."""
        if self._node is None:
            raise StartError(f"broker {self.node_id} does not run: it is {self.state.value}")
        return self._node

    async def begin(self, node: Node, seat: BrokerSeat) -> None:
        """A node that is open begins to listen, at the addresses that the one before it had. StartError."""
        self._node, self._seat = node, seat
        held, self._held = self._held, ()
        try:
            await node.listen(held)
        except BaseException:
            await self.end(BrokerState.STOPPED, is_kept=True)
            raise
        self.addresses = node.addresses
        self.state = BrokerState.RUNNING
        self.set_reach(hears_clients=self.hears_clients, reaches_clients=self.reaches_clients)

    async def end(self, state: BrokerState, *, is_kept: bool, is_refusing: bool = True) -> None:
        """The node ends; its addresses are kept: whoever connects there is refused, or else waits for the next one.

        A clean end is noted in the directory, with the epoch that it was registered in (KIP-966).
        """
        node, seat = self.node, self._seat
        self._node = self._seat = None
        self.state = state
        if seat is not None:
            seat.leave()
        self._held = () if is_refusing else node.parts.server.hold_sockets()
        broker_epoch, self.broker_epoch = self.broker_epoch, NO_EPOCH
        await node.close(is_kept=is_kept, broker_epoch=broker_epoch)
        if is_refusing and node.addresses:
            self._held = node.parts.server.keep_addresses()

    def let_go(self) -> None:
        """The addresses may be somebody else's."""
        for listener in self._held:
            for one in listener:
                one.close()
        self._held = ()

    def freeze(self) -> None:
        """As if the process had been stopped by a signal: it does nothing, and its connections stay."""
        self.node.lifetime.freeze()
        self.state = BrokerState.FROZEN
        self._show_reach()

    def resume(self) -> None:
        """Go on as if no time had passed."""
        self.node.lifetime.resume()
        self.state = BrokerState.RUNNING
        self._show_reach()

    def set_reach(self, *, hears_clients: bool, reaches_clients: bool) -> None:
        """Whether anything gets through from clients, and to them."""
        self.hears_clients, self.reaches_clients = hears_clients, reaches_clients
        self._show_reach()

    def _show_reach(self) -> None:
        if self._node is not None:
            hears = self.hears_clients and self.state is not BrokerState.FROZEN
            self._node.parts.server.set_reach(hears_clients=hears, reaches_clients=self.reaches_clients)

    def registration(self, incarnation_id: bytes) -> RegisterBroker:
        """What the node that runs has to say of itself to the controller."""
        endpoints = zip(self.config.endpoints(), self.node.addresses, strict=True)
        return RegisterBroker(
            broker_id=self.node_id,
            incarnation_id=incarnation_id,
            endpoints=[
                BrokerEndpoint(name=one.name, host=host, port=port, security_protocol=_SECURITY_PROTOCOLS[one.protocol])
                for one, (host, port) in endpoints
            ],
            log_dirs=[self.node.parts.context.metadata.directory_id],
            features=registered_features(self.config.release),
            rack=self.config.broker_rack,
            previous_broker_epoch=self.node.parts.log_manager.directory.left_in_epoch,
        )
