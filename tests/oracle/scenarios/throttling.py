"""Quotas in force: what is answered, with how long a throttle, and what the connection is deaf to meanwhile.

Every client id is of this conversation alone, so that no other one is throttled. Of throttles only the order is
written down: they depend on the milliseconds between two requests.
"""

import time

from odradek.broker.wire import Wire
from odradek.protocol.messages.alter_client_quotas import AlterClientQuotasRequest, AlterClientQuotasResponse
from odradek.protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.fetch import FetchRequest, FetchResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..batches import batch
from ..wire_session import Dialogue, scenario
from .client_quotas import entry, wait_until_set
from .fetch import fetch
from .produce import produce

TAKES_EFFECT_S = 0.3  # Apache Kafka shows a quota a moment before it holds
RATE = 22_000.0  # bytes a second: ten times as many are free at first
BATCH = batch([b"v" * 50_000])  # always asked for whole: Apache Kafka would send the beginning of one


def limit(d: Dialogue, client: str, key: str, value: float | None) -> None:
    """A quota of a client id, once it holds."""
    request = AlterClientQuotasRequest(entries=[entry([("client-id", client)], **{key: value})], validate_only=False)
    answer = d.wire.ask(request, 1, AlterClientQuotasResponse)
    assert answer.entries[0].error_code == 0
    if value is not None:
        wait_until_set(d, [("client-id", client)], key)
    time.sleep(TAKES_EFFECT_S)


def about(throttle_ms: int) -> str:
    return "none" if not throttle_ms else "seconds" if throttle_ms < 5000 else "many seconds"


def note_deafness(d: Dialogue, label: str, wire: Wire, at_least_s: float) -> None:
    """Writes down whether the next request waits so long, and is answered in the end."""
    began = time.monotonic()
    wire.ask(MetadataRequest(topics=[]), 1, MetadataResponse)
    d.note(label, "deaf" if time.monotonic() - began >= at_least_s else "answers at once")


