"""What a handler may touch, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .clock import Clock
from .cluster import ClusterLog
from .config import BrokerConfig
from .coordination.groups.runner import GroupRunner
from .coordination.transactions.runner import TransactionRunner
from .fetch_sessions import FetchSessions
from .flusher import Flusher
from .producer_ids import ProducerIds
from .session import Session
from .topics import Topics
from .waiters import Waiters


class ServedApi(Protocol):
    """One line of the ApiVersions answer."""

    @property
    def key(self) -> int: ...
    @property
    def listed_from(self) -> int: ...
    @property
    def last(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Feature:
    """A cluster feature (KIP-584): the levels supported and the one finalized."""

    name: str
    min_version: int
    max_version: int
    level: int


METADATA_VERSION = "metadata.version"
TRANSACTION_VERSION = "transaction.version"

# The levels a new Kafka 4.3 cluster would have, of the features that exist here.
FEATURES = (Feature(METADATA_VERSION, 7, 30, 30), Feature(TRANSACTION_VERSION, 0, 2, 2))


@dataclass(slots=True, kw_only=True)
class Context:
    """The broker's parts, built once by app.Broker."""

    config: BrokerConfig
    clock: Clock
    cluster: ClusterLog
    topics: Topics
    groups: GroupRunner
    transactions: TransactionRunner
    waiters: Waiters
    fetch_sessions: FetchSessions
    flusher: Flusher
    producer_ids: ProducerIds
    served_apis: Sequence[ServedApi]
    cluster_id: str
    features: Sequence[Feature] = FEATURES
    listening_at: Callable[[], tuple[str, int]]

    def endpoint(self, session: Session) -> tuple[str, int]:
        """The host and port that this client is told for this broker: the same in every answer."""
        advertised = self.config.advertised()
        if advertised is not None:
            host, port = advertised
            return host, port or self.listening_at()[1]
        host, port = self.listening_at()
        if host in ("0.0.0.0", "::"):
            # Bound to every interface: the one the client came in on is the one it can reach.
            return session.local_host, port
        return host, port

    def settle(self) -> None:
        """Answer the fetches that the last appends made ready."""
        self.waiters.settle()
