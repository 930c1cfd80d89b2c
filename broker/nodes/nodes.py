"""Which brokers a cluster has, where clients find them, and what one of them may ask another.

The rule: a handler names no broker by itself. With one broker that is this one, always; with several `SeveralNodes`
says it, from the metadata that this node has.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from ..advertised import Advertised
from ..config.broker_config import BrokerConfig
from ..metadata.registrations import BrokerRegistration
from ..session import Session

CONTROLLER_NODE_ID: Final = 3000  # of several brokers: as in Kafka's examples beside brokers with small numbers


class NodeAddress(NamedTuple):
    """A broker, and where the client that asks finds it."""

    node_id: int
    host: str
    port: int
    rack: str | None
    is_fenced: bool = False


class Nodes(Protocol):
    """The brokers, as this node knows of them."""

    @property
    def has_several(self) -> bool:
        """Whether the cluster was made of more than one."""
        ...

    @property
    def controller_id(self) -> int:
        """The broker that clients are told for the controller: any does, for each hands on what the controller does."""
        ...

    @property
    def quorum_id(self) -> int:
        """The node that leads the metadata log, which need be no broker."""
        ...

    def is_alive(self, node_id: int) -> bool:
        """Whether it is registered and not fenced."""
        ...

    def as_of(self, brokers: Mapping[int, BrokerRegistration]) -> "Nodes":
        """The same as they were when these were registered."""
        ...

    def all(self, session: Session) -> list[NodeAddress]:
        """Every broker that is registered, by id."""
        ...

    def alive(self, session: Session) -> list[NodeAddress]:
        """Those that are not fenced, by id."""
        ...

    def find(self, node_id: int, session: Session) -> NodeAddress | None:
        """One that is alive."""
        ...


class OnlyNode:
    """The nodes of a cluster of one."""

    has_several = False

    def __init__(self, config: BrokerConfig, advertised: Advertised) -> None:
        self._config = config
        self._advertised = advertised

    @property
    def controller_id(self) -> int:
        return self._config.node_id

    @property
    def quorum_id(self) -> int:
        return self._config.node_id

    def is_alive(self, node_id: int) -> bool:
        return node_id == self._config.node_id

    def as_of(self, brokers: Mapping[int, BrokerRegistration]) -> "OnlyNode":
        return self

    def all(self, session: Session) -> list[NodeAddress]:
        host, port = self._advertised.endpoint(session)
        return [NodeAddress(self._config.node_id, host, port, self._config.broker_rack)]

    def alive(self, session: Session) -> list[NodeAddress]:
        return self.all(session)

    def find(self, node_id: int, session: Session) -> NodeAddress | None:
        return self.all(session)[0] if node_id == self._config.node_id else None
