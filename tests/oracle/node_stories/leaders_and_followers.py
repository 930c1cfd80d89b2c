"""Who serves what: Produce, Fetch and their kin at the leader, at a follower, and where there is no replica."""

from odradek.broker.wire import Wire
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.produce import ProduceResponse

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import (
    DEBUGGER,
    EARLIEST,
    LATEST,
    delete_records,
    epoch_end,
    list_offsets,
    produce_request,
    producers,
    read,
    write,
)
from ..three_nodes import NODE_IDS

FETCH_VERSIONS = (4, 9, 10, 11, 12, 13, 15, 16, 17, 18)
PRODUCE_VERSIONS = (3, 9, 10, 12, 13)


@story
def produce_at_each_broker(d: NodeDialogue) -> None:
    topic = d.create_topic("pair", [[1, 2]])
    for version in PRODUCE_VERSIONS:
        for acks in (-1, 1):
            for node_id in NODE_IDS:
                write(d, f"v{version}, acks {acks}", node_id, topic, version=version, acks=acks)
    for node_id in NODE_IDS:
        write(d, "acks 2", node_id, topic, acks=2)
        write(d, "an unknown partition", node_id, topic, index=7)
        write(d, "an unknown topic", node_id, Topic(d.name("nobody"), bytes(15) + b"\7"))
        write(d, "an unknown id", node_id, Topic(d.name("nobody"), bytes(15) + b"\7"), version=13)


@story
def produce_without_an_answer(d: NodeDialogue) -> None:
    """acks=0: who cannot be told of an error is disconnected."""
    topic = d.create_topic("pair", [[1, 2]])
    for node_id in NODE_IDS:
        with d.connect(node_id) as wire:
            wire.send(produce_request(topic, [b"a"], version=10, acks=0, timeout_ms=1000), 10)
            d.note(f"acks 0, at {node_id}", "closed" if wire.is_closed_by_peer(2.0) else "open")
    d.wait_for_high_watermark(1, topic.name, 1)
    read(d, "what was written", 1, topic)


@story
def several_partitions_of_which_one_is_led_elsewhere(d: NodeDialogue) -> None:
    """Each partition has its own answer, and each other leader is named once."""
    topic = d.create_topic("three", [[1, 2, 3], [2, 3, 1], [3, 1, 2], [2, 1, 3]])
    requests = [produce_request(topic, [b"a"], version=10, acks=-1, timeout_ms=5000, index=index) for index in range(4)]
    whole = requests[0]
    whole.topic_data[0].partition_data = [one.topic_data[0].partition_data[0] for one in requests]
    for node_id in NODE_IDS:
        d.ask("write", node_id, whole, 10, ProduceResponse)
    for index, leader in enumerate((1, 2, 3, 2)):
        for node_id in NODE_IDS:
            d.wait_for_high_watermark(node_id, topic.name, 1, index)
        read(d, f"partition {index}", leader, topic, index=index)
    for node_id in NODE_IDS:
        for version in (10, 12, 16):
            fetch_all(d, f"read v{version}", node_id, topic, version)


def fetch_all(d: NodeDialogue, label: str, node_id: int, topic: Topic, version: int) -> None:
    """All four partitions with an epoch that nobody has yet, or none where followers may not serve."""
    epoch = -1 if version < 12 else 0
    wanted = [
        FetchPartition(partition=index, current_leader_epoch=epoch, fetch_offset=0, partition_max_bytes=1 << 20)
        for index in range(4)
    ]
    asked = FetchTopic(
        topic=topic.name if version < 13 else "",
        topic_id=topic.topic_id if version >= 13 else bytes(16),
        partitions=wanted,
    )
    d.ask(label, node_id, FetchRequest(max_wait_ms=0, topics=[asked]), version, FetchResponse)


@story
def fetch_at_each_broker(d: NodeDialogue) -> None:
    """Followers serve consumers from version 11 on, whatever their rack (KIP-392)."""
    topic = d.create_topic("pair", [[1, 2]])
    write(d, "write", 1, topic, (b"a", b"b"))
    d.wait_for_high_watermark(2, topic.name, 2)
    for version in FETCH_VERSIONS:
        for node_id in NODE_IDS:
            read(d, f"v{version}", node_id, topic, version=version)
    for node_id in NODE_IDS:
        read(d, "from the end", node_id, topic, 2)
        read(d, "beyond the end", node_id, topic, 3)
        read(d, "before the beginning", node_id, topic, -5)
        read(d, "only what is committed", node_id, topic, isolation=1)
        read(d, "an unknown partition", node_id, topic, index=7)


