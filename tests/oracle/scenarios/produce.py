"""Produce: which batches are taken, which are refused, and with what answer."""

from odradek.broker.wire import Wire
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)

from ..batches import CONTROL, LOG_APPEND_TIME, TRANSACTIONAL, batch
from ..wire_session import Dialogue, scenario

NO_PRODUCER = bytes([7]) * 16


def produce(topic: str, records: bytes | None, *, partition: int = 0, acks: int = -1) -> ProduceRequest:
    data = [PartitionProduceData(index=partition, records=records)]
    return ProduceRequest(acks=acks, timeout_ms=5000, topic_data=[TopicProduceData(name=topic, partition_data=data)])


def by_id(topic_id: bytes, records: bytes) -> ProduceRequest:
    data = [PartitionProduceData(index=0, records=records)]
    return ProduceRequest(acks=-1, topic_data=[TopicProduceData(topic_id=topic_id, partition_data=data)])


def read_back(d: Dialogue, label: str, topic: str) -> None:
    asked = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)
    request = FetchRequest(max_wait_ms=0, topics=[FetchTopic(topic=topic, partitions=[asked])])
    d.ask(label, request, 12, FetchResponse)


@scenario
def a_batch_is_taken_at_every_version(d: Dialogue) -> None:
    name, topic_id = d.create_topic("orders")
    for version in range(3, 13):
        d.ask(f"v{version}", produce(name, batch([b"a", b"b"])), version, ProduceResponse)
    d.ask("v13", by_id(topic_id, batch([b"a", b"b"])), 13, ProduceResponse)
    read_back(d, "stored", name)


