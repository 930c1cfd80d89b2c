"""What there is to be seen of brokers and replicas: who is there, who leads a partition, how far each one's log goes.

On the cluster's own loop. Who leads and who is in sync is as the controller has it; logs are looked at where they lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...protocol.metadata_records import PartitionRecord
from ...storage.log import PartitionLog
from ..contexts import Contexts
from ..metadata.topic_image import PartitionImage
from .inspection import check_partition_of, replica_log, topic_named
from .running_cluster import RunningCluster

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class SeenBroker:
    """A broker. `state` is running, frozen, stopped or killed; one that `is_fenced` may not lead, nor be in sync.

    `leads`, `in_sync` and `replicas` count partitions, those of the coordinators included.
    """

    broker_id: int
    bootstrap: str
    rack: str | None
    state: str
    is_fenced: bool
    epoch: int
    leads: int
    in_sync: int
    replicas: int


@dataclass(frozen=True, slots=True)
class SeenReplica:
    """A replica; of a broker that is down nobody knows where its log stands."""

    broker_id: int
    is_leader: bool
    is_in_sync: bool
    log_start: int | None = None
    log_end: int | None = None
    high_watermark: int | None = None


@dataclass(frozen=True, slots=True)
class SeenPartition:
    """A partition with its replicas, by their brokers, the preferred leader first. `leader` None: it has none.

    `eligible` may lead though they are not in sync, and `last_known` were the last who might (KIP-966).
    """

    topic: str
    partition: int
    leader: int | None
    leader_epoch: int
    partition_epoch: int
    isr: Sequence[int]
    replicas: Mapping[int, SeenReplica]
    eligible: Sequence[int] = ()
    last_known: Sequence[int] = ()
    adding: Sequence[int] = ()
    removing: Sequence[int] = ()

    @property
    def is_in_sync(self) -> bool:
        """Whether it has a leader, and all replicas are in sync."""
        return self.leader is not None and set(self.isr) == set(self.replicas)

    def __str__(self) -> str:
        led = "no leader" if self.leader is None else f"leader {self.leader}"
        return f"{self.topic}-{self.partition} with {led}, in sync {_ids(self.isr)} of {_ids(self.replicas)}"


@dataclass(frozen=True, slots=True)
class SeenLink:
    """One direction between two ends that is cut, or on which everything takes so many seconds."""

    source: int | str
    target: int | str
    is_cut: bool
    delay_s: float


def seen_brokers(running: RunningCluster) -> dict[int, SeenBroker]:
    """All brokers, by their ids, whether they run or not."""
    return {broker_id: seen_broker(running, broker_id) for broker_id in addresses_of(running)}


def addresses_of(running: RunningCluster) -> dict[int, str]:
    """HOST:PORT of every listener of each broker, by its id, whether it runs or not: they never change."""
    if running.has_several:
        return {one: running.several.bootstrap_of(one) for one in running.several.node_ids}
    return {running.contexts.first.config.node_id: running.cluster.bootstrap}


def seen_broker(running: RunningCluster, broker_id: int) -> SeenBroker:
    """One broker, which there is."""
    image = running.contexts.image
    records = [one.record for topic in image.topics.values() for one in topic.partitions.values()]
    registered = image.brokers.get(broker_id)
    if running.has_several:
        slot = running.several.slot(broker_id)
        rack, state = slot.config.broker_rack, slot.state.value
    else:
        rack, state = running.contexts.first.config.broker_rack, RUNNING
    return SeenBroker(
        broker_id,
        addresses_of(running)[broker_id],
        rack,
        state,
        is_fenced=registered is not None and registered.is_fenced,
        epoch=-1 if registered is None else registered.broker_epoch,
        leads=sum(one.leader == broker_id for one in records),
        in_sync=sum(broker_id in one.isr for one in records),
        replicas=sum(broker_id in one.replicas for one in records),
    )


def seen_partitions(contexts: Contexts, topic: str, partition: int | None = None) -> dict[int, SeenPartition]:
    """The partitions of a topic, or one of them, by their indexes. KafkaError."""
    found = topic_named(contexts, topic).partitions
    if partition is not None:
        check_partition_of(contexts, topic, partition)
    indexes = sorted(found) if partition is None else [partition]
    return {index: _seen_partition(contexts, topic, found[index]) for index in indexes}


def seen_partition(contexts: Contexts, topic: str, partition: int) -> SeenPartition:
    """One partition. KafkaError."""
    return seen_partitions(contexts, topic, partition)[partition]


def _seen_partition(contexts: Contexts, topic: str, image: PartitionImage) -> SeenPartition:
    record = image.record
    logs = {one: replica_log(contexts, one, topic, record.partition_id) for one in record.replicas}
    return SeenPartition(
        topic,
        record.partition_id,
        record.leader if record.leader >= 0 else None,
        record.leader_epoch,
        record.partition_epoch,
        list(record.isr),
        {one: _seen_replica(record, one, log) for one, log in logs.items()},
        list(record.eligible_leader_replicas or ()),
        list(record.last_known_elr or ()),
        list(record.adding_replicas),
        list(record.removing_replicas),
    )


def _seen_replica(record: PartitionRecord, broker_id: int, log: PartitionLog | None) -> SeenReplica:
    is_leader, is_in_sync = record.leader == broker_id, broker_id in record.isr
    if log is None:
        return SeenReplica(broker_id, is_leader, is_in_sync)
    offsets = log.log_start_offset, log.log_end_offset, log.high_watermark
    return SeenReplica(broker_id, is_leader, is_in_sync, *offsets)


def _ids(brokers: Sequence[int] | Mapping[int, object]) -> str:
    return " ".join(map(str, sorted(brokers))) or "none"
