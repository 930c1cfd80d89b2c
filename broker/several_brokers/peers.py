"""Peers: what the coordinators and the partitions of one broker have of the other brokers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..config.replication_config import ReplicationConfig
from ..coordination.replication_wait import ReplicationWait
from ..nodes.links import Links
from ..runtime import Runtime
from ..topic_names import OFFSETS_TOPIC, SHARE_TOPIC
from ..topics.partition import Partition
from .peer_calls import PeerCalls
from .peer_high_watermarks import PeerHighWatermarks
from .peer_markers import PeerMarkers
from .peer_share_states import PeerShareStates
from .peer_transaction_checks import PeerTransactionChecks

if TYPE_CHECKING:
    from ..context import Context


class Peers:
    """For one life of a broker; `attach` it once everything is built."""

    def __init__(
        self,
        node_id: int,
        config: ReplicationConfig,
        runtime: Runtime,
        links: Links,
        contexts: Mapping[int, "Context"],
    ) -> None:
        self._config = config
        self._runtime = runtime
        self.calls = PeerCalls(node_id, links, runtime.timers, contexts)
        self.markers = PeerMarkers(self.calls, runtime.timers)
        self.share_states = PeerShareStates(self.calls, runtime)
        self.transaction_checks = PeerTransactionChecks(self.calls, config, runtime)
        self.high_watermarks = PeerHighWatermarks(self.calls)

    def replication_wait(self, topic: str) -> ReplicationWait:
        """How long the coordinator of a topic waits for followers: that of transactions as long as it must."""
        timeouts = {
            OFFSETS_TOPIC: lambda: self._config.commit_timeout_s,
            SHARE_TOPIC: lambda: self._config.share_write_timeout_s,
        }
        return ReplicationWait(self._runtime.clock, self._runtime.timers, timeouts.get(topic))

    def attach(self, context: "Context") -> None:
        """Follow what these parts have to know."""
        note_marker = context.topics.on_marker

        def on_marker(partition: Partition, producer_id: int, is_commit: bool) -> None:
            note_marker(partition, producer_id, is_commit)
            self.transaction_checks.note_marker(partition, producer_id)

        context.topics.on_marker = on_marker
        context.metadata.publisher.subscribe(self.share_states)
        context.metadata.publisher.subscribe(context.transactions)
