"""Who is in sync: what leaders report of their followers, checked and recorded (KIP-497, KIP-704, KIP-841, KIP-903)."""

from collections.abc import Sequence
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import MetadataRecord, PartitionRecord
from ..metadata.topic_image import PartitionImage
from ..slices import Steps
from .cluster_state import ClusterState, StoredPartition
from .partition_change import LEADER_STAYS, RECOVERED, RECOVERING, Election

ANY_EPOCH = -1


class IsrChange(NamedTuple):
    """The ISR that a leader wants for a partition, by the epochs that it knows of."""

    topic_id: bytes
    partition: int
    leader_epoch: int
    partition_epoch: int
    isr: Sequence[tuple[int, int]]
    """Brokers with the epochs they are known under; ANY_EPOCH where that does not matter."""
    recovery_state: int = RECOVERED


class IsrResult(NamedTuple):
    """What became of an IsrChange: how the partition is recorded now, or why it stays as it was."""

    topic_id: bytes
    partition: int
    error: KafkaError | None
    leader: int = -1
    leader_epoch: int = -1
    isr: Sequence[int] = ()
    recovery_state: int = RECOVERED
    partition_epoch: int = -1


def alter_partitions(
    cluster: ClusterState, leader: int, broker_epoch: int, changes: Sequence[IsrChange], results: list[IsrResult]
) -> Steps[list[MetadataRecord]]:
    """What records the changes that a broker may make of partitions it leads; STALE_BROKER_EPOCH.

    `results` get what becomes of each.
    """
    cluster.check_epoch(leader, broker_epoch)
    records: list[MetadataRecord] = []
    for asked in changes:
        try:
            results.append(_alter(cluster, leader, asked, records))
        except KafkaError as error:
            results.append(IsrResult(asked.topic_id, asked.partition, error))
        yield
    return records


def _alter(cluster: ClusterState, leader: int, asked: IsrChange, records: list[MetadataRecord]) -> IsrResult:
    name = cluster.image.names.get(asked.topic_id)
    if name is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    topic = cluster.image.topics[name]
    partition = topic.partitions.get(asked.partition)
    if partition is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    _check_epochs(partition.record, leader, asked)
    _check_isr(cluster, partition.record, asked)
    election = Election.UNCLEAN if cluster.allows_unclean_elections(topic) else Election.ONLINE
    change = cluster.change(StoredPartition(topic, partition.record), election)
    change.isr = [broker_id for broker_id, _ in asked.isr]
    change.recovery_state = asked.recovery_state
    now = PartitionImage(partition.record, partition.version)
    record = change.record()
    if record is not None:
        records.append(record)
        now.change(record)
        if record.leader not in (leader, LEADER_STAYS):
            # The change has ended a reassignment, and with that a leader that was to go: it is recorded all the same.
            raise KafkaError(ErrorCode.NEW_LEADER_ELECTED)
    return IsrResult(
        asked.topic_id,
        asked.partition,
        None,
        now.record.leader,
        now.record.leader_epoch,
        now.record.isr,
        now.record.leader_recovery_state,
        now.record.partition_epoch,
    )


def _check_epochs(partition: PartitionRecord, leader: int, asked: IsrChange) -> None:
    """Whether the broker leads the partition, and knows it as it is; KafkaError."""
    if asked.leader_epoch > partition.leader_epoch or asked.partition_epoch > partition.partition_epoch:
        raise KafkaError(ErrorCode.NOT_CONTROLLER)  # it has heard of what is not recorded here: of a newer controller
    if asked.leader_epoch < partition.leader_epoch:
        raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH)
    if leader != partition.leader:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"the current leader is {partition.leader}")
    if asked.partition_epoch < partition.partition_epoch:
        raise KafkaError(ErrorCode.INVALID_UPDATE_VERSION)


def _check_isr(cluster: ClusterState, partition: PartitionRecord, asked: IsrChange) -> None:
    """Whether these may be in sync; INVALID_REQUEST, or INELIGIBLE_REPLICA for a broker that is not there."""
    isr = [broker_id for broker_id, _ in asked.isr]
    if not isr or len(set(isr)) != len(isr) or not set(isr).issubset(partition.replicas):
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"an invalid ISR {isr}")
    if partition.leader not in isr:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"an invalid ISR {isr} that does not include its leader")
    if asked.recovery_state == RECOVERING and len(isr) > 1:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"an ISR {isr} while the leader is still recovering")
    if asked.recovery_state == RECOVERING and partition.leader_recovery_state == RECOVERED:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "the leader recovery state cannot change from RECOVERED")
    ineligible = [
        f"{broker_id} ({why})"
        for broker_id, broker_epoch in asked.isr
        if (why := _why_ineligible(cluster, broker_id, broker_epoch)) is not None
    ]
    if ineligible:
        raise KafkaError(ErrorCode.INELIGIBLE_REPLICA, ", ".join(ineligible))


def _why_ineligible(cluster: ClusterState, broker_id: int, broker_epoch: int) -> str | None:
    broker = cluster.brokers.get(broker_id)
    if broker is None:
        return "not registered"
    if broker.is_in_controlled_shutdown:
        return "shutting down"
    if broker.is_fenced:
        return "fenced"
    if broker_epoch not in (ANY_EPOCH, broker.broker_epoch):
        return f"broker epoch mismatch: requested={broker_epoch} VS expected={broker.broker_epoch}"
    return None
