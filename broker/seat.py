"""A node's place among several: what it has there in place of what a broker alone has of its own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from .advertised import Advertised
from .log_manager import LogManager
from .metadata.metadata import Metadata
from .nodes.nodes import Nodes
from .runtime import Runtime
from .topics.partition import Partition
from .topics.replica_assignment import Placement

if TYPE_CHECKING:
    from .context import Context

OnChange = Callable[[Partition], None]


class Seat(Protocol):
    """What `assemble` asks, in this order."""

    def metadata(self, runtime: Runtime, log_manager: LogManager) -> Metadata:
        """What the controller says, as this node knows it."""
        ...

    def nodes(self, metadata: Metadata, advertised: Advertised) -> Nodes:
        """The brokers of the cluster."""
        ...

    def placement(self, metadata: Metadata) -> Placement:
        """Where new partitions go."""
        ...

    def on_change(self, notify_changed: OnChange) -> OnChange:
        """Hear of every partition that has grown, too."""
        ...

    def attach(self, context: "Context") -> None:
        """Everything is built: begin to lead and to follow."""
        ...
