"""One data directory, served by Apache Kafka and by Odradek in turns: what the one wrote, the other serves."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import AcknowledgeType

from odradek.broker.wire import Wire
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from odradek.protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    UserName,
)
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.read_share_group_state import PartitionData as ReadPartition
from odradek.protocol.messages.read_share_group_state import PartitionResult as ReadPartitionResult
from odradek.protocol.messages.read_share_group_state import (
    ReadShareGroupStateRequest,
    ReadShareGroupStateResponse,
    ReadStateData,
)
from odradek.protocol.messages.share_group_heartbeat import (
    ShareGroupHeartbeatRequest,
    ShareGroupHeartbeatResponse,
)
from odradek.protocol.messages.write_share_group_state import PartitionData as WritePartition
from odradek.protocol.messages.write_share_group_state import (
    StateBatch,
    WriteShareGroupStateRequest,
    WriteShareGroupStateResponse,
    WriteStateData,
)
from odradek.storage.checking.directory import DirectoryCheck
from odradek.storage.files.read_only_files import ReadOnlyFiles

from ..brokers import BrokerProcess, OdradekBroker
from ..clients.share_client import configure, poll, share_consumer, values
from ..clients.stock_client import Message, send_all
from ..clients.with_confluent_kafka import ConfluentKafka
from .apache_kafka import CLUSTER_ID, ApacheKafka, skip_without_kafka
from .directory_seen import PATIENCE_S, Seen, commit, leader_epochs, see
from .turns import in_turns

GROUP = "readers"
SHARERS = "sharers"
LATE_LEADER = 1000  # a leader epoch beyond those that starts of Apache Kafka begin
USER = "al"
SETTINGS = {
    "log.cleaner.backoff.ms": "100",  # a compacted topic shall be compacted while we look
    "metadata.log.max.record.bytes.between.snapshots": "1",  # a snapshot after every change
}


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    skip_without_kafka()
    broker = ApacheKafka(tmp_path, SETTINGS)
    yield broker
    broker.kill()


@pytest.fixture
def odradek_there(tmp_path: Path) -> Iterator[OdradekBroker]:
    """Odradek over the same data."""
    broker = OdradekBroker(tmp_path, {name: value for name, value in SETTINGS.items() if "metadata" in name})
    yield broker
    broker.kill()


def test_a_directory_that_goes_to_and_fro_loses_nothing(kafka: ApacheKafka, odradek_there: OdradekBroker) -> None:
    before: Seen | None = None
    epochs: dict[tuple[str, int], int] = {}
    for turn, (broker, end) in enumerate(in_turns(kafka, odradek_there)):
        broker.start()
        if before is None:
            begin(broker.address)
        else:
            assert see(broker.address, GROUP) == before, f"turn {turn}"
        now = leader_epochs(broker.address)
        assert all(now[partition] >= epoch for partition, epoch in epochs.items())
        if turn == 1:
            begin_on_kafka(broker.address)
        elif broker is kafka:
            assert has_user(broker.address)
        go_on(broker.address, turn)
        before, epochs = see(broker.address, GROUP), now
        end()
        found = DirectoryCheck(ReadOnlyFiles(), str(broker.data_dir), is_deep=True).run().finish()
        assert [one for one in found if not one.is_explained] == [], f"turn {turn}"
        assert end == broker.kill or found == [], f"turn {turn}"
    assert before is not None
    written_in = {epoch for partition in before.partitions.values() for _, epoch, _ in partition.batches}
    assert len(written_in) > 2, "every start of Apache Kafka begins an epoch"


def test_a_consumer_group_goes_to_and_fro_and_its_members_stay_what_they_are(
    kafka: ApacheKafka, odradek_there: OdradekBroker
) -> None:
    """Members of the new protocol (KIP-848) go on where they were, whichever broker it is."""
    epochs = {"a": 0, "b": 0}
    has: dict[str, list[int]] = {"a": [], "b": []}
    turns: list[tuple[BrokerProcess, Callable[[], None]]] = [
        (odradek_there, odradek_there.stop),
        (kafka, kafka.stop),
        (odradek_there, odradek_there.kill),
        (kafka, kafka.kill),
        (odradek_there, odradek_there.stop),
    ]
    for turn, (broker, end) in enumerate(turns):
        broker.start()
        if turn == 0:
            ConfluentKafka(broker.address).create_topic("shared", 4)
        before = dict(has)
        with Wire(broker.address) as wire:
            topics = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).topics
            (topic_id,) = (bytes(topic.topic_id) for topic in topics if topic.name == "shared")
            beat_until_settled(wire, topic_id, epochs, has)
        assert sorted(has["a"] + has["b"]) == [0, 1, 2, 3], f"turn {turn}"
        assert turn == 0 or has == before, f"turn {turn}"
        end()


def beat_until_settled(wire: Wire, topic_id: bytes, epochs: dict[str, int], has: dict[str, list[int]]) -> None:
    """Heartbeats of honest members until they have the same epoch and two partitions each."""
    until = time.monotonic() + PATIENCE_S
    quiet = 0
    while quiet < 3:
        assert time.monotonic() < until, (epochs, has)
        quiet += 1
        for member, epoch in epochs.items():
            owned = [TopicPartitions(topic_id=topic_id, partitions=has[member])] if has[member] else []
            request = ConsumerGroupHeartbeatRequest(
                group_id=GROUP,
                member_id=member,
                member_epoch=epoch,
                rebalance_timeout_ms=5000 if epoch == 0 else -1,
                subscribed_topic_names=["shared"] if epoch == 0 else None,
                topic_partitions=owned,
            )
            answer = wire.ask(request, 1, ConsumerGroupHeartbeatResponse)
            if answer.error_code in (14, 15, 16):
                wire.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[GROUP]), 4, FindCoordinatorResponse)
                quiet = 0
                continue
            assert answer.error_code == 0, answer
            if answer.member_epoch != epoch or answer.assignment is not None:
                quiet = 0
            epochs[member] = answer.member_epoch
            if answer.assignment is not None:
                has[member] = [index for one in answer.assignment.topic_partitions for index in one.partitions]
        if len(set(epochs.values())) > 1 or sorted(len(own) for own in has.values()) != [2, 2]:
            quiet = 0
        time.sleep(0.1)


@pytest.mark.soak
def test_a_share_group_goes_to_and_fro_with_all_that_was_acknowledged(
    kafka: ApacheKafka, odradek_there: OdradekBroker
) -> None:
    """Each turn one record is accepted, one rejected, and the others are released."""
    left = [b"%d" % number for number in range(12)]
    kinds = (AcknowledgeType.ACCEPT, AcknowledgeType.REJECT)
    turns: list[tuple[BrokerProcess, Callable[[], None]]] = [
        (odradek_there, odradek_there.kill),
        (kafka, kafka.stop),
        (odradek_there, odradek_there.stop),
        (kafka, kafka.kill),
    ]
    for turn, (broker, end) in enumerate(turns):
        broker.start()
        if turn == 0:
            ConfluentKafka(broker.address).create_topic("jobs", 1)
            configure(broker.address, GROUP, share_auto_offset_reset="earliest", share_delivery_count_limit="10")
            send_all(ConfluentKafka(broker.address), "jobs", [Message(value) for value in left])
        member = share_consumer(broker.address, GROUP, "jobs")
        found = poll(member, len(left))
        assert values(found) == left, f"turn {turn}"
        assert {message.delivery_count() for message in found} == {turn + 1}
        for at, message in enumerate(found):
            member.acknowledge(message, kinds[at] if at < 2 else AcknowledgeType.RELEASE)
        assert list(member.commit_sync(10).values()) == [None]
        left = left[2:]
        end()
        member.close()


def test_a_directory_that_kafka_storage_has_formatted_begins_as_it_was_told_to(
    kafka: ApacheKafka, odradek_there: OdradekBroker
) -> None:
    kafka.format("--feature", "transaction.version=1")
    for _ in range(2):
        odradek_there.start()
        with Wire(odradek_there.address) as wire:
            asked = ApiVersionsRequest(client_software_name="test", client_software_version="1")
            answer = wire.ask(asked, 3, ApiVersionsResponse)
            levels = {feature.name: feature.max_version_level for feature in answer.finalized_features}
            cluster_id = wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).cluster_id
        assert (levels, cluster_id) == (
            {
                "metadata.version": 30,
                "group.version": 1,
                "share.version": 1,
                "streams.version": 1,
                "transaction.version": 1,
            },
            CLUSTER_ID,
        )
        odradek_there.stop()


def add_user(address: str) -> None:
    """A credential of a user."""
    new = ScramCredentialUpsertion(name=USER, mechanism=1, iterations=4096, salt=b"s" * 16, salted_password=b"p" * 32)
    with Wire(address) as wire:
        request = AlterUserScramCredentialsRequest(upsertions=[new])
        (answer,) = wire.ask(request, 0, AlterUserScramCredentialsResponse).results
    assert answer.error_code == 0, answer.error_message


def has_user(address: str) -> bool:
    """Whether the credential is there."""
    with Wire(address) as wire:
        request = DescribeUserScramCredentialsRequest(users=[UserName(name=USER)])
        (answer,) = wire.ask(request, 0, DescribeUserScramCredentialsResponse).results
    return [one.iterations for one in answer.credential_infos] == [4096]


def add_partition(address: str, topic: str, count: int) -> None:
    """Let a topic grow."""
    with Wire(address) as wire:
        grown = CreatePartitionsTopic(name=topic, count=count, assignments=None)
        request = CreatePartitionsRequest(topics=[grown], timeout_ms=10000)
        (answer,) = wire.ask(request, 3, CreatePartitionsResponse).results
    assert answer.error_code == 0, answer.error_message


def begin(address: str) -> None:
    """A topic with settings, and one that is deleted again."""
    client = ConfluentKafka(address)
    client.create_topic("orders", 3, {"retention.ms": "123456789"})
    client.create_topic("gone", 2)
    send_all(client, "gone", [Message(b"gone")])
    client.delete_topic("gone")
    client.close()


def begin_on_kafka(address: str) -> None:
    """Let a topic grow, add a user, compact on the spot."""
    add_partition(address, "orders", 4)
    add_user(address)
    client = ConfluentKafka(address)
    settings = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"}
    client.create_topic("table", 1, settings)
    compact(address, client)
    client.close()


def compact(address: str, client: ConfluentKafka) -> None:
    """Write one key over and over until the older ones are cleaned away."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        send_all(client, "table", [Message(b"%d" % n, key=b"k") for n in range(5)])
        offsets = [base for base, _, _ in see(address, GROUP).partitions["table", 0].batches]
        if offsets[0] > 0:
            return
        assert time.monotonic() < deadline, "nothing was compacted"
        time.sleep(0.15)


