"""The controller: each operation is one change of the metadata log, decided upon the cluster as earlier ones left it.

The rule: what is decided, is decided by the pure modules beside this one; `then` is called once, when the change counts
or is refused, and has what came of each part of it.
"""

from collections.abc import Callable, Sequence

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import MetadataRecord
from ..config.broker_config import BrokerConfig
from ..metadata.image import MetadataImage
from ..metadata.metadata import Metadata, Then
from ..slices import Steps
from . import elections
from .broker_registration import NO_EPOCH, RegisterBroker, register
from .cluster_state import ClusterState, TopicPartition
from .elections import ElectionResult, ElectionType
from .in_sync_replicas import IsrChange, IsrResult, alter_partitions
from .placement import Chance, ClusterPlacement
from .reassignments import (
    OngoingReassignment,
    Reassignment,
    ReassignmentResult,
    alter_reassignments,
    list_reassignments,
)

Decide = Callable[[ClusterState], Steps[list[MetadataRecord]]]


class Controller:
    """Decides for all brokers. `config` is the controller's own: topics' settings that nobody gave come from it."""

    def __init__(self, config: BrokerConfig, metadata: Metadata, chance: Chance) -> None:
        self._config = config
        self._metadata = metadata
        self.placement = ClusterPlacement(lambda: metadata.image.brokers, chance)

    @property
    def cluster(self) -> ClusterState:
        """The cluster as it is recorded by now."""
        return ClusterState(self._metadata.image, self._config)

    # Brokers

    def register_broker(self, asked: RegisterBroker, then: Callable[[int, KafkaError | None], None]) -> None:
        """A broker has started; `then` gets its epoch, or why it may not. It is fenced until `unfence_broker`."""
        self._change(
            lambda cluster: register(cluster, asked, self._metadata.end_offset),
            lambda error: then(NO_EPOCH if error else self.cluster.brokers[asked.broker_id].broker_epoch, error),
        )

    def fence_broker(self, broker_id: int, then: Then) -> None:
        """A broker is not there: it leads nothing more, and is in no ISR. BROKER_ID_NOT_REGISTERED."""
        self._change(lambda cluster: elections.fence(cluster, broker_id), then)

    def unfence_broker(self, broker_id: int, then: Then) -> None:
        """A broker is there, and may lead. BROKER_ID_NOT_REGISTERED."""
        self._change(lambda cluster: elections.unfence(cluster, broker_id), then)

    def begin_controlled_shutdown(self, broker_id: int, then: Callable[[bool, KafkaError | None], None]) -> None:
        """A broker is about to go; `then` gets whether it still leads partitions that no other can lead."""
        self._change(
            lambda cluster: elections.begin_controlled_shutdown(cluster, broker_id),
            lambda error: then(elections.leads_any(self.cluster, broker_id), error),
        )

    def unregister_broker(self, broker_id: int, then: Then) -> None:
        """A broker will not come back. BROKER_ID_NOT_REGISTERED."""
        self._change(lambda cluster: elections.unregister(cluster, broker_id), then)

    # Partitions

    def alter_partitions(
        self,
        leader: int,
        broker_epoch: int,
        changes: Sequence[IsrChange],
        then: Callable[[Sequence[IsrResult], KafkaError | None], None],
    ) -> None:
        """A leader reports ISRs; `then` gets a result for each, in their order. STALE_BROKER_EPOCH for all of them."""
        results: list[IsrResult] = []
        self._change(
            lambda cluster: alter_partitions(cluster, leader, broker_epoch, changes, results),
            lambda error: then(() if error else results, error),
        )

    def elect_leaders(
        self,
        kind: ElectionType,
        asked: Sequence[TopicPartition] | None,
        then: Callable[[Sequence[ElectionResult], KafkaError | None], None],
    ) -> None:
        """Elect leaders of these partitions; None is all, and of those `then` gets only what was not in order."""
        results: list[ElectionResult] = []
        self._change(
            lambda cluster: elections.elect_leaders(cluster, kind, asked, results),
            lambda error: then(() if error else results, error),
        )

    def alter_reassignments(
        self,
        asked: Sequence[Reassignment],
        then: Callable[[Sequence[ReassignmentResult], KafkaError | None], None],
        *,
        may_change_factor: bool = True,
    ) -> None:
        """Begin, change or give up reassignments; `then` gets a result for each, in their order."""
        results: list[ReassignmentResult] = []
        self._change(
            lambda cluster: alter_reassignments(cluster, asked, results, may_change_factor=may_change_factor),
            lambda error: then(() if error else results, error),
        )

    def list_reassignments(self, asked: Sequence[TopicPartition] | None) -> Sequence[OngoingReassignment]:
        """The partitions that are on their way, of these or of all."""
        return list(list_reassignments(self.cluster, asked))

    # By the clock

    @property
    def balances_leaders(self) -> bool:
        """Whether leadership is to return to preferred replicas by itself."""
        return self._config.effective("auto.leader.rebalance.enable") == "true"

    @property
    def balance_interval_s(self) -> int:
        """How often `balance_leaders` is due, in seconds."""
        return int(self._config.effective("leader.imbalance.check.interval.seconds") or "300")

    @property
    def unclean_election_interval_ms(self) -> int:
        """How often `elect_unclean_leaders` is due, in milliseconds."""
        return int(self._config.effective("unclean.leader.election.interval.ms") or "300000")

    def balance_leaders(self, then: Then) -> None:
        """Leadership returns to preferred replicas that are in sync again."""
        self._change(elections.balance_leaders, then)

    def elect_unclean_leaders(self, then: Then) -> None:
        """Partitions without a leader get one that was not in sync, where their topics allow that by now."""
        self._change(elections.elect_unclean_leaders, then)

    def _change(self, decide: Decide, then: Then) -> None:
        def decide_upon(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
            return (yield from decide(ClusterState(image, self._config)))

        self._metadata.change(decide_upon, then)