@scenario
def a_producer_above_its_rate(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for version, acks in ((3, 1), (6, -1), (12, -1)):
        label = f"v{version} acks {acks}"
        client = d.name(f"producer-{version}")
        limit(d, client, "producer_byte_rate", RATE)
        wire = d.connect(client)
        first = wire.ask(produce(name, batch([b"v" * 150_000]), acks=acks), version, ProduceResponse)
        d.note(f"{label}: within it", about(first.throttle_time_ms))
        answer = d.ask(
            f"{label}: above it", produce(name, batch([b"v" * 115_000]), acks=acks), version, ProduceResponse, wire
        )
        d.note(f"{label}: throttled", about(answer.throttle_time_ms))
        note_deafness(d, f"{label}: meanwhile", wire, 0.3)
        note_deafness(d, f"{label}: afterwards", wire, 0.3)
        limit(d, client, "producer_byte_rate", None)
        answer = wire.ask(produce(name, batch([b"v" * 150_000]), acks=acks), version, ProduceResponse)
        d.note(f"{label}: without a quota", about(answer.throttle_time_ms))


@scenario
def a_producer_without_acks(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    client = d.name("producer")
    limit(d, client, "producer_byte_rate", RATE)
    wire = d.connect(client)
    wire.send(produce(name, batch([b"v" * 265_000]), acks=0), 9)
    note_deafness(d, "meanwhile", wire, 0.3)
    note_deafness(d, "afterwards", wire, 0.3)
    limit(d, client, "producer_byte_rate", None)


@scenario
def connections_share_a_quota(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    client = d.name("producer")
    limit(d, client, "producer_byte_rate", RATE)
    one, other = d.connect(client), d.connect(client)
    answer = one.ask(produce(name, batch([b"v" * 190_000])), 9, ProduceResponse)
    d.note("one", about(answer.throttle_time_ms))
    answer = other.ask(produce(name, batch([b"v" * 75_000])), 9, ProduceResponse)
    d.note("the other", about(answer.throttle_time_ms))
    note_deafness(d, "one, meanwhile", one, 0.3)
    note_deafness(d, "the other, meanwhile", other, 0.3)
    limit(d, client, "producer_byte_rate", None)


def read(d: Dialogue, label: str, request: FetchRequest, version: int, wire: Wire) -> FetchResponse:
    """Fetches, and writes down how much has come, of what, and the throttle."""
    answer = wire.ask(request, version, FetchResponse)
    sizes = [len(one.records or b"") for topic in answer.responses for one in topic.partitions]
    d.note(label, [answer.error_code, answer.session_id > 0, sizes, about(answer.throttle_time_ms)])
    return answer


@scenario
def a_consumer_above_its_rate(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for _ in range(4):
        d.wire.ask(produce(name, BATCH), 9, ProduceResponse)
    for version in (4, 8, 12):
        client = d.name(f"consumer-{version}")
        limit(d, client, "consumer_byte_rate", RATE)
        wire = d.connect(client)
        read(d, f"v{version}: within it", fetch(name, max_bytes=3 * len(BATCH)), version, wire)
        read(d, f"v{version}: above it", fetch(name, max_bytes=2 * len(BATCH)), version, wire)
        note_deafness(d, f"v{version}: meanwhile", wire, 0.3)
        limit(d, client, "consumer_byte_rate", None)
        read(d, f"v{version}: without a quota", fetch(name, max_bytes=2 * len(BATCH)), version, wire)


@scenario
def a_throttled_session(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for _ in range(4):
        d.wire.ask(produce(name, BATCH), 9, ProduceResponse)
    client = d.name("consumer")
    limit(d, client, "consumer_byte_rate", RATE)
    wire = d.connect(client)
    session = read(d, "it begins", fetch(name, session=(0, 0), max_bytes=3 * len(BATCH)), 12, wire).session_id
    read(d, "it is throttled", fetch(name, session=(session, 1), max_bytes=2 * len(BATCH)), 12, wire)
    read(
        d, "another that begins throttled", fetch(name, session=(0, 0), max_bytes=3 * len(BATCH)), 12, d.connect(client)
    )
    limit(d, client, "consumer_byte_rate", None)
    read(d, "it goes on", fetch(name, session=(session, 2), max_bytes=2 * len(BATCH)), 12, wire)


def create(d: Dialogue, wire: Wire, label: str, *topics: tuple[str, int], version: int = 7, dry: bool = False) -> None:
    asked = [CreatableTopic(name=d.name(name), num_partitions=count, replication_factor=1) for name, count in topics]
    request = CreateTopicsRequest(topics=asked, validate_only=dry)
    answer = wire.ask(request, version, CreateTopicsResponse)
    found = sorted([d.plain_name(one.name), one.error_code, one.error_message] for one in answer.topics)
    d.note(label, [found, about(answer.throttle_time_ms)])


@scenario
def changes_of_topics_above_their_rate(d: Dialogue) -> None:
    for version in (5, 6, 7):
        client = d.name(f"admin-{version}")
        limit(d, client, "controller_mutation_rate", 1.0)
        wire = d.connect(client)
        create(d, wire, f"v{version}: within it", (f"a{version}", 4), (f"b{version}", 3), version=version)
        create(d, wire, f"v{version}: more than it at once", (f"c{version}", 24), version=version)
        strict = d.connect(client)
        create(
            d, strict, f"v{version}: above it", (f"d{version}", 1), ("no name", 1), (f"a{version}", 1), version=version
        )
        create(d, d.connect(client), f"v{version}: a dry run", (f"e{version}", 1), version=version, dry=True)
        limit(d, client, "controller_mutation_rate", None)


@scenario
def partitions_and_deletions_above_their_rate(d: Dialogue) -> None:
    for version, deletion in ((2, 4), (3, 5), (3, 6)):
        one, other = f"one-{version}-{deletion}", f"other-{version}-{deletion}"
        create(d, d.wire, f"{deletion}: two topics", (one, 1), (other, 1))
        client = d.name(f"admin-{deletion}")
        limit(d, client, "controller_mutation_rate", 1.0)
        topics = [CreatePartitionsTopic(name=d.name(name), count=25, assignments=None) for name in (one, other)]
        d.wire.ask(CreatePartitionsRequest(topics=topics[:0], timeout_ms=5000), version, CreatePartitionsResponse)
        for topic in topics:
            request = CreatePartitionsRequest(topics=[topic], timeout_ms=5000)
            grown = d.connect(client).ask(request, version, CreatePartitionsResponse)
            found = [[one.error_code, one.error_message] for one in grown.results]
            d.note(
                f"v{version}, {deletion}: {d.plain_name(topic.name)} grows",
                [found, about(grown.throttle_time_ms)],
            )
        names = [d.name(one)]
        gone = d.connect(client).ask(
            DeleteTopicsRequest(
                topics=[DeleteTopicState(name=name, topic_id=bytes(16)) for name in names],
                topic_names=names,
                timeout_ms=5000,
            ),
            deletion,
            DeleteTopicsResponse,
        )
        throttled = "throttled" if gone.throttle_time_ms else "not throttled"
        d.note(f"v{deletion}: deleted", [[[r.error_code, r.error_message] for r in gone.responses], throttled])
        limit(d, client, "controller_mutation_rate", None)


@scenario
def an_unlimited_client_waits_for_nobody(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    client = d.name("producer")
    limit(d, client, "producer_byte_rate", RATE)
    wire = d.connect(client)
    wire.ask(produce(name, batch([b"v" * 265_000])), 9, ProduceResponse)
    asked = [ListOffsetsPartition(partition_index=0, timestamp=-1)]
    request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=name, partitions=asked)])
    d.ask("another client", request, 4, ListOffsetsResponse, d.connect("wire"))
    limit(d, client, "producer_byte_rate", None)


@scenario
def a_topic_is_not_created_by_asking_above_the_rate(d: Dialogue) -> None:
    client = d.name("admin")
    limit(d, client, "controller_mutation_rate", 1.0)
    wire = d.connect(client)
    create(d, wire, "more than the rate", ("full", 50))
    request = MetadataRequest(topics=[MetadataRequestTopic(name=d.name("asked"))], allow_auto_topic_creation=True)
    codes: set[int] = set()
    for _ in range(3):
        answer = d.connect(client).ask(request, 9, MetadataResponse)
        codes.add(answer.topics[0].error_code)
        time.sleep(TAKES_EFFECT_S)
    d.note("asked for", sorted(codes))
    limit(d, client, "controller_mutation_rate", None)
