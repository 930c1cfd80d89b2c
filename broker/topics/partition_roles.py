"""What this broker is to a partition that it may not lead: one of its followers, or none of its replicas."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import PartitionRecord
from .partition import Partition
from .topics import Topics

NO_LEADER = -1
NO_EPOCH = -1


def check_replica(partition: Partition, topics: Topics, node_id: int) -> None:
    """NOT_LEADER_OR_FOLLOWER where this broker has no replica of it: said before any epoch is looked at."""
    if partition.is_leader:
        return
    record = _record(partition, topics)
    if record is None or node_id not in record.replicas:
        raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER, f"this broker has no replica of {partition.name}")


def leader_of(partition: Partition, topics: Topics, node_id: int) -> tuple[int, int]:
    """Who leads a partition, and in which epoch, as this broker knows it; NO_LEADER and NO_EPOCH once it is gone."""
    if partition.is_leader:
        return node_id, partition.leader_epoch
    record = _record(partition, topics)
    return (NO_LEADER, NO_EPOCH) if record is None else (record.leader, record.leader_epoch)


def _record(partition: Partition, topics: Topics) -> PartitionRecord | None:
    topic = topics.find(partition.topic)
    if topic is None or partition.is_deleted:
        return None
    return topic.image.partitions[partition.index].record
