"""SeveralNodes: the brokers of a cluster, as one of them knows them from the metadata."""

from collections.abc import Iterator, Mapping

from ..advertised import Advertised
from ..metadata.metadata import Metadata
from ..metadata.registrations import BrokerRegistration
from ..session import Session
from .nodes import CONTROLLER_NODE_ID, NodeAddress


class AddressBook:
    """What clients are told for each broker of this process; a broker stays in it while it is down."""

    def __init__(self) -> None:
        self._advertised: dict[int, Advertised] = {}

    def enter(self, node_id: int, advertised: Advertised) -> None:
        """The broker is found there from now on."""
        self._advertised[node_id] = advertised

    def endpoint(self, node_id: int, registration: BrokerRegistration, session: Session) -> tuple[str, int]:
        """The host and port for this client: what is advertised, or its own way in with that broker's port."""
        registered = next((one for one in registration.endpoints if one.name == session.listener), None)
        port = session.local_port if registered is None else registered.port
        advertised = self._advertised.get(node_id)
        if advertised is None:
            return session.local_host, port
        return advertised.endpoint_at(session, port)


class SeveralNodes:
    """As `Nodes`."""

    has_several = True
    quorum_id = CONTROLLER_NODE_ID

    def __init__(
        self, metadata: Metadata, book: AddressBook, brokers: Mapping[int, BrokerRegistration] | None = None
    ) -> None:
        """Without `brokers` they are those that the metadata has at the moment."""
        self._metadata = metadata
        self._book = book
        self._given = brokers

    @property
    def _brokers(self) -> Mapping[int, BrokerRegistration]:
        return self._metadata.image.brokers if self._given is None else self._given

    @property
    def controller_id(self) -> int:
        return min((one for one, broker in self._brokers.items() if not broker.is_fenced), default=-1)

    def is_alive(self, node_id: int) -> bool:
        broker = self._brokers.get(node_id)
        return broker is not None and not broker.is_fenced

    def as_of(self, brokers: Mapping[int, BrokerRegistration]) -> "SeveralNodes":
        return SeveralNodes(self._metadata, self._book, brokers)

    def all(self, session: Session) -> list[NodeAddress]:
        return list(self._addresses(session))

    def alive(self, session: Session) -> list[NodeAddress]:
        return [one for one in self._addresses(session) if not one.is_fenced]

    def find(self, node_id: int, session: Session) -> NodeAddress | None:
        broker = self._brokers.get(node_id)
        return None if broker is None or broker.is_fenced else self._address(broker, session)

    def _addresses(self, session: Session) -> Iterator[NodeAddress]:
        for node_id in sorted(self._brokers):
            yield self._address(self._brokers[node_id], session)

    def _address(self, broker: BrokerRegistration, session: Session) -> NodeAddress:
        host, port = self._book.endpoint(broker.broker_id, broker, session)
        return NodeAddress(broker.broker_id, host, port, broker.rack, broker.is_fenced)
