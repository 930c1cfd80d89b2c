"""Idempotent and transactional producers across brokers: leaders and coordinators elsewhere, and their deaths."""

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_groups import GROUP, TRANSACTION, commit, key_of, offsets, wait_until_ready
from ..node_requests import list_offsets, producers, read
from ..node_transactions import (
    V2_END,
    V2_PRODUCE,
    Producer,
    add,
    add_offsets,
    commit_offsets,
    end,
    init,
    produce,
    transaction,
)
from ..three_nodes import NODE_IDS

THREE = [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
LEADERS = tuple(enumerate(NODE_IDS))  # partition 0 is led by 1, and so on


def look(d: NodeDialogue, label: str, topic: Topic, end_offset: int, *nodes: int) -> None:
    """Every partition as every broker has it, once all have all of it."""
    for index in range(3):
        for node_id in nodes or NODE_IDS:
            d.wait_for_high_watermark(node_id, topic.name, end_offset, index)
            read(d, f"{label}: partition {index}, committed", node_id, topic, index=index, isolation=1, version=12)


@story
def markers_go_to_every_leader(d: NodeDialogue) -> None:
    topic = d.create_topic("three", THREE)
    producer = Producer(key_of(d, "txn", TRANSACTION, 1))
    init(d, "init", 1, producer)
    add(d, "add", 1, producer, topic, 0, 1, 2)
    for index, leader in LEADERS:
        produce(d, f"write {index}", leader, producer, topic, 0, index=index)
        produce(d, f"write {index}", leader % 3 + 1, producer, topic, 1, index=index)
    for index, leader in LEADERS:
        d.wait_for_high_watermark(leader % 3 + 1, topic.name, 1, index)
        for node_id in NODE_IDS:
            producers(d, f"open: producers of {index}", node_id, topic, index)
        list_offsets(d, f"open: stable end of {index}", leader, topic, index=index, isolation=1)
    transaction(d, "open", 1, producer)
    end(d, "commit", 1, producer, commits=True)
    look(d, "over", topic, 2)
    add(d, "add again", 1, producer, topic, 2, 0)
    for index, leader in LEADERS[::2]:
        produce(d, f"write again {index}", leader, producer, topic, 1, index=index)
    end(d, "abort", 1, producer, commits=False)
    for index, leader in LEADERS[::2]:
        d.wait_for_high_watermark(leader, topic.name, 4, index)
        read(d, f"aborted: partition {index}", leader, topic, index=index, isolation=1, version=12)


@story
def partitions_join_a_transaction_as_they_are_written(d: NodeDialogue) -> None:
    """KIP-890: a leader tells the coordinator, wherever that is, of a partition that is written to."""
    topic = d.create_topic("three", THREE)
    producer = Producer(key_of(d, "txn", TRANSACTION, 3))
    group = key_of(d, "group", GROUP, 2)
    init(d, "init", 3, producer)
    for index, leader in LEADERS:
        produce(d, f"write {index}", leader, producer, topic, 0, index=index, version=V2_PRODUCE)
    transaction(d, "open", 3, producer)
    end(d, "commit", 3, producer, commits=True, version=V2_END)
    look(d, "over", topic, 2)
    add_offsets(d, "add offsets", 3, producer, group)
    commit_offsets(d, "commit offsets", 2, producer, group, topic, 2)
    offsets(d, "open: offsets", 2, group)
    end(d, "commit again", 3, producer, commits=True, version=V2_END)
    offsets(d, "over: offsets", 2, group)


@story
def writes_that_belong_to_no_transaction(d: NodeDialogue) -> None:
    """Before KIP-890 v2 a leader asks the coordinator whether a partition was added."""
    topic = d.create_topic("three", THREE)
    producer = Producer(key_of(d, "txn", TRANSACTION, 1))
    init(d, "init", 1, producer)
    add(d, "add", 1, producer, topic, 1)
    for index, leader in LEADERS:
        produce(d, f"write {index}", leader, producer, topic, 0, index=index)
    end(d, "commit", 1, producer, commits=True)


@story
def an_idempotent_producer_outlives_the_leader(d: NodeDialogue) -> None:
    """The next leader knows the sequence numbers, from the batches that it followed."""
    topic = d.create_topic("pair", [[1, 2]])
    producer = Producer()
    init(d, "init", 3, producer)
    produce(d, "write 0", 1, producer, topic, 0)
    produce(d, "write 1 and 2", 1, producer, topic, 1, (b"b", b"c"))
    d.kill(1)
    d.wait_for_leader(topic.name, 2)
    produce(d, "write 1 and 2 again", 2, producer, topic, 1, (b"b", b"c"))
    produce(d, "write 4", 2, producer, topic, 4)
    produce(d, "write 3", 2, producer, topic, 3)
    producers(d, "producers", 2, topic)
    d.start(1)
    d.wait_for_isr(topic.name, [1, 2])
    d.wait_for_high_watermark(1, topic.name, 4)
    producers(d, "producers", 1, topic)
    for node_id in (1, 2):
        read(d, "what is there", node_id, topic)


@story
def a_leader_dies_amid_a_transaction(d: NodeDialogue) -> None:
    topic = d.create_topic("three", [[1, 2, 3], [2, 3, 1]])
    producer = Producer(key_of(d, "txn", TRANSACTION, 3))
    init(d, "init", 3, producer)
    add(d, "add", 3, producer, topic, 0, 1)
    produce(d, "write 0", 1, producer, topic, 0)
    produce(d, "write 1", 2, producer, topic, 0, index=1)
    d.kill(1)
    d.wait_for_leader(topic.name, 2)
    producers(d, "moved: producers", 2, topic)
    d.wait_for_high_watermark(2, topic.name, 1)
    list_offsets(d, "moved: stable end", 2, topic, isolation=1)
    produce(d, "write 0 again", 2, producer, topic, 0)
    produce(d, "write 0 on", 2, producer, topic, 1)
    transaction(d, "moved", 3, producer)
    end(d, "commit", 3, producer, commits=True)
    for index, count in ((0, 3), (1, 2)):
        for node_id in (2, 3):
            d.wait_for_high_watermark(node_id, topic.name, count, index)
            read(d, f"over: partition {index}", node_id, topic, index=index, isolation=1, version=12)
    d.start(1)
    d.wait_for_isr(topic.name, NODE_IDS)
    d.wait_for_high_watermark(1, topic.name, 3)
    read(d, "back", 1, topic, isolation=1, version=12)
    producers(d, "back: producers", 1, topic)


@story
def a_coordinator_dies_amid_a_transaction(d: NodeDialogue) -> None:
    """What is open is open still at the next coordinator, and so are the offsets that wait for it."""
    topic = d.create_topic("three", [[2, 3, 1], [3, 2, 1]])
    aborted, committed = (Producer(key_of(d, base, TRANSACTION, 1)) for base in ("aborted", "committed"))
    group = key_of(d, "group", GROUP, 1)
    commit(d, "commit", 1, group, topic, 1)
    for label, producer, index in (("aborted", aborted, 0), ("committed", committed, 1)):
        init(d, f"{label}: init", 1, producer)
        add(d, f"{label}: add", 1, producer, topic, index)
        produce(d, f"{label}: write", index + 2, producer, topic, 0, index=index)
        add_offsets(d, f"{label}: add offsets", 1, producer, group)
    commit_offsets(d, "committed: commit offsets", 1, committed, group, topic, 7)
    d.kill(1)
    for key, kind in ((aborted.key, TRANSACTION), (committed.key, TRANSACTION), (group, GROUP)):
        wait_until_ready(d, key or "", kind, 2)
    offsets(d, "open: offsets", 2, group)
    for label, producer in (("aborted", aborted), ("committed", committed)):
        transaction(d, f"open: {label}", 2, producer)
        end(d, f"end: {label}", 2, producer, commits=producer is committed)
    for index in (0, 1):
        for node_id in (2, 3):
            d.wait_for_high_watermark(node_id, topic.name, 2, index)
            read(d, f"over: partition {index}", node_id, topic, index=index, isolation=1, version=12)
    offsets(d, "over: offsets", 2, group)
    d.start(1)
    for label, producer in (("aborted", aborted), ("committed", committed)):
        transaction(d, f"back: {label}", 2, producer)
    init(d, "back: init", 2, committed)
    init(d, "back: init", 1, committed)


@story
def producer_ids_of_each_broker(d: NodeDialogue) -> None:
    """Every broker gives ids, from blocks of its own."""
    found = [Producer() for _ in NODE_IDS]
    for node_id, producer in zip(NODE_IDS, found, strict=True):
        init(d, "first", node_id, producer)
    d.note("all are different", len({one.producer_id for one in found}) == len(found))
    d.kill(3)
    for node_id in (1, 2):
        another = Producer()
        init(d, "second", node_id, another)
        d.note(f"the next one, at {node_id}", another.producer_id - found[node_id - 1].producer_id)
