"""Who leads: records for brokers that go and come back, for elections that are asked for, and for those by the clock.

Pure: each gives the records that follow from a cluster as it is. A partition keeps its leader as long as that can lead.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import (
    BrokerRegistrationChangeRecord,
    MetadataRecord,
    PartitionRecord,
    UnregisterBrokerRecord,
)
from ..metadata.registrations import LOWERED, RAISED
from ..slices import Steps
from .cluster_state import ClusterState, StoredPartition, TopicPartition
from .partition_change import NO_LEADER, Election

Records = list[MetadataRecord]


class ElectionType(IntEnum):
    """ElectLeaders' numbers (KIP-460)."""

    PREFERRED = 0
    UNCLEAN = 1


class ElectionResult(NamedTuple):
    """What came of an election that was asked for: ErrorCode.NONE, or why there was none."""

    partition: TopicPartition
    error: KafkaError | None


# Brokers that go and come


def fence(cluster: ClusterState, broker_id: int) -> Steps[Records]:
    """A broker may not lead any more, nor be in sync; BROKER_ID_NOT_REGISTERED. Nothing where it is fenced."""
    broker = cluster.registration(broker_id)
    if broker.is_fenced:
        return []
    records = yield from _without(cluster, broker_id, _in_isr(broker_id))
    records.append(BrokerRegistrationChangeRecord(broker_id=broker_id, broker_epoch=broker.broker_epoch, fenced=RAISED))
    return records


def unfence(cluster: ClusterState, broker_id: int) -> Steps[Records]:
    """A broker is there again, and leads what has no leader if it may; BROKER_ID_NOT_REGISTERED."""
    broker = cluster.registration(broker_id)
    if not broker.is_fenced:
        return []
    records: Records = [
        BrokerRegistrationChangeRecord(broker_id=broker_id, broker_epoch=broker.broker_epoch, fenced=LOWERED)
    ]
    records += yield from _changes(cluster, _is_leaderless, back=(broker_id,))
    return records


def begin_controlled_shutdown(cluster: ClusterState, broker_id: int) -> Steps[Records]:
    """A broker is about to go: others lead what it leads, where others are in sync (KIP-841)."""
    broker = cluster.registration(broker_id)
    records: Records = []
    if not broker.is_in_controlled_shutdown:
        change = BrokerRegistrationChangeRecord(broker_id=broker_id, broker_epoch=broker.broker_epoch)
        change.in_controlled_shutdown = RAISED
        records.append(change)
    records += yield from _without(cluster, broker_id, _in_isr(broker_id))
    return records


def unregister(cluster: ClusterState, broker_id: int) -> Steps[Records]:
    """A broker is forgotten (KIP-631); BROKER_ID_NOT_REGISTERED."""
    broker = cluster.registration(broker_id)
    records = yield from _without(cluster, broker_id, _in_isr(broker_id))
    records += yield from _without(cluster, broker_id, _in_elr(broker_id))
    records.append(UnregisterBrokerRecord(broker_id=broker_id, broker_epoch=broker.broker_epoch))
    return records


def forget_incarnation(cluster: ClusterState, broker_id: int, *, is_clean: bool) -> Steps[Records]:
    """A broker begins anew: what it held may be gone, unless its end was clean (KIP-966)."""
    if is_clean or not cluster.has_eligible_leaders:
        return (yield from _without(cluster, broker_id, _in_isr(broker_id)))
    records = yield from _changes(cluster, _in_isr(broker_id), unclean_shutdown=(broker_id,))
    records += yield from _changes(cluster, _in_elr(broker_id), unclean_shutdown=(broker_id,))
    return records


def leads_any(cluster: ClusterState, broker_id: int) -> bool:
    """Whether a broker leads a partition: one that shuts down waits until it does not."""
    return any(partition.record.leader == broker_id for partition in cluster.partitions())


# Elections that are asked for