@scenario
def each_number_of_acks(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for acks in (1, -1, 2, -2, 100):
        d.ask(f"acks {acks}", produce(name, batch([b"x"]), acks=acks), 9, ProduceResponse)
    wire = d.connect("wire")
    wire.send(produce(name, batch([b"quiet"]), acks=0), 9)
    d.note_fate("acks 0", wire)
    wire = d.connect("wire")
    wire.send(produce(d.name("nobody"), batch([b"quiet"]), acks=0), 9)
    d.note_fate("acks 0 to an unknown topic closes", wire)
    read_back(d, "stored", name)


@scenario
def unknown_topics_and_partitions(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for version in (3, 7, 9, 12):
        d.ask(f"topic v{version}", produce(d.name("nobody"), batch([b"x"])), version, ProduceResponse)
        d.ask(f"partition v{version}", produce(name, batch([b"x"]), partition=5), version, ProduceResponse)
    d.ask("a negative partition", produce(name, batch([b"x"]), partition=-1), 9, ProduceResponse)
    d.ask("an empty name", produce("", batch([b"x"])), 9, ProduceResponse)
    d.ask("an illegal name", produce("a b", batch([b"x"])), 9, ProduceResponse)
    d.ask("an unknown id", by_id(NO_PRODUCER, batch([b"x"])), 13, ProduceResponse)
    d.ask("the zero id", by_id(bytes(16), batch([b"x"])), 13, ProduceResponse)
    d.ask("acks come after the topic", produce(d.name("nobody"), batch([b"x"]), acks=7), 9, ProduceResponse)
    d.ask("nothing", ProduceRequest(acks=-1), 9, ProduceResponse)


@scenario
def damaged_batches_are_refused(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    good = batch([b"a", b"b"])
    for label, records in {
        "a wrong crc": batch([b"a"], crc=1),
        "a flipped bit": good[:-1] + bytes([good[-1] ^ 1]),
        "magic 0": batch([b"a"], magic=0),
        "magic 1": batch([b"a"], magic=1),
        "magic 3": batch([b"a"], magic=3),
        "magic -1": batch([b"a"], magic=-1),
        "nothing": b"",
        "zero bytes": bytes(80),
        "cut off": good[:-1],
        "a header cut off": good[:40],
        "three bytes": good[:3],
        "two batches": good + good,
        "a batch and a piece": good + good[:30],
        "a batch and three bytes": good + b"\0\0\0",
        "a length too small": batch([b"a"], length=5),
        "a negative length": batch([b"a"], length=-1),
        "a base offset": batch([b"a"], base_offset=5),
        "a leader epoch": batch([b"a"], leader_epoch=77),
        "fewer counted": batch([b"a", b"b"], count=1),
        "more counted": batch([b"a"], count=2),
        "none counted": batch([b"a"], count=0),
        "a negative count": batch([b"a"], count=-1),
        "a negative delta": batch([b"a"], last_offset_delta=-1),
        "a delta too large": batch([b"a"], last_offset_delta=3),
        "no records": batch([]),
        "a control batch": batch([b"a"], attributes=CONTROL),
        "an append time": batch([b"a"], attributes=LOG_APPEND_TIME),
        "a transactional batch": batch([b"a"], attributes=TRANSACTIONAL, producer_id=1, producer_epoch=0, sequence=0),
    }.items():
        d.ask(label, produce(name, records), 9, ProduceResponse)
    read_back(d, "stored", name)


@scenario
def damage_is_told_alike_at_old_versions(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for version in (3, 5, 7, 8, 12):
        d.ask(f"crc v{version}", produce(name, batch([b"a"], crc=1)), version, ProduceResponse)
        d.ask(f"count v{version}", produce(name, batch([b"a"], count=5)), version, ProduceResponse)


@scenario
def a_batch_too_large(d: Dialogue) -> None:
    name, _ = d.create_topic("orders", configs={"max.message.bytes": "1000"})
    exact = 1000 - len(batch([bytes(500)])) + 500
    d.ask("just fits", produce(name, batch([bytes(exact)])), 9, ProduceResponse)
    d.ask("one too many", produce(name, batch([bytes(exact + 1)])), 9, ProduceResponse)
    d.ask("before the crc", produce(name, batch([bytes(2000)], crc=1)), 9, ProduceResponse)


@scenario
def timestamps(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for label, base_ms in {
        "none": -1,
        "negative": -5,
        "zero": 0,
        "long ago": 1,
        "far ahead": 4_000_000_000_000,
    }.items():
        d.ask(label, produce(name, batch([b"x"], base_ms=base_ms)), 9, ProduceResponse)
    now, _ = d.create_topic("stamped", configs={"message.timestamp.type": "LogAppendTime"})
    d.ask("append time", produce(now, batch([b"x", b"y"], base_ms=5)), 9, ProduceResponse)
    d.ask("append time, far ahead", produce(now, batch([b"x"], base_ms=4_000_000_000_000)), 9, ProduceResponse)
    d.ask("append time, set by the client", produce(now, batch([b"x"], attributes=8)), 9, ProduceResponse)
    read_back(d, "stored", now)


@scenario
def a_compacted_topic_wants_keys(d: Dialogue) -> None:
    name, _ = d.create_topic("table", configs={"cleanup.policy": "compact"})
    for version in (7, 8, 12):
        d.ask(f"no key v{version}", produce(name, batch([b"a", b"b"])), version, ProduceResponse)
    d.ask("a key", produce(name, batch([b"a", None], key=b"k")), 9, ProduceResponse)
    read_back(d, "stored", name)


@scenario
def one_bad_partition_leaves_the_others_alone(d: Dialogue) -> None:
    name, _ = d.create_topic("orders", 2)
    data = [
        PartitionProduceData(index=0, records=batch([b"a"], crc=1)),
        PartitionProduceData(index=1, records=batch([b"a"])),
        PartitionProduceData(index=2, records=batch([b"a"])),
    ]
    topics = [TopicProduceData(name=name, partition_data=data)]
    wire: Wire = d.connect("wire")
    answer = wire.ask(ProduceRequest(acks=-1, topic_data=topics), 9, ProduceResponse)
    found = sorted((one for one in answer.responses[0].partition_responses), key=lambda one: one.index)
    d.note("by partition", found)


@scenario
def internal_topics_are_not_for_clients(d: Dialogue) -> None:
    orders, _ = d.create_topic("orders")
    kept = OffsetCommitRequestPartition(partition_index=0, committed_offset=1, committed_metadata="")
    topics = [OffsetCommitRequestTopic(name=orders, partitions=[kept])]
    commit = OffsetCommitRequest(group_id=d.name("g"), member_id="", topics=topics)
    d.ask("a commit, so that there is such a topic", commit, 8, OffsetCommitResponse)
    d.ask("plainly", produce("__consumer_offsets", batch([b"a"], key=b"k")), 9, ProduceResponse)