def go_on(address: str, turn: int, timeout_ms: int = 60_000) -> None:
    """Plain records, a transaction that commits, one that aborts, one left open, and a committed offset."""
    client = ConfluentKafka(address)
    for partition, codec in enumerate(("none", "lz4", "zstd")):
        send_all(client, "orders", [Message(b"%d" % turn, key=b"k", partition=partition)] * 20, codec=codec)
    producer = client.transactional("copier", timeout_ms=timeout_ms)  # aborts what the turn before left open
    for ends in (producer.commit, producer.abort, None):
        producer.begin()
        for partition in range(3):
            producer.send("orders", Message(b"in a transaction", partition=partition))
        producer.flush()
        if ends is not None:
            ends()
    commit(address, GROUP, "orders", 10 + turn, f"turn {turn}")
    client.create_topic(f"made-in-turn-{turn}")
    send_all(client, f"made-in-turn-{turn}", [Message(b"first")])
    client.close()


def test_a_share_group_goes_to_and_fro_with_what_it_has_done_of_each_record(
    kafka: ApacheKafka, odradek_there: OdradekBroker
) -> None:
    """A member (KIP-932) goes on where it was, and the stored state is the same, whichever broker it is."""
    turns: list[tuple[BrokerProcess, Callable[[], None]]] = [
        (odradek_there, odradek_there.stop),
        (kafka, kafka.stop),
        (odradek_there, odradek_there.kill),
        (kafka, kafka.kill),
        (odradek_there, odradek_there.stop),
    ]
    epoch, before = 0, ReadPartitionResult(partition=0)
    for turn, (broker, end) in enumerate(turns):
        broker.start()
        if turn == 0:
            ConfluentKafka(broker.address).create_topic("shared", 2)
        with Wire(broker.address) as wire:
            topics = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).topics
            (topic_id,) = (bytes(topic.topic_id) for topic in topics if topic.name == "shared")
            epoch = share_until_settled(wire, topic_id, epoch)
            seen = share_state(wire, topic_id)
            assert turn == 0 or seen == before, f"turn {turn}"
            write_share_state(wire, topic_id, turn)
            before = share_state(wire, topic_id)
            assert len(before.state_batches) == turn + 1
        end()