@story
def fetch_from_the_nearest_replica(d: NodeDialogue) -> None:
    """The leader sends a consumer to the replica of its rack, if that is in sync (KIP-392)."""
    topic = d.create_topic("pair", [[1, 2]])
    write(d, "write", 1, topic, (b"a", b"b"))
    d.wait_for_high_watermark(2, topic.name, 2)
    for version in (11, 12, 16, 18):
        for rack in ("", "a", "b", "c", "nowhere"):
            for node_id in NODE_IDS:
                read(d, f"v{version}, rack {rack!r}", node_id, topic, version=version, rack=rack)
    read(d, "from the end, rack b", 1, topic, 2, rack="b")
    read(d, "beyond the end, rack b", 1, topic, 3, rack="b")
    d.kill(2)
    d.settle(topic.name)
    read(d, "the near one is dead", 1, topic, rack="b")
    d.start(2)
    d.wait_for_isr(topic.name, [1, 2])
    d.wait_for_high_watermark(2, topic.name, 2)
    read(d, "the near one is back", 1, topic, rack="b")


@story
def a_consumer_waits_at_a_follower(d: NodeDialogue) -> None:
    """A long poll at a follower ends when the record has come there and is committed."""
    topic = d.create_topic("pair", [[1, 2]])
    write(d, "write", 1, topic)
    d.wait_for_high_watermark(2, topic.name, 1)
    with d.connect(2) as wire:
        request = _poll_from(topic, 1)
        wire.send(request, 16)
        assert not wire.is_closed_by_peer(0.3)
        write(d, "write more", 1, topic, (b"b",))
        d.note("what the long poll gets", _answer(wire))


def _poll_from(topic: Topic, offset: int) -> FetchRequest:
    wanted = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
    asked = FetchTopic(topic_id=topic.topic_id, partitions=[wanted])
    return FetchRequest(max_wait_ms=20_000, min_bytes=1, topics=[asked])


def _answer(wire: Wire) -> FetchResponse:
    return wire.answer(FetchRequest, 16, FetchResponse)


@story
def what_only_the_leader_answers(d: NodeDialogue) -> None:
    topic = d.create_topic("pair", [[1, 2]])
    write(d, "write", 1, topic, (b"a", b"b"))
    d.wait_for_high_watermark(2, topic.name, 2)
    for node_id in NODE_IDS:
        for timestamp in (LATEST, EARLIEST, -3, -4, -5, 0):
            list_offsets(d, f"offset of {timestamp}", node_id, topic, timestamp, version=9)
        for version in (1, 3, 4, 7, 10, 11):
            list_offsets(d, f"latest v{version}", node_id, topic, version=version)
        list_offsets(d, "latest, a debugger", node_id, topic, replica_id=DEBUGGER)
        epoch_end(d, "epoch 0", node_id, topic, 0)
        epoch_end(d, "epoch 0, a debugger", node_id, topic, 0, replica_id=DEBUGGER)
        producers(d, "producers", node_id, topic)
    for node_id in (3, 2, 1):
        delete_records(d, "delete records", node_id, topic, 1)
        delete_records(d, "delete records up to the end", node_id, topic, -1)
    list_offsets(d, "the earliest", 1, topic, EARLIEST)


@story
def epochs_that_are_not_the_leaders(d: NodeDialogue) -> None:
    """Stale and future epochs at each broker, after leadership went from 1 to 2 and both live (KIP-320)."""
    topic = d.create_topic("pair", [[1, 2]])
    write(d, "write in epoch 0", 1, topic, (b"a", b"b"))
    d.kill(1)
    d.settle(topic.name)
    write(d, "write in epoch 1", 2, topic, (b"c",))
    d.start(1)
    d.wait_for_isr(topic.name, [1, 2])
    d.wait_for_high_watermark(1, topic.name, 3)
    for node_id in NODE_IDS:
        for epoch in (0, 1, 2):
            for version in (9, 12, 16, 18):
                read(d, f"fetch v{version}, epoch {epoch}", node_id, topic, version=version, epoch=epoch)
            list_offsets(d, f"offsets, epoch {epoch}", node_id, topic, epoch=epoch)
            epoch_end(d, f"end of epoch 0, epoch {epoch}", node_id, topic, 0, current_epoch=epoch)
        for epoch in (-1, 0, 1, 2, 5):
            epoch_end(d, f"end of epoch {epoch}", node_id, topic, epoch)
    for node_id in (1, 2):
        for offset, last in ((2, 0), (3, 0), (3, 1), (2, 1), (3, 2), (1, 0), (4, 0), (9, 1), (0, -1)):
            read(d, f"from {offset}, last in epoch {last}", node_id, topic, offset, last_epoch=last, epoch=1)
