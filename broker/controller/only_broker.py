"""OnlyBroker: what a broker alone decides as its own controller: it leads all it holds, and nothing can go away."""

from collections.abc import Callable, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ..metadata.metadata import Metadata, Then
from ..runtime import Clock
from ..slices import Slices, Steps
from ..topics.replica_assignment import check_replicas
from ..topics.topics import Topics
from .asked_controller import QuorumReplica, QuorumState, ThenElected, ThenReassigned
from .cluster_state import TopicPartition
from .elections import ElectionResult, ElectionType
from .reassignments import OngoingReassignment, Reassignment, ReassignmentResult

_NO_CANDIDATE = {
    ElectionType.PREFERRED: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
    ElectionType.UNCLEAN: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
}


class OnlyBroker:
    """As `AskedController`."""

    def __init__(self, node_id: int, topics: Topics, metadata: Metadata, slices: Slices, clock: Clock) -> None:
        self._node_id = node_id
        self._topics = topics
        self._metadata = metadata
        self._slices = slices
        self._clock = clock

    def elect_leaders(self, kind: ElectionType, asked: Sequence[TopicPartition] | None, then: ThenElected) -> None:
        def failed(error: Exception) -> None:
            then((), KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, str(error)))

        self._slices.start(self._elect(kind, asked), lambda results: then(results, None), failed)

    def _elect(self, kind: ElectionType, asked: Sequence[TopicPartition] | None) -> Steps[list[ElectionResult]]:
        every = (TopicPartition(one.topic, one.index) for one in self._topics.partitions())
        results: list[ElectionResult] = []
        for partition in every if asked is None else asked:
            error = self._why_not_elected(kind, partition)
            if asked is not None or error.code != ErrorCode.ELECTION_NOT_NEEDED:
                results.append(ElectionResult(partition, error))
            yield
        return results

    def _why_not_elected(self, kind: ElectionType, asked: TopicPartition) -> KafkaError:
        """The one replica leads already, or its disk has failed and none can."""
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        topic = self._topics.find(asked.topic)
        if topic is None:
            return KafkaError(unknown, f"No such topic as {asked.topic}")
        if not topic.has_partition(asked.partition):
            return KafkaError(unknown, f"No such partition as {asked.topic}-{asked.partition}")
        is_lost = topic.partitions[asked.partition].is_offline
        return KafkaError(_NO_CANDIDATE[kind] if is_lost else ErrorCode.ELECTION_NOT_NEEDED)

    def alter_reassignments(
        self, asked: Sequence[Reassignment], then: ThenReassigned, *, may_change_factor: bool
    ) -> None:
        def failed(error: Exception) -> None:
            then((), KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, str(error)))

        self._slices.start(self._reassign(asked), lambda results: then(results, None), failed)

    def _reassign(self, asked: Sequence[Reassignment]) -> Steps[list[ReassignmentResult]]:
        results: list[ReassignmentResult] = []
        for one in asked:
            error: KafkaError | None = None
            try:
                self._check_stays(one)
            except KafkaError as refusal:
                error = refusal
            results.append(ReassignmentResult(one.partition, error))
            yield
        return results

    def _check_stays(self, asked: Reassignment) -> None:
        """A partition may go where it is, and nowhere else: what is accepted is over when it is answered."""
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        name, index = asked.partition
        topic = self._topics.find(name)
        if topic is None:
            raise KafkaError(unknown, f"Unable to find a topic named {name}.")
        if not topic.has_partition(index):
            raise KafkaError(unknown, f"Unable to find partition {name}:{index}.")
        if asked.replicas is None:
            raise KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
        check_replicas(asked.replicas, (self._node_id,))

    def list_reassignments(
        self, asked: Sequence[TopicPartition] | None, then: Callable[[Sequence[OngoingReassignment]], None]
    ) -> None:
        then(())

    def unregister_broker(self, broker_id: int, then: Then) -> None:
        """Refused: Apache Kafka lets its last broker be unregistered, whose partitions then have no leader."""
        if broker_id == self._node_id:
            why = f"Broker ID {broker_id} is the only one of this cluster, and it is running"
            then(KafkaError(ErrorCode.INVALID_REQUEST, why))
        else:
            why = f"Broker ID {broker_id} is not currently registered"
            then(KafkaError(ErrorCode.BROKER_ID_NOT_REGISTERED, why))

    def describe_quorum(self, then: Callable[[QuorumState], None]) -> None:
        end_offset, now_ms = self._metadata.end_offset, self._clock.now_ms()
        voter = QuorumReplica(self._node_id, end_offset, now_ms, now_ms)
        then(QuorumState(self._node_id, self._metadata.leader_epoch, end_offset, (voter,), ()))
