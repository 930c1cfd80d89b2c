"""A disk that is full, broken or slow by a rule: what a stock client sees of it, and what is stored."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from odradek.broker.faults.disk_faults import DiskFaults
from odradek.broker.faults.fault_table import FaultTable
from odradek.broker.faults.rule import parse_rule
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse
from odradek.storage.files.memory_files import MemoryFiles

from ..handlers.broker_harness import batch, produce_request

LOG = "/t-1/00000000000000000000.log"


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster({"offsets.topic.num.partitions": "1"}) as cluster:
        cluster.topic("t", 2)
        cluster.topic("synced", 1, {"flush.messages": "1"})
        yield cluster


def producer(cluster: KafkaCluster, **settings: Any) -> Producer:
    return Producer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "enable.idempotence": True,
            "retry.backoff.ms": 10,
            "retry.backoff.max.ms": 20,
            "topic.metadata.refresh.interval.ms": 100,
            "log_level": 0,
            **settings,
        }
    )


def values(cluster: KafkaCluster, topic: str) -> list[bytes | None]:
    return [record.value for record in cluster.records(topic)]


# What clients see


def test_a_producer_goes_on_trying_while_the_disk_is_full_and_stores_once(cluster: KafkaCluster) -> None:
    fault = cluster.faults.add(action="disk_full", topic="t", partition=1, times=3)
    client = producer(cluster)
    for value in (b"one", b"two"):
        client.produce("t", value, partition=1)
        client.produce("t", value, partition=0)
    assert client.flush(20) == 0
    assert (fault.hits, values(cluster, "t")) == (3, [b"one", b"two"] * 2)


def test_a_disk_that_stays_full_is_an_error_of_the_record(cluster: KafkaCluster) -> None:
    cluster.faults.add(action="disk_full", topic="t")
    errors: list[KafkaError | None] = []
    client = producer(cluster, **{"enable.idempotence": False, "retries": 1})
    client.produce("t", b"one", on_delivery=lambda error, message: errors.append(error))
    assert client.flush(20) == 0
    assert [error.code() for error in errors if error is not None] == [KafkaError.KAFKA_STORAGE_ERROR]
    assert values(cluster, "t") == []


def test_a_commit_finds_the_disk_of_the_coordinator_full_and_is_kept_when_there_is_room(cluster: KafkaCluster) -> None:
    fault = cluster.faults.add(action="disk_full", topic="__consumer_offsets", times=1)
    client = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g", "log_level": 0})
    offsets = [TopicPartition("t", 0, 7)]
    for _ in range(3):  # a client that gives up asks again
        try:
            client.commit(offsets=offsets, asynchronous=False)
            break
        except KafkaException:
            assert cluster.committed("g") == {}
    assert (fault.hits, cluster.committed("g")) == (1, {("t", 0): 7})
    client.close()


def test_a_failed_fsync_takes_the_partition_offline_until_the_cluster_goes_on_anew(cluster: KafkaCluster) -> None:
    cluster.produce("synced", [b"kept"])
    cluster.snapshot("before")
    fault = cluster.faults.add(action="fsync_error", topic="synced", times=1)
    errors: list[KafkaError | None] = []
    client = producer(cluster, **{"enable.idempotence": False, "message.timeout.ms": 1000})
    client.produce("synced", b"lost", on_delivery=lambda error, message: errors.append(error))
    client.flush(20)
    assert [error is not None for error in errors] == [True]
    assert fault.hits == 1
    (partition,) = client.list_topics("synced", 10).topics["synced"].partitions.values()
    assert (partition.leader, partition.error.code()) == (-1, KafkaError.LEADER_NOT_AVAILABLE)
    cluster.restore("before")
    again = producer(cluster)
    again.produce("synced", b"new")
    assert again.flush(20) == 0
    assert values(cluster, "synced") == [b"kept", b"new"]


def test_an_answer_of_a_slow_disk_comes_when_its_time_has_passed_and_nobody_else_waits(cluster: KafkaCluster) -> None:
    cluster.clock.freeze()
    fault = cluster.faults.add(action="slow_disk", topic="synced", ms=60_000, times=1)
    with Wire(cluster.bootstrap) as slow, Wire(cluster.bootstrap) as other:
        slow.send(produce_request({"synced": {0: batch(b"a")}}), 9)
        fault.await_hits()
        assert errors_of(other.ask(produce_request({"t": {0: batch(b"b")}}), 9, ProduceResponse)) == {0}
        assert errors_of(other.ask(produce_request({"synced": {0: batch(b"c")}}), 9, ProduceResponse)) == {0}
        assert not slow.is_closed_by_peer(0.05)
        cluster.clock.advance(seconds=59)
        assert not slow.is_closed_by_peer(0.05)
        cluster.clock.advance(seconds=1)
        assert errors_of(slow.answer(ProduceRequest, 9, ProduceResponse)) == {0}


def test_a_stock_client_waits_for_a_slow_disk_and_a_commit_does_too(cluster: KafkaCluster) -> None:
    cluster.faults.add(action="slow_disk", topic="t", ms=50)
    offsets = cluster.faults.add(action="slow_disk", topic="__consumer_offsets", ms=50)
    client = producer(cluster)
    client.produce("t", b"one")
    assert client.flush(20) == 0
    (asked,) = cluster.requests("Produce")
    assert asked.took_ms is not None
    assert asked.took_ms >= 50
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g", "log_level": 0})
    consumer.commit(offsets=[TopicPartition("t", 0, 7)], asynchronous=False)
    (asked,) = cluster.requests("OffsetCommit")
    assert asked.took_ms is not None
    assert asked.took_ms >= 50
    assert offsets.hits >= 1
    consumer.close()


def errors_of(answer: ProduceResponse) -> set[int]:
    return {one.error_code for topic in answer.responses for one in topic.partition_responses}


def test_a_rule_without_a_topic_leaves_the_metadata_log_alone_and_one_that_names_it_does_not(
    cluster: KafkaCluster,
) -> None:
    fault = cluster.faults.add(action="disk_full")
    cluster.topic("new")
    assert fault.hits == 0
    cluster.faults.add(action="disk_full", topic="__cluster_metadata", times=1)
    with pytest.raises(Exception, match="No space left on device") as refused:
        cluster.topic("newer")
    assert getattr(refused.value, "code", None) is ErrorCode.KAFKA_STORAGE_ERROR
    cluster.topic("newer")


def test_who_appends_past_every_client_is_told_of_a_full_disk_as_a_client_is(cluster: KafkaCluster) -> None:
    fault = cluster.faults.add(action="disk_full", topic="t", times=1)
    with pytest.raises(Exception, match="No space left on device") as refused:
        cluster.produce("t", [b"a"])
    assert getattr(refused.value, "code", None) is ErrorCode.KAFKA_STORAGE_ERROR
    assert (fault.hits, values(cluster, "t")) == (1, [])


def test_who_appends_past_every_client_waits_for_the_fsync_that_a_topic_asks_for(cluster: KafkaCluster) -> None:
    fault = cluster.faults.add(action="fsync_error", topic="synced", times=1)
    with pytest.raises(Exception, match="Input/output error") as refused:
        cluster.produce("synced", [b"a"])
    assert getattr(refused.value, "code", None) is ErrorCode.KAFKA_STORAGE_ERROR
    assert fault.hits == 1


def test_who_appends_past_every_client_does_not_wait_for_a_slow_disk(cluster: KafkaCluster) -> None:
    cluster.clock.freeze()  # it could wait for ever
    cluster.faults.add(action="slow_disk", ms=1000)
    for topic in ("t", "synced"):
        cluster.produce(topic, [b"a"])
        assert values(cluster, topic) == [b"a"]


def test_a_partition_that_is_offline_is_explained_and_named_by_an_export(cluster: KafkaCluster, tmp_path: Path) -> None:
    cluster.faults.add(action="fsync_error", topic="synced", times=1)
    client = producer(cluster, **{"enable.idempotence": False, "message.timeout.ms": 1000, "client.id": "shop"})
    client.produce("synced", b"lost")
    client.flush(20)
    why = r"offline until the broker is started again: \[Errno 5\] Input/output error \(fault-1\)"
    head, *decided = cluster.explain_partition("synced").splitlines()
    assert re.match(f"partition synced-0 is {why}", head)
    assert any(re.search(rf"\[synced-0\] {why}", line) for line in decided)
    with pytest.raises(Exception, match=f"synced-0 is {why}") as refused:
        cluster.export(tmp_path / "all.jsonl")
    assert getattr(refused.value, "code", None) is ErrorCode.KAFKA_STORAGE_ERROR
    assert list(tmp_path.iterdir()) == []
    assert cluster.explain_partition("t").startswith("partition t-0: log start 0")


# The files themselves


def test_while_no_rule_is_about_them_the_calls_are_those_of_the_disk_itself() -> None:
    table, files = FaultTable(), MemoryFiles()
    faulty = DiskFaults(table, ManualClock()).around(files)
    own = (files.write, files.sync_handle)
    table.add(parse_rule({"action": "slow_disk", "ms": 1}), 0.0)
    assert (faulty.write, faulty.sync_handle) == own
    full = table.add(parse_rule({"action": "disk_full"}), 0.0)
    assert faulty.write != files.write
    assert faulty.sync_handle == files.sync_handle
    table.remove(full.fault_id)
    assert (faulty.write, faulty.sync_handle) == own


def test_only_records_of_the_log_that_is_meant_find_the_disk_full() -> None:
    table, files = FaultTable(), MemoryFiles()
    faulty = DiskFaults(table, ManualClock()).around(files)
    for directory in ("/t-1", "/t-2", "/t-1.0123-delete"):
        files.make_directory(directory)
    fault = table.add(parse_rule({"action": "disk_full", "topic": "t", "partition": 1}), 0.0)
    faulty.write(LOG, [b""], 0)
    for path in (
        LOG + ".cleaned",
        LOG.replace(".log", ".index"),
        LOG.replace("t-1", "t-2"),
        LOG.replace("-1", "-1.0123-delete"),
    ):
        faulty.write(path, [b"x"], 0)
    assert fault.matched == 0
    with pytest.raises(OSError, match=r"No space left on device \(fault-1\)") as refused:
        faulty.write(LOG, [b"x"], 0)
    assert (refused.value.errno, files.size(LOG)) == (errno.ENOSPC, 0)


def test_the_fsync_of_a_log_fails_and_that_of_its_index_does_not() -> None:
    table, files = FaultTable(), MemoryFiles()
    faulty = DiskFaults(table, ManualClock()).around(files)
    files.make_directory("/t-1")
    for path in (LOG, LOG.replace(".log", ".index")):
        files.write(path, [b"x"], 0)
    table.add(parse_rule({"action": "fsync_error", "topic": "t", "times": 1}), 0.0)
    faulty.sync_handle(LOG.replace(".log", ".index"))()
    with pytest.raises(OSError, match="Input/output error"):
        faulty.sync_handle(LOG)()
    faulty.sync_handle(LOG)()
