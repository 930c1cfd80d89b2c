"""BrokerSeat: what one broker of several has from those around it: the controller's word, followers, and leaders."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import MetadataRecord
from ...protocol.uuid_text import decode_uuid
from ..advertised import Advertised
from ..config.broker_config import BrokerConfig
from ..config.replication_config import ReplicationConfig
from ..controller.broker_registration import NO_EPOCH
from ..controller.controller import Controller
from ..controller.in_sync_replicas import IsrChange, IsrResult
from ..coordination.replication_wait import ReplicationWait
from ..coordination.transactions.marker_channel import MarkerChannel
from ..coordination.transactions.verification import TransactionChecks
from ..log_manager import LogManager
from ..metadata.image import MetadataImage
from ..metadata.log import MetadataLog
from ..metadata.metadata import Metadata, Then
from ..nodes.links import CONTROLLER, Links
from ..nodes.node_metadata import NodeMetadata
from ..nodes.nodes import Nodes
from ..nodes.several_nodes import AddressBook, SeveralNodes
from ..replication.leading import PendingIsr
from ..replication.replica_fetch import Follower
from ..replication.replica_manager import ReplicaManager
from ..runtime import Runtime
from ..seat import OnChange, ShareStates
from ..slices import Slices
from ..topic_names import METADATA_TOPIC, OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from ..topics.high_watermarks import HighWatermarks
from ..topics.partition import Partition
from ..topics.replica_assignment import Placement
from .coordinator_moves import CoordinatorMoves
from .linked_controller import LinkedController
from .peers import Peers
from .quorum_observers import QuorumObservers
from .share_moves import ShareMoves

if TYPE_CHECKING:
    from ..context import Context


class Surroundings:
    """What the brokers of a process have in common."""

    def __init__(self, log: MetadataLog, controller: Controller, links: Links) -> None:
        self.log = log
        self.controller = controller
        self.links = links
        self.book = AddressBook()
        # A broker's only log directory has failed.
        self.on_disk_failure: Callable[[int], None] = lambda node_id: None
        self.replicas: dict[int, ReplicaManager] = {}  # of the brokers that run
        self.contexts: dict[int, Context] = {}  # likewise
        self.observers = QuorumObservers(links, log, self.contexts)


class BrokerSeat:
    """A `Seat`, for one life of a broker: `await join(...)` before it is opened, `leave()` at its end."""

    def __init__(self, node_id: int, config: BrokerConfig, around: Surroundings) -> None:
        self._node_id = node_id
        self._config = ReplicationConfig(config)
        self._around = around
        self._metadata: NodeMetadata | None = None
        self._replicas: ReplicaManager | None = None
        self._peers: Peers | None = None

    def join(self, runtime: Runtime, then: Then) -> None:
        """Take the metadata as it is between two changes, and follow it from there on."""
        around = self._around

        def copy(image: MetadataImage) -> Sequence[MetadataRecord]:
            self._metadata = NodeMetadata(self._node_id, around.log, around.links, Slices(runtime))
            self._metadata.follow()
            return ()

        around.log.change(copy, then)

    def leave(self) -> None:
        """The broker is no more."""
        self._around.observers.note()
        self._around.replicas.pop(self._node_id, None)
        self._around.contexts.pop(self._node_id, None)
        if self._metadata is not None:
            self._metadata.end()
        if self._replicas is not None:
            self._replicas.end()
        if self._peers is not None:
            self._peers.calls.end()

    # What `assemble` asks

    def metadata(self, runtime: Runtime, log_manager: LogManager) -> Metadata:
        metadata = self._metadata
        assert metadata is not None
        metadata.directory_id = decode_uuid(log_manager.directory.identity.directory_id)
        image = metadata.image
        known = {METADATA_TOPIC: 1, **{topic.name: len(topic.partitions) for topic in image.topics.values()}}
        ids = {topic.name: topic.topic_id for topic in image.topics.values()}
        log_manager.set_strays_aside(known, image.removed, ids)
        self._replicas = ReplicaManager(
            self._node_id,
            self._config,
            runtime,
            self._around.links,
            self._around.replicas,
            self,
            self._is_eligible,
        )
        self._peers = Peers(self._node_id, self._config, runtime, self._around.links, self._around.contexts)
        return metadata

    @property
    def _others(self) -> "Peers":
        assert self._peers is not None
        return self._peers

    def replication_wait(self, topic: str) -> ReplicationWait:
        return self._others.replication_wait(topic)

    @property
    def markers(self) -> MarkerChannel:
        return self._others.markers

    @property
    def share_states(self) -> ShareStates:
        return self._others.share_states

    @property
    def transaction_checks(self) -> TransactionChecks:
        return self._others.transaction_checks

    @property
    def high_watermarks(self) -> HighWatermarks:
        return self._others.high_watermarks

    def nodes(self, metadata: Metadata, advertised: Advertised) -> Nodes:
        self._around.book.enter(self._node_id, advertised)
        return SeveralNodes(metadata, self._around.book)

    def placement(self, metadata: Metadata) -> Placement:
        return self._around.controller.placement

    def on_change(self, notify_changed: OnChange) -> OnChange:
        assert self._replicas is not None
        note_changed = self._replicas.note_changed

        def changed(partition: Partition) -> None:
            notify_changed(partition)
            note_changed(partition)
            if partition.is_offline:
                self._around.on_disk_failure(self._node_id)

        return changed

    def attach(self, context: "Context") -> None:
        assert self._replicas is not None
        assert self._metadata is not None
        around = self._around
        linked = LinkedController(around.controller, around.log, self._metadata, around.observers)
        context.remote_controller = linked
        self._around.replicas[self._node_id] = self._replicas
        self._around.contexts[self._node_id] = context
        around.observers.note()
        context.metadata.publisher.subscribe(self._replicas)
        self._replicas.start(context.topics, context.metadata.image)
        moves = CoordinatorMoves(
            self._node_id,
            {
                OFFSETS_TOPIC: context.groups,
                TRANSACTION_TOPIC: context.transactions,
                SHARE_TOPIC: context.share_state,
            },
        )
        context.metadata.publisher.subscribe(moves)
        context.metadata.publisher.subscribe(ShareMoves(context.share))
        self._others.attach(context)
        moves.start(context.metadata.image)

    # What its replicas ask

    @property
    def broker_epoch(self) -> int:
        assert self._metadata is not None
        own = self._metadata.image.brokers.get(self._node_id)
        return NO_EPOCH if own is None else own.broker_epoch

    def alter_isr(
        self,
        topic_id: bytes,
        pending: PendingIsr,
        then: Callable[[KafkaError | None], None],
        on_lost: Callable[[], None],
    ) -> None:
        links, controller, record = self._around.links, self._around.controller, pending.record
        broker_epoch = self.broker_epoch
        isr = [(one, broker_epoch if one == self._node_id else epoch) for one, epoch in pending.isr]
        change = IsrChange(topic_id, record.partition_id, record.leader_epoch, record.partition_epoch, isr)

        def answered(results: Sequence[IsrResult], error: KafkaError | None) -> None:
            refusal = error or (results[0].error if results else None)
            if not links.send(CONTROLLER, self._node_id, lambda: then(refusal), on_lost):
                on_lost()

        def ask() -> None:
            controller.alter_partitions(self._node_id, broker_epoch, [change], answered)

        if not links.send(self._node_id, CONTROLLER, ask, on_lost):
            on_lost()

    def _is_eligible(self, follower: Follower) -> bool:
        assert self._metadata is not None
        broker = self._metadata.image.brokers.get(follower.node_id)
        return broker is not None and broker.is_active and broker.broker_epoch == follower.broker_epoch
