"""What a handler may touch, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from ..storage.files.files import VolumeBytes
from .advertised import Advertised
from .config.broker_config import BrokerConfig
from .config.java_values import split_list
from .coordination.groups.service import GroupCoordinatorService
from .coordination.groups.share.service import ShareGroupService
from .coordination.share_state.service import ShareStateService
from .coordination.transactions.service import TransactionCoordinatorService
from .coordination.transactions.verification import TransactionChecks
from .deferred import Deferred
from .dynamic_config.configs import Configs
from .heavy_work import HeavyWork
from .metadata.features import GROUP_VERSION, SHARE_VERSION, STREAMS_VERSION, Feature
from .metadata.metadata import Metadata
from .metadata.producer_ids import ProducerIds
from .nodes.nodes import Nodes
from .purgatory import Purgatory, answer_in_time
from .quotas.client_quotas import ClientQuotas
from .runtime import Clock, SerialQueue
from .security.authorization.acl import Operation, ResourceType
from .security.authorization.acls import Acls
from .security.authorization.authorizer import Client
from .security.sasl.sasl_server import SaslServer
from .security.tls.listeners import TlsListeners
from .security.tokens.delegation_tokens import DelegationTokens
from .session import Session
from .share.share_partitions import SharePartitions
from .slices import Slices
from .topics.fetch_sessions import FetchSessions
from .topics.high_watermarks import HighWatermarks
from .topics.log_flusher import LogFlusher
from .topics.streams_topics import StreamsTopics
from .topics.topics import Topics
from .unsent_answers import UnsentAnswers

if TYPE_CHECKING:
    from .controller.asked_controller import AskedController

R = TypeVar("R")


class ServedApi(Protocol):
    """One line of the ApiVersions answer."""

    @property
    def key(self) -> int: ...
    @property
    def listed_from(self) -> int: ...
    @property
    def last(self) -> int: ...


class LogDir(Protocol):
    """The data directory, as far as clients are told of it."""

    @property
    def path(self) -> str: ...
    def size_bytes(self, topic: str, index: int) -> int: ...
    def volume_bytes(self) -> VolumeBytes | None: ...


# How long a broker of Kafka tries to hand on to the controller what says of itself not how long it may take.
CONTROLLER_TIMEOUT_MS = 60_000


def client_of(session: Session) -> Client:
    """The client of a connection as access rules speak of it."""
    return Client(f"User:{session.user}", session.client_host.removeprefix("/"))


@dataclass(slots=True, kw_only=True)
class Context:
    """The broker's parts, built once by `assemble`."""

    config: BrokerConfig
    configs: Configs
    clock: Clock
    metadata: Metadata
    topics: Topics
    high_watermarks: HighWatermarks
    streams_topics: StreamsTopics
    log_dir: LogDir
    groups: GroupCoordinatorService
    share_groups: ShareGroupService
    transactions: TransactionCoordinatorService
    share_state: ShareStateService
    share: SharePartitions
    purgatory: Purgatory
    slices: Slices
    unsent: UnsentAnswers
    beside_loop: SerialQueue  # large messages, decoded and encoded one at a time, so that fsyncs keep a thread
    heavy_work: HeavyWork  # batches that are large inside, likewise
    fetch_sessions: FetchSessions
    flusher: LogFlusher
    producer_ids: ProducerIds
    quotas: ClientQuotas
    tokens: DelegationTokens
    sasl: SaslServer
    new_uuid: Callable[[], UUID]
    served_apis: Sequence[ServedApi]
    cluster_id: str
    features: Sequence[Feature]
    advertised: Advertised
    nodes: Nodes
    tls: TlsListeners
    remote_controller: "AskedController | None" = None  # of several brokers
    transaction_checks: TransactionChecks | None = None  # of several brokers: one alone asks its own coordinator
    acls: Acls | None = None  # without an authorizer there are none, and everybody may do everything

    @property
    def controller(self) -> "AskedController":
        """Who decides for the cluster: a broker alone does it itself."""
        if self.remote_controller is not None:
            return self.remote_controller
        from .controller.only_broker import OnlyBroker

        return OnlyBroker(self.config.node_id, self.topics, self.metadata, self.slices, self.clock)

    def answer_in_time(self, deferred: Deferred[R], timeout_ms: int, late: Callable[[], R]) -> Callable[[R], None]:
        """What is to be called with the controller's answer; `late` gives it if that does not come in time.

        A broker alone has no controller that it might not reach.
        """
        if not self.nodes.has_several:
            return deferred.answer
        deadline = self.clock.now() + max(timeout_ms, 0) / 1000
        return answer_in_time(deferred, self.purgatory, deadline, late)

    def is_allowed(self, session: Session, operation: Operation, kind: ResourceType, name: str) -> bool:
        """Whether this client may do this to the resource of this name."""
        if self.acls is None:
            return True
        return self.acls.authorizer.is_allowed(client_of(session), operation, kind, name)

    def has_consumer_groups(self) -> bool:
        """Whether groups of the new protocol are served (KIP-848): settings and the level of the feature decide."""
        is_served = "consumer" in split_list(self.config.group_coordinator_rebalance_protocols)
        return is_served and self.metadata.image.features.get(GROUP_VERSION, 0) >= 1

    def has_share_groups(self) -> bool:
        """Whether share groups are served (KIP-932): the level of the feature decides."""
        return self.metadata.image.features.get(SHARE_VERSION, 0) >= 1

    def has_streams_groups(self) -> bool:
        """Whether streams groups are served (KIP-1071): settings and the level of the feature decide."""
        is_served = "streams" in split_list(self.config.group_coordinator_rebalance_protocols)
        return is_served and self.metadata.image.features.get(STREAMS_VERSION, 0) >= 1

    def endpoint(self, session: Session) -> tuple[str, int]:
        """The host and port that this client is told for this broker: the same in every answer."""
        return self.advertised.endpoint(session)
