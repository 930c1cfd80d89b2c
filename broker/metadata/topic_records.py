"""What records topics and partitions, with who is to hold them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...protocol.metadata_records import (
    ConfigResourceType,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    TopicRecord,
)
from ..slices import Steps
from .image import MetadataImage, config_record

FIRST_LEADER_EPOCH = 0


class PartitionAssignment(NamedTuple):
    """Who is to hold a partition, the preferred leader first, and in which directory each; who of them is in sync.

    The first that is in sync leads.
    """

    replicas: Sequence[int]
    directories: Sequence[bytes]
    isr: Sequence[int]


class NewTopic(NamedTuple):
    """A topic to be recorded, with who holds each of its partitions, and the configs that are its own."""

    name: str
    topic_id: bytes
    assignments: Sequence[PartitionAssignment]
    configs: Mapping[str, str]

    @property
    def partitions(self) -> int:
        return len(self.assignments)

    @property
    def replication_factor(self) -> int:
        return len(self.assignments[0].replicas)


class NewPartitions(NamedTuple):
    """Further partitions to be recorded of a topic that is there, from an index on."""

    topic_id: bytes
    first: int
    assignments: Sequence[PartitionAssignment]


class Node(NamedTuple):
    """Who writes the log: this node, its data directory, and the epoch it leads in."""

    node_id: int
    directory_id: bytes
    epoch: int


def topic_records(topic: NewTopic) -> Iterator[MetadataRecord]:
    """A topic with its configs and partitions."""
    yield TopicRecord(name=topic.name, topic_id=topic.topic_id)
    for key, value in topic.configs.items():
        yield config_record((ConfigResourceType.TOPIC, topic.name), key, value)
    yield from _partition_records(topic.topic_id, 0, topic.assignments)


def partition_records(new: NewPartitions) -> Iterator[MetadataRecord]:
    """Further partitions of a topic."""
    return _partition_records(new.topic_id, new.first, new.assignments)


def raised_epochs(image: MetadataImage, partitions: Sequence[tuple[str, int]]) -> Steps[Sequence[MetadataRecord]]:
    """Their leaders elected again, each in its next epoch; unknown ones are left out, and those that nobody leads."""
    records: list[MetadataRecord] = []
    for name, index in partitions:
        topic = image.topics.get(name)
        if topic is not None and index in topic.partitions:
            leader = topic.partitions[index].record.leader
            if leader >= 0:
                records.append(PartitionChangeRecord(topic_id=topic.topic_id, partition_id=index, leader=leader))
        yield
    return records


def _partition_records(
    topic_id: bytes, first: int, assignments: Sequence[PartitionAssignment]
) -> Iterator[MetadataRecord]:
    for index, (replicas, directories, isr) in enumerate(assignments, first):
        yield PartitionRecord(
            partition_id=index,
            topic_id=topic_id,
            replicas=replicas,
            isr=isr,
            leader=isr[0],
            leader_epoch=FIRST_LEADER_EPOCH,
            partition_epoch=0,
            directories=directories,
        )
