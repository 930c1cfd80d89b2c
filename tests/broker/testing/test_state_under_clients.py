"""Stock clients that are in the middle of something when a state is kept or brought back."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, ShareConsumer

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.running_cluster import LOOPBACK, start_in_memory
from odradek.broker.testing.snapshots import restore_snapshot, take_snapshot
from odradek.broker.wire import Wire
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
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
