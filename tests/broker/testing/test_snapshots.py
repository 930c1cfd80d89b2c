"""Each has the cluster alone, and a cluster that has ended says so; what they do is in test_cluster_state."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from odradek.broker.cluster import Cluster, NotRunning
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.start_topics import parse_start_topic
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_clock import ClockEnded
from odradek.broker.testing.inspection import GivenRecord, append_records, create_topic, records_of
from odradek.broker.testing.reins import Reins
from odradek.broker.testing.running_cluster import (
    LOOPBACK,
    ROOT,
    Memory,
    RunningCluster,
    start_in_memory,
)
from odradek.broker.testing.snapshots import (
    StateError,
    find_snapshot,
    forget_snapshot,
    fork_cluster,
    reset_cluster,
    restore_snapshot,
    take_snapshot,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.schema import ZERO_UUID
from odradek.storage.files.memory_files import MemoryFiles


@pytest.fixture
async def running() -> AsyncIterator[RunningCluster]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, BrokerConfig.from_settings({"listeners": LOOPBACK}))
    yield running
    await running.stop()
    threads.close()


async def test_many_at_once_are_done_one_after_the_other(running: RunningCluster) -> None:
    await create_topic(running.contexts, "t", 1, {})
    await append_records(running.contexts, "t", [GivenRecord(b"a")], None)
    await take_snapshot(running, "s")
    moved = [running.clock.advance(86400) for _ in range(2)]
    changed = [restore_snapshot(running, "s"), take_snapshot(running, "t"), restore_snapshot(running, "t")]
    forks = [fork_cluster(running, "s"), fork_cluster(running, None)]
    done = await asyncio.gather(*moved, *changed, *forks, restore_snapshot(running, "s"))
    for one in (running, *(one for one in done if isinstance(one, RunningCluster))):
        assert [record.value for record in records_of(one.contexts, "t", None)] == [b"a"]
        if one is not running:
            await one.stop()


async def test_a_stop_ends_an_advance_and_what_waits_for_its_turn_hears_of_it(running: RunningCluster) -> None:
    await take_snapshot(running, "s")
    advance = asyncio.ensure_future(running.clock.advance(86400 * 365))
    await asyncio.sleep(0)
    stop = asyncio.ensure_future(running.stop())
    await asyncio.sleep(0)
    with pytest.raises(NotRunning):
        await restore_snapshot(running, "s")
    with pytest.raises(ClockEnded):
        await advance
    await stop


async def test_topics_of_the_start_are_those_of_the_snapshot_after_a_restore() -> None:
    loop = asyncio.get_running_loop()
    threads, files, config = LoopThreads(loop), MemoryFiles(), BrokerConfig.from_settings({"listeners": LOOPBACK})
    reins = Reins(loop, threads)
    asked = [parse_start_topic("asked", "--topic")]
    cluster = Cluster(config, files, reins.runtime, ROOT, stages=reins.stages(), topics=asked)
    await cluster.start()
    running = RunningCluster(cluster, reins, Memory(config, files))

    def names() -> list[str]:
        return [topic.name for topic in cluster.context.topics]

    await take_snapshot(running, "with")
    request = DeleteTopicsRequest(topics=[DeleteTopicState(name="asked", topic_id=ZERO_UUID)], timeout_ms=1000)
    await ask(cluster.context, request, DeleteTopicsResponse)
    await take_snapshot(running, "without")
    for name, there in (("with", ["asked"]), ("without", [])):
        await restore_snapshot(running, name)
        assert names() == there
    await reset_cluster(running)
    assert names() == ["asked"]
    await running.stop()
    threads.close()


async def test_one_is_found_by_its_name_until_it_is_let_go(running: RunningCluster) -> None:
    taken = await take_snapshot(running, "stock")
    assert find_snapshot(running, "stock") is taken
    with pytest.raises(StateError, match=r"no snapshot 'stok'; did you mean 'stock'\?; there are: 'stock'"):
        find_snapshot(running, "stok")
    assert forget_snapshot(running, "stock") is taken
    with pytest.raises(StateError, match="there are: none"):
        forget_snapshot(running, "stock")


async def test_a_fork_of_a_cluster_with_a_port_of_its_own_gets_another() -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "listeners": f"MINE://127.0.0.1:{port}",
        "listener.security.protocol.map": "MINE:PLAINTEXT",
        "inter.broker.listener.name": "MINE",
        "advertised.listeners": f"MINE://localhost:{port}",
        "num.partitions": "3",
        "node.id": "7",
    }
    fixed = await start_in_memory(loop, threads, BrokerConfig.from_settings(settings))
    fork = await fork_cluster(fixed, None)
    assert fixed.cluster.bootstrap == f"127.0.0.1:{port}" != fork.cluster.bootstrap
    config = fork.cluster.context.config
    assert (config.num_partitions, config.node_id) == (3, 7)
    for one in (fork, fixed):
        await one.stop()
    threads.close()
