"""Elections, moved coordinators and old metadata, as stock clients meet them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster({"offsets.topic.num.partitions": "1", "transaction.state.log.num.partitions": "1"}) as cluster:
        cluster.topic("t", 2)
        yield cluster


def producer(cluster: KafkaCluster, **settings: Any) -> Producer:
    return Producer({"bootstrap.servers": cluster.bootstrap, "retry.backoff.ms": 10, "log_level": 0, **settings})


def consumer(cluster: KafkaCluster, **settings: Any) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": "g",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "heartbeat.interval.ms": 100,
            "log_level": 0,
            **settings,
        }
    )


def polled(reader: Consumer, is_enough: Callable[[list[Message]], bool]) -> list[Message]:
    """What a consumer gets until that is enough."""
    found: list[Message] = []
    for _ in range(200):
        message = reader.poll(0.1)
        if message is not None:
            assert message.error() is None
            found.append(message)
        if is_enough(found):
            return found
    raise AssertionError([message.value() for message in found])


def errors_of(cluster: KafkaCluster, api: str) -> list[str]:
    return [name for request in cluster.requests(api) for name in request.errors]


# Leader epochs


def test_a_consumer_that_fetches_in_an_old_epoch_is_fenced_and_goes_on_in_the_new_one(cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"one"], partition=0)
    reader = consumer(cluster)
    reader.assign([TopicPartition("t", 0, 0)])
    polled(reader, lambda found: len(found) == 1)
    fault = cluster.faults.add(api="Fetch", topic="t", partition=0, action="raise_leader_epoch", times=1)
    polled(reader, lambda found: "FENCED_LEADER_EPOCH" in errors_of(cluster, "Fetch"))
    cluster.produce("t", [b"two"], partition=0)
    (two,) = polled(reader, lambda found: len(found) == 1)
    assert (fault.hits, two.value(), two.offset(), two.leader_epoch()) == (1, b"two", 1, 1)
    reader.close()


def test_a_fetch_that_waits_is_told_of_the_new_epoch_at_once(cluster: KafkaCluster) -> None:
    cluster.clock.freeze()
    reader = consumer(cluster, **{"fetch.wait.max.ms": 60_000, "socket.timeout.ms": 100_000})
    reader.assign([TopicPartition("t", 0, 0)])
    assert reader.poll(0.5) is None
    cluster.faults.add(api="ListOffsets", topic="t", action="raise_leader_epoch", times=1)
    partition = ListOffsetsPartition(partition_index=0, current_leader_epoch=0, timestamp=-1)
    asked = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name="t", partitions=[partition])])
    with Wire(cluster.bootstrap) as wire:
        (topic,) = wire.ask(asked, 7, ListOffsetsResponse).topics
        assert topic.partitions[0].error_code == ErrorCode.FENCED_LEADER_EPOCH
    cluster.produce("t", [b"one"], partition=0)
    assert [one.value() for one in polled(reader, lambda found: len(found) == 1)] == [b"one"]
    assert "FENCED_LEADER_EPOCH" in errors_of(cluster, "Fetch")
    cluster.clock.run()
    reader.close()


def test_what_is_written_in_a_new_epoch_is_read_after_a_restore_and_partitions_beside_it_keep_theirs(
    cluster: KafkaCluster,
) -> None:
    cluster.produce("t", [b"one", b"two"])
    cluster.faults.add(api="Produce", topic="t", partition=1, action="raise_leader_epoch", times=2)
    for value in (b"three", b"four"):
        writer = producer(cluster)
        writer.produce("t", value, partition=1)
        assert writer.flush(20) == 0
    cluster.snapshot("here")
    cluster.restore("here")
    assert [one.value for one in cluster.records("t", 1)] == [b"two", b"three", b"four"]
    topics = cluster.look(lambda running: running.cluster.context.topics)
    assert [topics.partition("t", index).leader_epoch for index in (0, 1)] == [0, 2]


# Coordinators


@pytest.mark.parametrize("ms", [None, 300])
def test_a_member_finds_its_coordinator_again_and_keeps_its_generation_and_its_offsets(
    cluster: KafkaCluster, ms: int | None
) -> None:
    cluster.produce("t", [b"one"], partition=0)
    reader = consumer(cluster)
    reader.subscribe(["t"])
    polled(reader, lambda found: len(found) == 1)
    reader.commit(asynchronous=False)
    (member,) = cluster.groups()["g"].members
    fault = cluster.faults.add(api="Heartbeat", group="g", action="move_coordinator", ms=ms, times=1)
    for _ in range(100):
        reader.poll(0.1)
        if fault.hits and cluster.groups().get("g") is not None:
            break
    cluster.produce("t", [b"two"], partition=0)
    polled(reader, lambda found: len(found) == 1)
    for _ in range(20):
        try:
            reader.commit(asynchronous=False)
            break
        except Exception:  # the client looks for its coordinator
            continue
    assert cluster.await_committed("g", {("t", 0): 2})
    assert cluster.groups()["g"].members == [member]
    assert "NOT_COORDINATOR" in errors_of(cluster, "Heartbeat")
    assert len([one for one in cluster.requests("JoinGroup") if not one.errors]) == 1
    reader.close()


async def test_aiokafka_goes_on_as_well(cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"one"], partition=0)
    reader = AIOKafkaConsumer(
        "t",
        bootstrap_servers=cluster.bootstrap,
        group_id="g",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        heartbeat_interval_ms=100,
        retry_backoff_ms=10,
    )
    await reader.start()
    assert (await reader.getone()).value == b"one"
    fault = cluster.faults.add(api="OffsetCommit", group="g", action="move_coordinator", times=1)
    await reader.commit()
    assert fault.hits == 1
    assert cluster.committed("g")["t", 0] == 1
    await reader.stop()


def test_the_coordinator_loads_for_as_long_as_the_rule_says_by_the_clusters_clock(cluster: KafkaCluster) -> None:
    beat = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
    cluster.faults.add(api="Heartbeat", action="move_coordinator", ms=60_000, times=1)
    client = consumer(cluster)
    client.commit(offsets=[TopicPartition("t", 0, 7)], asynchronous=False)
    cluster.clock.freeze()
    with Wire(cluster.bootstrap) as wire:
        sync = SyncGroupRequest(group_id="g", generation_id=1, member_id="m")
        assert wire.ask(beat, 4, HeartbeatResponse).error_code == ErrorCode.NOT_COORDINATOR
        assert wire.ask(beat, 4, HeartbeatResponse).error_code == ErrorCode.NONE
        assert wire.ask(sync, 4, SyncGroupResponse).error_code == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
        cluster.clock.advance(minutes=1)
        assert wire.ask(beat, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert cluster.committed("g") == {("t", 0): 7}
    client.close()


@pytest.mark.parametrize("api", ["InitProducerId", "AddOffsetsToTxn", "EndTxn", "Produce"])
def test_a_transaction_is_committed_once_though_its_coordinator_moves(cluster: KafkaCluster, api: str) -> None:
    writer = producer(cluster, **{"transactional.id": "x"})
    if api != "InitProducerId":
        writer.init_transactions(20)
        fault = cluster.faults.add(api=api, transactional_id="x", action="move_coordinator", times=1)
    else:
        producer(cluster, **{"transactional.id": "x"}).init_transactions(20)
        fault = cluster.faults.add(api=api, transactional_id="x", action="move_coordinator", times=1)
        writer.init_transactions(20)
    reader = consumer(cluster)
    writer.begin_transaction()
    for partition in (0, 1):
        writer.produce("t", b"%d" % partition, partition=partition)
    writer.send_offsets_to_transaction([TopicPartition("t", 0, 5)], reader.consumer_group_metadata(), 20)
    writer.commit_transaction(20)
    assert fault.hits == 1
    assert sorted(one.value or b"" for one in cluster.await_records("t", 2)) == [b"0", b"1"]
    assert cluster.committed("g") == {("t", 0): 5}
    reader.close()


# Metadata


def test_a_broker_with_old_metadata_knows_nothing_of_what_came_since_and_what_is_written_is_there(
    cluster: KafkaCluster,
) -> None:
    cluster.topic("gone")
    fault = cluster.faults.add(client_id="late", action="stale_metadata")
    cluster.topic("new")
    cluster.look(lambda running: running.cluster.context.topics.raise_leader_epochs([("t", 0)], lambda error: None))
    late, other = producer(cluster, **{"client.id": "late"}), producer(cluster)
    assert set(late.list_topics(timeout=20).topics) == {"t", "gone"}
    assert set(other.list_topics(timeout=20).topics) == {"t", "gone", "new"}
    late.produce("t", b"one", partition=0)
    assert late.flush(20) == 0
    assert [one.value for one in cluster.records("t")] == [b"one"]
    late.produce("new", b"two")
    assert late.flush(0.5) == 1
    assert fault.hits >= 2
    fault.remove()
    assert late.flush(20) == 0
    assert [one.value for one in cluster.records("new")] == [b"two"]
    assert cluster.records("gone") == []
