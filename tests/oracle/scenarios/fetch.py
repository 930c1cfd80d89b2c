"""Fetch: what is read, where reading is refused, and how fetch sessions live (KIP-227)."""

import socket
import time

from odradek.broker.wire import Wire
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.fetch import (
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    ForgottenTopic,
    ReplicaState,
)
from odradek.protocol.messages.produce import ProduceResponse

from ..batches import batch
from ..wire_session import Dialogue, scenario
from .produce import produce

NO_PRODUCER = bytes([7]) * 16


def fetch(
    topic: str,
    offset: int = 0,
    *,
    partition: int = 0,
    partition_max_bytes: int = 1 << 20,
    max_bytes: int = 1 << 20,
    epoch: int = -1,
    last_epoch: int = -1,
    isolation: int = 0,
    replica: int = -1,
    session: tuple[int, int] = (0, -1),
) -> FetchRequest:
    asked = FetchPartition(
        partition=partition,
        fetch_offset=offset,
        partition_max_bytes=partition_max_bytes,
        current_leader_epoch=epoch,
        last_fetched_epoch=last_epoch,
    )
    return FetchRequest(
        replica_id=replica,
        replica_state=ReplicaState(replica_id=replica),
        max_wait_ms=0,
        max_bytes=max_bytes,
        isolation_level=isolation,
        session_id=session[0],
        session_epoch=session[1],
        topics=[FetchTopic(topic=topic, partitions=[asked])],
    )


def by_id(topic_id: bytes, offset: int = 0, partition: int = 0, session: tuple[int, int] = (0, -1)) -> FetchRequest:
    asked = FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=1 << 20)
    topics = [FetchTopic(topic_id=topic_id, partitions=[asked])]
    return FetchRequest(max_wait_ms=0, session_id=session[0], session_epoch=session[1], topics=topics)


def again(session: tuple[int, int], *topics: FetchTopic, forgotten: tuple[ForgottenTopic, ...] = ()) -> FetchRequest:
    return FetchRequest(
        max_wait_ms=0, session_id=session[0], session_epoch=session[1], topics=topics, forgotten_topics_data=forgotten
    )


def filled(d: Dialogue, base: str, batches: int = 3) -> tuple[str, bytes]:
    """A topic of that many batches of two records."""
    name, topic_id = d.create_topic(base)
    for number in range(batches):
        d.wire.ask(produce(name, batch([b"a%d" % number, b"b"])), 9, ProduceResponse)
    return name, topic_id


@scenario
def records_come_at_every_version(d: Dialogue) -> None:
    name, topic_id = filled(d, "orders")
    for version in range(4, 13):
        d.ask(f"v{version}", fetch(name), version, FetchResponse)
    for version in range(13, 19):
        d.ask(f"v{version}", by_id(topic_id), version, FetchResponse)


