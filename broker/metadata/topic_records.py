"""What records topics and partitions, all of which the node leads that writes them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ...protocol.metadata_records import ConfigResourceType, MetadataRecord, PartitionRecord, TopicRecord
from .image import config_record

FIRST_LEADER_EPOCH = 0


class NewTopic(NamedTuple):
    """A topic to be recorded, with the configs that are its own."""

    name: str
    topic_id: bytes
    partitions: int
    configs: Mapping[str, str]


class NewPartitions(NamedTuple):
    """Further partitions to be recorded of a topic that is there."""

    topic_id: bytes
    indexes: range


class Node(NamedTuple):
    """Who writes the log: this node, its data directory, and the epoch it leads in."""

    node_id: int
    directory_id: bytes
    epoch: int


def topic_records(topic: NewTopic, node: Node) -> Iterator[MetadataRecord]:
    """A topic with its configs and partitions."""
    yield TopicRecord(name=topic.name, topic_id=topic.topic_id)
    for key, value in topic.configs.items():
        yield config_record((ConfigResourceType.TOPIC, topic.name), key, value)
    yield from _partition_records(topic.topic_id, range(topic.partitions), node)


def partition_records(new: NewPartitions, node: Node) -> Iterator[MetadataRecord]:
    """Further partitions of a topic."""
    return _partition_records(new.topic_id, new.indexes, node)


def _partition_records(topic_id: bytes, indexes: Iterable[int], node: Node) -> Iterator[MetadataRecord]:
    replicas = (node.node_id,)
    for index in indexes:
        yield PartitionRecord(
            partition_id=index,
            topic_id=topic_id,
            replicas=replicas,
            isr=replicas,
            leader=node.node_id,
            leader_epoch=FIRST_LEADER_EPOCH,
            partition_epoch=0,
            directories=(node.directory_id,),
        )