def share_until_settled(wire: Wire, topic_id: bytes, epoch: int) -> int:
    """Heartbeats of an honest member until it has both partitions and nothing changes; its epoch."""
    until = time.monotonic() + PATIENCE_S
    quiet, has = 0, list[int]()
    while quiet < 3 or has != [0, 1]:
        assert time.monotonic() < until, (epoch, has)
        quiet += 1
        request = ShareGroupHeartbeatRequest(
            group_id=SHARERS, member_id="a", member_epoch=epoch, subscribed_topic_names=["shared"]
        )
        answer = wire.ask(request, 1, ShareGroupHeartbeatResponse)
        if answer.error_code in (14, 15, 16):
            wire.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[SHARERS]), 4, FindCoordinatorResponse)
            quiet = 0
        else:
            assert answer.error_code == 0, answer
            if answer.member_epoch != epoch:
                quiet = 0
            epoch = answer.member_epoch
            assert answer.assignment is not None  # a whole heartbeat is told all
            has = [index for one in answer.assignment.topic_partitions for index in sorted(one.partitions)]
        time.sleep(0.1)
    return epoch


def share_state(wire: Wire, topic_id: bytes) -> ReadPartitionResult:
    """What is stored of partition 0."""
    asked = ReadStateData(topic_id=topic_id, partitions=[ReadPartition(partition=0, leader_epoch=LATE_LEADER)])
    request = ReadShareGroupStateRequest(group_id=SHARERS, topics=[asked])
    until = time.monotonic() + PATIENCE_S
    while True:
        (found,) = wire.ask(request, 0, ReadShareGroupStateResponse).results[0].partitions
        if found.error_code not in (14, 15, 16):
            assert found.error_code == 0, found
            return found
        assert time.monotonic() < until, found
        time.sleep(0.1)


def write_share_state(wire: Wire, topic_id: bytes, turn: int) -> None:
    """One more record of partition 0 is done with."""
    batch = StateBatch(first_offset=2 * turn, last_offset=2 * turn, delivery_state=2, delivery_count=1)
    change = WritePartition(
        partition=0, state_epoch=-1, leader_epoch=-1, start_offset=-1, delivery_complete_count=1, state_batches=[batch]
    )
    written = WriteStateData(topic_id=topic_id, partitions=[change])
    request = WriteShareGroupStateRequest(group_id=SHARERS, topics=[written])
    (answer,) = wire.ask(request, 1, WriteShareGroupStateResponse).results[0].partitions
    assert answer.error_code == 0, answer
