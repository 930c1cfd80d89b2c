"""Stock clients that are in the middle of something when a state is kept or brought back."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, ShareConsumer

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.running_cluster import LOOPBACK, start_in_memory
from odradek.broker.testing.snapshots import restore_snapshot, take_snapshot
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.storage.files.memory_files import MemoryFiles

CLIENT: dict[str, object] = {"log_level": 0, "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 50}
DEADLINE_S = 30.0
HELLO = ApiVersionsRequest(client_software_name="test", client_software_version="1")


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    with ClusterHost() as host, host.cluster() as cluster:
        yield cluster


def until(is_so: Callable[[], bool], *consumers: Consumer) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        for consumer in consumers:
            consumer.poll(0.05)


class WatchedFiles(MemoryFiles):
    """Calls back when a cluster opens them."""

    on_open: Callable[[], None] = staticmethod(lambda: None)

    def lock(self, path: str) -> Callable[[], None]:
        self.on_open()
        return super().lock(path)


async def test_who_connects_while_a_restore_waits_or_goes_on_is_served() -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, BrokerConfig.from_settings({"listeners": LOOPBACK}))
    address = running.cluster.bootstrap
    await take_snapshot(running, "s")

    def greet(wire: Wire) -> int:
        with wire:
            return wire.ask(HELLO, 3, ApiVersionsResponse).error_code

    async with running.beside():
        restore = asyncio.ensure_future(restore_snapshot(running, "s"))
        await asyncio.sleep(0)
        assert await asyncio.to_thread(lambda: greet(Wire(address))) == 0
        assert not restore.done()
    await restore

    files, connected = WatchedFiles(), list[Wire]()
    files.on_open = lambda: connected.append(Wire(address))  # in the middle of it
    await running.cluster.replace(files)
    (wire,) = connected
    assert await asyncio.to_thread(lambda: greet(wire)) == 0
    await running.stop()
    threads.close()


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_rebalance_that_was_under_way_comes_to_its_end(cluster: KafkaCluster, protocol: str) -> None:
    cluster.topic("t", 2)
    settings = {"bootstrap.servers": cluster.bootstrap, "group.id": "g", "group.protocol": protocol, **CLIENT}
    first, second = (Consumer({**settings, "client.id": name}) for name in ("first", "second"))
    first.subscribe(["t"])
    until(lambda: len(first.assignment()) == 2, first)
    second.subscribe(["t"])
    # The first is not polled, so that it gives nothing up.
    until(lambda: len(cluster.groups()["g"].members) == 2 or cluster.groups()["g"].state != "Stable", second)
    cluster.snapshot("under-way")
    assert len(second.assignment()) == 0
    cluster.restore("under-way")
    until(lambda: (len(first.assignment()), len(second.assignment())) == (1, 1), first, second)
    assert {one.partition for consumer in (first, second) for one in consumer.assignment()} == {0, 1}
    first.close()
    second.close()


def test_a_share_group_goes_on_from_what_was_acknowledged_at_the_snapshot(cluster: KafkaCluster) -> None:
    config = AlterableConfig(name="share.auto.offset.reset", config_operation=0, value="earliest")
    resource = AlterConfigsResource(resource_type=32, resource_name="g", configs=[config])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    cluster._host.run(lambda: ask(cluster._context, request, IncrementalAlterConfigsResponse))

    def take(count: int) -> list[bytes | None]:
        member = ShareConsumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g", **CLIENT})
        member.subscribe(["t"])
        taken: list[bytes | None] = []
        deadline = time.monotonic() + DEADLINE_S
        while len(taken) < count and time.monotonic() < deadline:
            taken += [message.value() for message in member.poll(1) if message.error() is None]
        taken += [message.value() for message in member.poll(0.1)]  # which accepts what came before
        member.close()
        return taken

    cluster.topic("t", 1)
    cluster.produce("t", [b"a"])
    assert take(1) == [b"a"]
    cluster.snapshot("s")
    before = cluster.groups()
    assert before["g"].group_type == "share"
    cluster.produce("t", [b"b"])
    assert take(1) == [b"b"]
    cluster.restore("s")
    assert cluster.groups() == before
    cluster.produce("t", [b"c"])  # where b was
    assert take(1) == [b"c"]


def transactional(cluster: KafkaCluster) -> Producer:
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x", "linger.ms": 0, **CLIENT})
    producer.init_transactions(DEADLINE_S)
    return producer


def commit(producer: Producer, value: bytes) -> None:
    producer.begin_transaction()
    producer.produce("t", value)
    producer.commit_transaction(DEADLINE_S)


@pytest.mark.parametrize("release", ["4.3", "3.9"])  # transactions of the new protocol, and of the classic one
def test_a_producer_from_before_a_restore_is_fenced_by_one_from_after_it(release: str) -> None:
    with ClusterHost() as host, host.cluster({"odradek.as.version": release}) as cluster:
        check_fencing(cluster)


def check_fencing(cluster: KafkaCluster) -> None:
    cluster.topic("t", 1)
    commit(transactional(cluster), b"kept")
    cluster.snapshot("s")
    before = transactional(cluster)
    commit(before, b"gone")
    cluster.restore("s")
    after = transactional(cluster)
    commit(after, b"first")
    with pytest.raises(KafkaException):
        commit(before, b"zombie")
    commit(after, b"second")
    found = cluster.records("t", isolation="read_uncommitted")
    assert [
        (one.value, one.transaction) for one in found if one.value != b"zombie" or one.transaction != "aborted"
    ] == [
        (b"kept", "committed"),
        (b"first", "committed"),
        (b"second", "committed"),
    ]


def test_a_transaction_that_was_open_at_the_snapshot_can_be_ended_after_every_restore(cluster: KafkaCluster) -> None:
    cluster.topic("t", 1)
    producer = transactional(cluster)
    producer.begin_transaction()
    producer.produce("t", b"open")
    assert producer.flush(DEADLINE_S) == 0
    cluster.snapshot("s")
    commit(transactional(cluster), b"gone")
    cluster.restore("s")
    producer.commit_transaction(DEADLINE_S)
    commit(producer, b"next")
    assert [one.value for one in cluster.records("t")] == [b"open", b"next"]


def test_a_coordinators_topic_with_too_few_partitions_is_counted_by_the_next_start(cluster: KafkaCluster) -> None:
    """As by Apache Kafka 4.3, which was asked."""
    request = FindCoordinatorRequest(key_type=1, coordinator_keys=["x"])  # of 50 partitions it would have the 20th

    def error() -> int:
        answer = cluster._host.run(lambda: ask(cluster._context, request, FindCoordinatorResponse))
        return answer.coordinators[0].error_code

    cluster.topic("__transaction_state", 1)
    assert error() == ErrorCode.COORDINATOR_NOT_AVAILABLE
    cluster.snapshot("s")
    cluster.restore("s")
    assert error() == ErrorCode.NONE
    cluster.topic("t", 1)
    commit(transactional(cluster), b"one")
    assert [one.value for one in cluster.records("t")] == [b"one"]
