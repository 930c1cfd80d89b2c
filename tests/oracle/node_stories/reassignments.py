"""AlterPartitionReassignments: moves that end, moves that wait, moves that are taken back (KIP-455)."""

from collections.abc import Mapping, Sequence

from odradek.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignableTopic,
)
from odradek.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    ListPartitionReassignmentsTopics,
)

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import brokers, metadata, partitions, read, write
from ..three_nodes import NODE_IDS
from .placement import grow

Moves = Mapping[Topic, Mapping[int, Sequence[int] | None]]


def move(d: NodeDialogue, label: str, at: int, moves: Moves, *, may_change_factor: bool = True) -> None:
    """AlterPartitionReassignments, whatever comes of it."""
    request = AlterPartitionReassignmentsRequest(
        timeout_ms=10_000,
        allow_replication_factor_change=may_change_factor,
        topics=[
            ReassignableTopic(
                name=topic.name,
                partitions=[
                    ReassignablePartition(partition_index=index, replicas=ids) for index, ids in places.items()
                ],
            )
            for topic, places in moves.items()
        ],
    )
    d.ask(label, at, request, 1, AlterPartitionReassignmentsResponse)


def moving(d: NodeDialogue, label: str, at: int, topics: Mapping[Topic, Sequence[int]] | None = None) -> None:
    """ListPartitionReassignments: of everything, or of some."""
    asked = None
    if topics is not None:
        asked = [ListPartitionReassignmentsTopics(name=one.name, partition_indexes=ids) for one, ids in topics.items()]
    d.ask(
        label,
        at,
        ListPartitionReassignmentsRequest(topics=asked, timeout_ms=10_000),
        0,
        ListPartitionReassignmentsResponse,
    )


def wait_for_replicas(d: NodeDialogue, topic: Topic, replicas: Sequence[int], index: int = 0) -> None:
    """Until these are the replicas, all in sync, and all know it."""
    d.wait_for(lambda: d.partition(topic.name, index).replica_nodes == replicas, f"{topic.name} is at {replicas}")
    d.wait_for_isr(topic.name, replicas, index)


@story
def moves_that_are_refused(d: NodeDialogue) -> None:
    pair = d.create_topic("pair", [[1, 2]])
    three = d.create_topic("three", [[1, 2, 3]])
    nobody = Topic(d.name("nobody"), bytes(16))
    cases: Mapping[str, Moves] = {
        "a stranger": {pair: {0: [9, 1]}},
        "a broker twice": {pair: {0: [1, 1]}},
        "nobody": {pair: {0: []}},
        "a negative broker": {pair: {0: [-1]}},
        "an unknown partition": {pair: {5: [1], -1: [1]}},
        "an unknown topic": {nobody: {0: [1]}},
        "nothing to take back": {pair: {0: None}},
        "to where it is": {pair: {0: [1, 2]}},
        "right and wrong": {pair: {0: [1, 9], 1: [1]}, three: {0: None}},
    }
    for label, moves in cases.items():
        move(d, label, 2, moves)
    move(d, "fewer replicas", 3, {three: {0: [1, 2]}}, may_change_factor=False)
    move(d, "more replicas", 3, {pair: {0: [1, 2, 3]}}, may_change_factor=False)
    moving(d, "nothing moves", 3, {pair: [0, 5], nobody: [0]})
    partitions(d, "nothing has moved", 3, pair, three)


