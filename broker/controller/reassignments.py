"""Partitions on their way from some brokers to others: begun, changed, given up and listed (KIP-455, KIP-860).

A reassignment first adds the replicas that are to come, and takes away those that are to go once everybody else is in
sync; what completes it is in partition_change.py.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import MetadataRecord, PartitionChangeRecord, PartitionRecord
from ..metadata.topic_image import TopicImage
from ..slices import Steps
from ..topics.replica_assignment import check_replicas
from .cluster_state import ClusterState, StoredPartition, TopicPartition
from .partition_change import Election, is_being_reassigned


class Reassignment(NamedTuple):
    """Who is to hold a partition, the preferred leader first; None gives up what is under way."""

    partition: TopicPartition
    replicas: Sequence[int] | None


class ReassignmentResult(NamedTuple):
    """What became of a Reassignment."""

    partition: TopicPartition
    error: KafkaError | None


class OngoingReassignment(NamedTuple):
    """A partition on its way: all that hold it, and those of them that come and go."""

    partition: TopicPartition
    replicas: Sequence[int]
    adding: Sequence[int]
    removing: Sequence[int]


def alter_reassignments(
    cluster: ClusterState,
    asked: Sequence[Reassignment],
    results: list[ReassignmentResult],
    *,
    may_change_factor: bool = True,
) -> Steps[list[MetadataRecord]]:
    """What begins, changes or gives up each reassignment; `results` get what became of it."""
    records: list[MetadataRecord] = []
    for one in asked:
        error: KafkaError | None = None
        try:
            record = _alter(cluster, one, may_change_factor)
            if record is not None:
                records.append(record)
        except KafkaError as refusal:
            error = refusal
        results.append(ReassignmentResult(one.partition, error))
        yield
    return records


def list_reassignments(cluster: ClusterState, asked: Sequence[TopicPartition] | None) -> Iterator[OngoingReassignment]:
    """Those of the partitions asked for that are on their way, or of all."""
    for topic, record in cluster.partitions() if asked is None else _found(cluster, asked):
        if is_being_reassigned(record):
            yield OngoingReassignment(
                TopicPartition(topic.name, record.partition_id),
                record.replicas,
                record.adding_replicas,
                record.removing_replicas,
            )


def _found(cluster: ClusterState, asked: Sequence[TopicPartition]) -> Iterator[StoredPartition]:
    for name, index in asked:
        topic = cluster.image.topics.get(name)
        if topic is not None and index in topic.partitions:
            yield StoredPartition(topic, topic.partitions[index].record)


def _alter(cluster: ClusterState, asked: Reassignment, may_change_factor: bool) -> PartitionChangeRecord | None:
    name, index = asked.partition
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    topic = cluster.image.topics.get(name)
    if topic is None:
        raise KafkaError(unknown, f"Unable to find a topic named {name}.")
    if index not in topic.partitions:
        raise KafkaError(unknown, f"Unable to find partition {name}:{index}.")
    record = topic.partitions[index].record
    if asked.replicas is None:
        return _give_up(cluster, topic, record)
    check_replicas(asked.replicas, cluster.brokers)
    if not may_change_factor:
        _check_factor(record, len(asked.replicas))
    return _begin(cluster, topic, record, asked.replicas)


def _begin(
    cluster: ClusterState, topic: TopicImage, record: PartitionRecord, wanted: Sequence[int]
) -> PartitionChangeRecord | None:
    """The replicas that are to come are added, those that are to go stay until the others are in sync."""
    change = cluster.change(StoredPartition(topic, record))
    removing = sorted(set(record.replicas).difference(wanted))
    adding = sorted(set(wanted).difference(record.replicas))
    change.replicas = [*wanted, *removing]
    # As in Kafka: where nobody comes, or goes, an earlier reassignment's list of those stays as it is.
    change.removing = removing or change.removing
    change.adding = adding or change.adding
    return change.record()


def _give_up(cluster: ClusterState, topic: TopicImage, record: PartitionRecord) -> PartitionChangeRecord | None:
    """Everything is as before: who was to come goes, and who was to go stays."""
    if not is_being_reassigned(record):
        raise KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
    is_unclean_allowed = cluster.allows_unclean_elections(topic)
    replicas = [one for one in record.replicas if one not in record.adding_replicas]
    isr = [one for one in record.isr if one not in record.adding_replicas]
    if not replicas:
        why = "Invalid replica assignment: addingReplicas contains all replicas."
        raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, why)
    if not isr:
        if not is_unclean_allowed:
            why = (
                f"Unable to revert partition assignment for {topic.name}:{record.partition_id} because it would "
                "require an unclean leader election."
            )
            raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, why)
        isr = replicas[:1]
    election = Election.UNCLEAN if is_unclean_allowed else Election.ONLINE
    change = cluster.change(StoredPartition(topic, record), election)
    change.isr, change.replicas, change.removing, change.adding = isr, replicas, [], []
    return change.record()


def _check_factor(record: PartitionRecord, wanted: int) -> None:
    """INVALID_REPLICATION_FACTOR where a partition would have another number of replicas afterwards (KIP-860)."""
    staying = len({*record.replicas, *record.adding_replicas}.difference(record.removing_replicas))
    if staying != wanted:
        why = f"The replication factor is changed from {staying} to {wanted}"
        raise KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, why)
