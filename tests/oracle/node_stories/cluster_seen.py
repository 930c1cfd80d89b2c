"""What Metadata, DescribeCluster and DescribeTopicPartitions say while brokers die and come back."""

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import brokers, metadata, partitions


def look(d: NodeDialogue, label: str, *topics: Topic) -> None:
    """The brokers and the partitions, as every broker that answers sees them."""
    for node_id in sorted(d.up):
        brokers(d, f"{label}: brokers", node_id)
        metadata(d, f"{label}: metadata", node_id, *topics)
        partitions(d, f"{label}: partitions", node_id, *topics)


def look_in_every_version(d: NodeDialogue, label: str, node_id: int, *topics: Topic) -> None:
    """The same as clients of any age see it."""
    for version in range(14):
        metadata(d, f"{label}: metadata v{version}", node_id, *topics, version=version)
    for version in range(3):
        brokers(d, f"{label}: brokers v{version}", node_id, version=version, with_fenced=False)


def wait_until_whole(d: NodeDialogue, topic: Topic, partitions: int) -> None:
    """Until every replica is in sync."""
    for index in range(partitions):
        d.wait_for_isr(topic.name, d.partition(topic.name, index).replica_nodes, index)


@story
def all_are_up(d: NodeDialogue) -> None:
    three = d.create_topic("three", [[1, 2, 3], [2, 3, 1], [3, 1, 2]])
    one = d.create_topic("one", [[1], [2], [3]])
    look(d, "all up", three, one)
    look_in_every_version(d, "all up", 2, three, one)


@story
def a_broker_dies_and_comes_back(d: NodeDialogue) -> None:
    three = d.create_topic("three", [[1, 2, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]])
    two = d.create_topic("two", [[1, 2], [2, 1], [2, 3]])
    one = d.create_topic("one", [[1], [2]])
    topics = (three, two, one)
    d.kill(1)
    d.settle(*(topic.name for topic in topics))
    look(d, "one is dead", *topics)
    look_in_every_version(d, "one is dead", 2, *topics)
    d.start(1)
    wait_until_whole(d, three, 4)
    wait_until_whole(d, two, 3)
    d.wait_for_leader(one.name, 1)
    look(d, "one is back", *topics)


@story
def two_brokers_die_one_after_the_other(d: NodeDialogue) -> None:
    three = d.create_topic("three", [[1, 2, 3], [2, 3, 1], [3, 2, 1]])
    d.kill(1)
    d.settle(three.name)
    look(d, "one is dead", three)
    d.kill(2)
    d.settle(three.name)
    look(d, "two are dead", three)
    look_in_every_version(d, "two are dead", 3, three)
    d.start(1)
    for index in range(3):
        d.wait_for_isr(three.name, [1, 3], index)
    look(d, "one is back", three)
    d.start(2)
    wait_until_whole(d, three, 3)
    look(d, "both are back", three)


@story
def a_broker_is_frozen_and_goes_on(d: NodeDialogue) -> None:
    three = d.create_topic("three", [[1, 2, 3], [2, 3, 1]])
    one = d.create_topic("one", [[1]])
    d.freeze(1)
    look(d, "not noticed yet", three, one)
    d.wait_until_fenced(1)
    d.settle(three.name, one.name)
    look(d, "fenced", three, one)
    d.resume(1)
    wait_until_whole(d, three, 2)
    d.wait_for_leader(one.name, 1)
    look(d, "back", three, one)


@story
def a_broker_is_stopped_in_good_order(d: NodeDialogue) -> None:
    three = d.create_topic("three", [[1, 2, 3], [2, 3, 1], [3, 1, 2]])
    strict = d.create_topic("strict", [[1, 2, 3], [2, 1, 3]], {"min.insync.replicas": "2"})
    one = d.create_topic("one", [[1]])
    topics = (three, strict, one)
    d.stop(1)
    d.settle(*(topic.name for topic in topics))
    look(d, "stopped", *topics)
    d.start(1)
    wait_until_whole(d, three, 3)
    wait_until_whole(d, strict, 2)
    wait_until_whole(d, one, 1)
    look(d, "started", *topics)