def elect_leaders(
    cluster: ClusterState, kind: ElectionType, asked: Sequence[TopicPartition] | None, results: list[ElectionResult]
) -> Steps[Records]:
    """Elect leaders of the partitions asked for; None is all, and of those that need none nothing is said.

    `results` get what came of each.
    """
    records: Records = []
    for partition in _all(cluster) if asked is None else asked:
        error: KafkaError | None = None
        try:
            records.append(_elect(cluster, kind, partition))
        except KafkaError as refusal:
            error = refusal
        if asked is not None or error is None or error.code != ErrorCode.ELECTION_NOT_NEEDED:
            results.append(ElectionResult(partition, error))
        yield
    return records


def _all(cluster: ClusterState) -> Iterable[TopicPartition]:
    for topic, record in cluster.partitions():
        yield TopicPartition(topic.name, record.partition_id)


def _elect(cluster: ClusterState, kind: ElectionType, asked: TopicPartition) -> MetadataRecord:
    """What records the election; KafkaError where there is none."""
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    topic = cluster.image.topics.get(asked.topic)
    if topic is None:
        raise KafkaError(unknown, f"No such topic as {asked.topic}")
    partition = topic.partitions.get(asked.partition)
    if partition is None:
        raise KafkaError(unknown, f"No such partition as {asked.topic}-{asked.partition}")
    record = partition.record
    is_led = _has_preferred_leader(record) if kind == ElectionType.PREFERRED else record.leader != NO_LEADER
    if is_led:
        raise KafkaError(ErrorCode.ELECTION_NOT_NEEDED)
    election = Election.PREFERRED if kind == ElectionType.PREFERRED else Election.UNCLEAN
    change = cluster.change(StoredPartition(topic, record), election).record()
    if change is None and kind == ElectionType.PREFERRED:
        raise KafkaError(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE)
    if change is None:
        raise KafkaError(ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE)
    return change


# Elections by the clock


def balance_leaders(cluster: ClusterState) -> Steps[Records]:
    """Leadership returns to the preferred replicas that are in sync again (auto.leader.rebalance.enable)."""
    records: Records = []
    for partition in cluster.partitions():
        if not _has_preferred_leader(partition.record):
            change = cluster.change(partition, Election.PREFERRED).record()
            if change is not None:
                records.append(change)
        yield
    return records


def elect_unclean_leaders(cluster: ClusterState) -> Steps[Records]:
    """Partitions without a leader get one that is not in sync, where their topics allow it by now."""
    records: Records = []
    for partition in cluster.partitions():
        if _is_leaderless(partition.record) and cluster.allows_unclean_elections(partition.topic):
            change = cluster.change(partition, Election.UNCLEAN).record()
            if change is not None:
                records.append(change)
        yield
    return records


# Partitions that a broker has to do with

Chosen = Callable[[PartitionRecord], bool]


def _in_isr(broker_id: int) -> Chosen:
    return lambda record: broker_id in record.isr


def _in_elr(broker_id: int) -> Chosen:
    return lambda record: broker_id in (record.eligible_leader_replicas or ())


def _is_leaderless(record: PartitionRecord) -> bool:
    return record.leader == NO_LEADER


def _has_preferred_leader(record: PartitionRecord) -> bool:
    return record.leader == record.replicas[0]


def _without(cluster: ClusterState, broker_id: int, chosen: Chosen) -> Steps[Records]:
    return _changes(cluster, chosen, lost=(broker_id,))


def _changes(
    cluster: ClusterState,
    chosen: Chosen,
    *,
    back: Collection[int] = (),
    lost: Collection[int] = (),
    unclean_shutdown: Collection[int] = (),
) -> Steps[Records]:
    """What becomes of the partitions chosen when brokers go and come; elections are as their topics allow them."""
    records: Records = []
    for partition in cluster.partitions():
        if chosen(partition.record):
            election = Election.UNCLEAN if cluster.allows_unclean_elections(partition.topic) else Election.ONLINE
            change = cluster.change(partition, election, back=back, lost=lost, unclean_shutdown=unclean_shutdown)
            change.isr = [one for one in change.isr if one not in lost and one not in unclean_shutdown]
            record = change.record()
            if record is not None:
                records.append(record)
        yield
    return records