@story
def moves_that_end(d: NodeDialogue) -> None:
    pair = d.create_topic("pair", [[1, 2]])
    single = d.create_topic("single", [[1]])
    three = d.create_topic("three", [[1, 2, 3]])
    for topic in (pair, single, three):
        write(d, f"before: {d.plain_name(topic.name)}", 1, topic, (b"a", b"b"))
    move(d, "the follower goes elsewhere", 2, {pair: {0: [1, 3]}})
    wait_for_replicas(d, pair, [1, 3])
    partitions(d, "the follower went", 2, pair)
    move(d, "another order", 2, {pair: {0: [3, 1]}})
    wait_for_replicas(d, pair, [3, 1])
    partitions(d, "another order: seen", 2, pair)
    move(d, "all go elsewhere", 2, {pair: {0: [2]}})
    wait_for_replicas(d, pair, [2])
    partitions(d, "all went", 2, pair)
    move(d, "the only one goes", 3, {single: {0: [2]}})
    wait_for_replicas(d, single, [2])
    partitions(d, "the only one went", 3, single)
    move(d, "one fewer", 1, {three: {0: [1, 2]}})
    wait_for_replicas(d, three, [1, 2])
    partitions(d, "one fewer: seen", 2, three)
    move(d, "without its leader", 1, {three: {0: [2]}})
    wait_for_replicas(d, three, [2])
    partitions(d, "without its leader: seen", 2, three)
    move(d, "to all", 1, {three: {0: [2, 3, 1]}, single: {0: [3, 1, 2]}})
    wait_for_replicas(d, three, [2, 3, 1])
    wait_for_replicas(d, single, [3, 1, 2])
    partitions(d, "at all", 2, three, single)
    for topic in (single, three):
        for node_id in NODE_IDS:
            d.wait_for_high_watermark(node_id, topic.name, 2)
    for topic in (pair, single, three):
        for node_id in NODE_IDS:
            read(d, f"after: {d.plain_name(topic.name)}", node_id, topic)
    for topic in (pair, single, three):
        for node_id in NODE_IDS:
            write(d, f"after: write {d.plain_name(topic.name)}", node_id, topic, (b"c",))


@story
def moves_that_wait_for_a_dead_broker(d: NodeDialogue) -> None:
    """A fenced broker may be the target: the partition is served as before until it comes."""
    pair = d.create_topic("pair", [[1, 2]])
    single = d.create_topic("single", [[2]])
    write(d, "before", 1, pair)
    d.kill(3)
    d.settle(pair.name, single.name)
    move(d, "begin", 2, {pair: {0: [3, 1]}, single: {0: [3]}})
    d.settle(pair.name, single.name)
    moving(d, "moving", 1, {pair: [0], single: [0]})
    for node_id in (1, 2):
        partitions(d, "moving: partitions", node_id, pair, single)
        metadata(d, "moving: metadata", node_id, pair, single)
    brokers(d, "moving: brokers", 1)
    write(d, "moving: write", 1, pair, (b"b",))
    d.wait_for_high_watermark(2, pair.name, 2)
    read(d, "moving: read", 2, pair)
    move(d, "the same again", 2, {pair: {0: [3, 1]}})
    moving(d, "the same again: moving", 1, {pair: [0], single: [0]})
    grow(d, "a partition more", single, 2, [[1, 2]])
    grow(d, "a partition more, of one", single, 2, [[1]])
    move(d, "take it back", 1, {pair: {0: None}, single: {0: None}})
    d.settle(pair.name, single.name)
    moving(d, "taken back", 2, {pair: [0], single: [0]})
    partitions(d, "taken back: partitions", 2, pair, single)
    move(d, "begin anew", 2, {pair: {0: [1, 3]}, single: {0: [3]}})
    d.settle(pair.name, single.name)
    d.start(3)
    wait_for_replicas(d, pair, [1, 3])
    wait_for_replicas(d, single, [3])
    moving(d, "it came", 2, {pair: [0], single: [0]})
    partitions(d, "it came: partitions", 2, pair, single)
    d.wait_for_high_watermark(3, pair.name, 2)
    for node_id in NODE_IDS:
        read(d, "it came: read", node_id, pair)


@story
def the_broker_that_is_left_behind_is_dead(d: NodeDialogue) -> None:
    topic = d.create_topic("pair", [[3, 1]])
    write(d, "before", 3, topic)
    d.kill(3)
    d.settle(topic.name)
    move(d, "away from the dead", 1, {topic: {0: [1, 2]}})
    wait_for_replicas(d, topic, [1, 2])
    partitions(d, "away", 1, topic)
    d.start(3)
    d.settle(topic.name)
    d.wait_for_high_watermark(2, topic.name, 1)
    for node_id in NODE_IDS:
        read(d, "it is back", node_id, topic)
