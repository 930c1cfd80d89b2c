"""A node's place among several: what it has there in place of what a broker alone has of its own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from .advertised import Advertised
from .coordination.groups.share.service import StoredStates
from .coordination.replication_wait import ReplicationWait
from .coordination.transactions.marker_channel import MarkerChannel
from .coordination.transactions.verification import TransactionChecks
from .log_manager import LogManager
from .metadata.metadata import Metadata
from .nodes.nodes import Nodes
from .runtime import Runtime
from .share.share_partitions import StateStore
from .topics.high_watermarks import HighWatermarks
from .topics.partition import Partition
from .topics.replica_assignment import Placement

if TYPE_CHECKING:
    from .context import Context

OnChange = Callable[[Partition], None]


class ShareStates(StateStore, StoredStates, Protocol):
    """What share partitions and share groups ask of stored states."""


class Seat(Protocol):
    """What `assemble` asks."""

    def metadata(self, runtime: Runtime, log_manager: LogManager) -> Metadata:
        """What the controller says, as this node knows it."""
        ...

    def nodes(self, metadata: Metadata, advertised: Advertised) -> Nodes:
        """The brokers of the cluster."""
        ...

    def placement(self, metadata: Metadata) -> Placement:
        """Where new partitions go."""
        ...

    def replication_wait(self, topic: str) -> ReplicationWait:
        """How long the coordinator of this topic waits for followers."""
        ...

    @property
    def markers(self) -> MarkerChannel:
        """The way of the markers of transactions to the other brokers."""
        ...

    @property
    def share_states(self) -> ShareStates:
        """The stored state of share partitions, wherever it is."""
        ...

    @property
    def transaction_checks(self) -> TransactionChecks:
        """Where transactional writes are checked."""
        ...

    @property
    def high_watermarks(self) -> HighWatermarks:
        """Where partitions end, whoever leads them."""
        ...

    def on_change(self, notify_changed: OnChange) -> OnChange:
        """Hear of every partition that has grown, too."""
        ...

    def attach(self, context: "Context") -> None:
        """Everything is built: begin to lead and to follow."""
        ...
