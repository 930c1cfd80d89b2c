"""Topics that are deleted while a broker that holds them is dead."""

from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)
from odradek.protocol.schema import ZERO_UUID

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import list_offsets, metadata, partitions, read, write
from ..three_nodes import NODE_IDS


def delete(d: NodeDialogue, label: str, at: int, topic: Topic) -> None:
    """DeleteTopics by name."""
    request = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic.name, topic_id=ZERO_UUID)], timeout_ms=10_000)
    d.ask(label, at, request, 6, DeleteTopicsResponse)


def wait_until_gone(d: NodeDialogue, topic: Topic) -> None:
    """Until no broker that answers knows the topic."""
    d.wait_for(lambda: not any(d.partitions_at(one, topic.name) for one in d.up), f"{topic.name} is gone")


def stored(d: NodeDialogue, label: str, at: int, *topics: Topic) -> None:
    """DescribeLogDirs."""
    asked = [DescribableLogDirTopic(topic=topic.name, partitions=[0]) for topic in topics]
    d.ask(label, at, DescribeLogDirsRequest(topics=asked), 4, DescribeLogDirsResponse)


@story
def a_topic_is_deleted_while_a_replica_is_dead(d: NodeDialogue) -> None:
    gone = d.create_topic("gone", [[3, 1, 2]])
    alone = d.create_topic("alone", [[3]])
    again = d.create_topic("again", [[1, 3]])
    for topic, leader in ((gone, 3), (alone, 3), (again, 1)):
        write(d, f"before: {d.plain_name(topic.name)}", leader, topic, (b"old",))
    d.kill(3)
    d.settle(gone.name, alone.name, again.name)
    for topic in (gone, alone, again):
        delete(d, f"delete {d.plain_name(topic.name)}", 2, topic)
        wait_until_gone(d, topic)
        metadata(d, f"deleted: {d.plain_name(topic.name)}", 1, topic)
    read(d, "deleted: read by name", 1, gone, version=12)
    read(d, "deleted: read by id", 1, gone, version=16)
    list_offsets(d, "deleted: offsets", 1, gone)
    anew = d.create_topic("again", [[1, 3]])
    write(d, "anew: write", 1, anew, (b"new",))
    d.start(3)
    d.wait_for_isr(anew.name, [1, 3])
    d.wait_for_high_watermark(3, anew.name, 1)
    for node_id in NODE_IDS:
        metadata(d, "it is back: metadata", node_id, gone, alone)
        read(d, "it is back: read by name", node_id, gone, version=12)
        read(d, "it is back: read by id", node_id, gone, version=16)
        read(d, "it is back: the old one", node_id, again, version=16)
        read(d, "it is back: the new one", node_id, anew)
    stored(d, "it is back: stored", 3, gone, alone, anew)
    partitions(d, "it is back: partitions", 3, anew)