@scenario
def offsets_inside_and_outside(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    for offset in (0, 1, 2, 5, 6, 7, 100, -1, -2):
        for version in (4, 11, 12):
            d.ask(f"offset {offset} v{version}", fetch(name, offset), version, FetchResponse)
    d.ask("read committed", fetch(name, isolation=1), 12, FetchResponse)
    d.ask("read committed, nothing there", fetch(name, 6, isolation=1), 12, FetchResponse)
    empty, _ = d.create_topic("empty")
    d.ask("an empty topic", fetch(empty), 12, FetchResponse)


@scenario
def limits_of_bytes(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    size = len(batch([b"a0", b"b"]))
    for label, limit in {
        "0 bytes": 0, "1 byte": 1, "one batch": size, "two batches": 2 * size, "all": 3 * size, "-1 byte": -1,
    }.items():  # fmt: skip
        d.ask(f"{label} of a partition", fetch(name, partition_max_bytes=limit), 12, FetchResponse)
        d.ask(f"{label} in all", fetch(name, max_bytes=limit), 12, FetchResponse)


@scenario
def unknown_topics_and_partitions(d: Dialogue) -> None:
    name, topic_id = filled(d, "orders")
    for version in (4, 7, 12):
        d.ask(f"topic v{version}", fetch(d.name("nobody")), version, FetchResponse)
        d.ask(f"partition v{version}", fetch(name, partition=9), version, FetchResponse)
    d.ask("an unknown id", by_id(NO_PRODUCER), 13, FetchResponse)
    d.ask("the zero id", by_id(bytes(16)), 16, FetchResponse)
    d.ask("an unknown partition by id", by_id(topic_id, partition=9), 17, FetchResponse)
    d.ask("a negative partition", fetch(name, partition=-1), 12, FetchResponse)
    d.ask("nothing at all", FetchRequest(max_wait_ms=0), 12, FetchResponse)


@scenario
def leader_epochs(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    for epoch in (0, 1, 5, -1, -2):
        d.ask(f"current {epoch}", fetch(name, epoch=epoch), 12, FetchResponse)
    d.ask("current 5 v9", fetch(name, epoch=5), 9, FetchResponse)
    for last in (0, 1, 5):
        d.ask(f"last {last}", fetch(name, 2, last_epoch=last), 12, FetchResponse)
        d.ask(f"last {last} beyond the end", fetch(name, 50, last_epoch=last), 12, FetchResponse)


@scenario
def replicas_that_do_not_exist(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    for replica in (-2, 0, 77):
        d.ask(f"replica {replica}", fetch(name, replica=replica), 12, FetchResponse)


def begun(d: Dialogue, label: str, request: FetchRequest, version: int = 12) -> int:
    return d.ask(label, request, version, FetchResponse).session_id


@scenario
def a_session_tells_only_what_changed(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    session = begun(d, "begins", fetch(name, session=(0, 0)))
    d.ask("the same again", again((session, 1)), 12, FetchResponse)
    moved = fetch(name, 6).topics[0]
    d.ask("from the end", again((session, 2), moved), 12, FetchResponse)
    d.ask("nothing new", again((session, 3)), 12, FetchResponse)
    d.wire.ask(produce(name, batch([b"new"])), 9, ProduceResponse)
    d.ask("something new", again((session, 4)), 12, FetchResponse)
    d.ask("beyond the end", again((session, 5), fetch(name, 70).topics[0]), 12, FetchResponse)
    d.ask("still beyond", again((session, 6)), 12, FetchResponse)
    d.ask("on another connection", again((session, 7), moved), 12, FetchResponse, d.connect("wire"))
    d.ask("closed", fetch(name, 6, session=(session, -1)), 12, FetchResponse)
    d.ask("after it was closed", again((session, 8)), 12, FetchResponse)


@scenario
def a_session_keeps_its_epoch(d: Dialogue) -> None:
    name, topic_id = filled(d, "orders")
    session = begun(d, "begins", fetch(name, 6, session=(0, 0)))
    d.ask("an epoch too far", again((session, 2)), 12, FetchResponse)
    d.ask("the expected epoch", again((session, 1)), 12, FetchResponse)
    d.ask("the same epoch again", again((session, 1)), 12, FetchResponse)
    d.ask("by id", by_id(topic_id, 6, session=(session, 2)), 13, FetchResponse)
    d.ask("by name again", again((session, 2)), 12, FetchResponse)
    d.ask("begun anew", fetch(name, 6, session=(session, 0)), 12, FetchResponse)
    d.ask("the old one", again((session, 3)), 12, FetchResponse)
    d.ask("no session, epoch 1", again((0, 1)), 12, FetchResponse)
    d.ask("a made-up session", again((987654321, 1)), 12, FetchResponse)
    d.ask("a made-up session is closed", fetch(name, 6, session=(987654321, -1)), 12, FetchResponse)


@scenario
def partitions_enter_and_leave_a_session(d: Dialogue) -> None:
    one, _ = filled(d, "one")
    other, _ = filled(d, "other")
    session = begun(d, "begins", fetch(one, 6, session=(0, 0)))
    d.ask("another enters", again((session, 1), fetch(other, 6).topics[0]), 12, FetchResponse)
    d.ask("one leaves", again((session, 2), forgotten=(ForgottenTopic(topic=one, partitions=[0]),)), 12, FetchResponse)
    d.wire.ask(produce(one, batch([b"new"])), 9, ProduceResponse)
    d.ask("what left is not told", again((session, 3)), 12, FetchResponse)
    d.ask("an unknown one enters", again((session, 4), fetch(d.name("nobody")).topics[0]), 12, FetchResponse)
    d.ask("and is told again", again((session, 5)), 12, FetchResponse)
    leaves = (ForgottenTopic(topic=other, partitions=[0]), ForgottenTopic(topic=d.name("nobody"), partitions=[0]))
    d.ask("all leave", again((session, 6), forgotten=leaves), 12, FetchResponse)
    d.ask("after all left", again((session, 7)), 12, FetchResponse)
    d.ask("begins with nothing", again((0, 0)), 12, FetchResponse)


@scenario
def a_session_serves_its_partitions_in_turn(d: Dialogue) -> None:
    name, _ = d.create_topic("orders", partitions=2)
    for index in (0, 1):
        for number in range(4):
            d.wire.ask(produce(name, batch([b"%d" % number]), partition=index), 9, ProduceResponse)
    at = [0, 0]

    def both() -> FetchTopic:
        asked = [FetchPartition(partition=n, fetch_offset=at[n], partition_max_bytes=1 << 20) for n in (0, 1)]
        return FetchTopic(topic=name, partitions=asked)

    session, served = 0, list[int]()
    for epoch in range(8):
        request = FetchRequest(max_wait_ms=0, max_bytes=1, session_id=session, session_epoch=epoch, topics=[both()])
        answer = d.wire.ask(request, 12, FetchResponse)
        session = answer.session_id
        for topic in answer.responses:
            for found in topic.partitions:
                if found.records:
                    served.append(found.partition_index)
                    at[found.partition_index] += 1
    d.note("served", served)


@scenario
def a_client_that_sends_nothing_more_gets_its_answer(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    asked = [FetchTopic(topic=name, partitions=[FetchPartition(partition=0, fetch_offset=6, partition_max_bytes=1000)])]
    half: Wire = d.connect("wire")
    half.send(FetchRequest(max_wait_ms=500, min_bytes=1, topics=asked), 12)
    half._socket.shutdown(socket.SHUT_WR)
    d.note("answered", half.answer(FetchRequest, 12, FetchResponse))
    d.note("then closed", half.is_closed_by_peer())


@scenario
def a_session_outlives_its_topic(d: Dialogue) -> None:
    name, topic_id = filled(d, "orders")
    session = begun(d, "begins", by_id(topic_id, 6, session=(0, 0)), 16)
    d.wire.ask(DeleteTopicsRequest(topic_names=[name], timeout_ms=5000), 5, DeleteTopicsResponse)

    def is_gone() -> bool:
        (topic,) = d.wire.ask(by_id(topic_id), 16, FetchResponse).responses
        return topic.partitions[0].error_code == 100

    d.wait_for(is_gone, "the topic is gone")
    d.ask("deleted", again((session, 1)), 16, FetchResponse)
    d.create_topic("orders")
    d.ask("made anew", again((session, 2)), 16, FetchResponse)


@scenario
def a_long_poll_ends_with_a_record_or_its_time(d: Dialogue) -> None:
    name, _ = filled(d, "orders")
    asked = [FetchTopic(topic=name, partitions=[FetchPartition(partition=0, fetch_offset=6, partition_max_bytes=1000)])]
    began = time.monotonic()
    d.ask("nothing comes", FetchRequest(max_wait_ms=300, min_bytes=1, topics=asked), 12, FetchResponse)
    d.note("it waited", 0.25 < time.monotonic() - began < 2.0)
    waiting: Wire = d.connect("wire")
    waiting.send(FetchRequest(max_wait_ms=20000, min_bytes=1, topics=asked), 12)
    d.note("parked", not waiting.is_closed_by_peer(0.1))
    d.wire.ask(produce(name, batch([b"woken"])), 9, ProduceResponse)
    d.note("woken", waiting.answer(FetchRequest, 12, FetchResponse))
    d.note("at once", time.monotonic() - began < 10.0)
    unwilling = FetchRequest(max_wait_ms=20000, min_bytes=0, topics=asked)
    d.ask("no bytes wanted", unwilling, 12, FetchResponse)
    beyond = [FetchTopic(topic=name, partitions=[FetchPartition(partition=0, fetch_offset=99, partition_max_bytes=9)])]
    d.ask("an error ends it", FetchRequest(max_wait_ms=20000, min_bytes=1, topics=beyond), 12, FetchResponse)
