"""A cluster is built with a clock and faults that a test holds."""

import asyncio

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.running_cluster import ROOT, set_cluster_id, start_in_memory
from odradek.storage.directory import DataDirectory, Identity
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.meta_properties import META_PROPERTIES


async def started_twice(seed: int | None) -> list[str]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    found: list[str] = []
    for _ in range(2):
        config = BrokerConfig.from_settings({"listeners": "PLAINTEXT://127.0.0.1:0"})
        running = await start_in_memory(loop, threads, config, seed)
        assert running.cluster.context.clock is running.clock
        found.append(running.cluster.context.cluster_id)
        await running.stop()
    threads.close()
    return found


async def test_with_a_seed_its_ids_are_the_same_in_every_run() -> None:
    seeded, others = await started_twice(7), await started_twice(None)
    assert len({*seeded, *others}) == 3


async def test_its_clock_is_the_one_that_is_held() -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    config = BrokerConfig.from_settings({"listeners": "PLAINTEXT://127.0.0.1:0"})
    running = await start_in_memory(loop, threads, config)
    running.clock.freeze()
    before = running.cluster.context.clock.now_ms()
    await running.clock.advance(60)
    assert running.cluster.context.clock.now_ms() == before + 60_000
    await running.stop()
    threads.close()


def cluster_id(cluster: KafkaCluster) -> str:
    return cluster._context.cluster_id


def test_files_are_given_to_another_cluster_whole() -> None:
    files = MemoryFiles()
    set_cluster_id(files, "other")  # nothing there, nothing to say
    assert not files.exists(f"{ROOT}/{META_PROPERTIES}")
    DataDirectory.open(files, ROOT, Identity("one", "directory", 1)).close()
    set_cluster_id(files, "other")
    found = DataDirectory.open(files, ROOT, Identity("new", "new", 1))
    assert found.identity == Identity("other", "directory", 1)


def test_forks_of_a_seeded_cluster_have_the_same_ids_in_every_run() -> None:
    found: list[list[str]] = []
    with ClusterHost() as host:
        for seed in (1, 1, None):
            with host.cluster(seed=seed) as cluster, cluster.fork() as one, cluster.fork() as other:
                found.append([cluster_id(cluster), cluster_id(one), cluster_id(other)])
    assert found[0] == found[1] != found[2]
    assert all(len(set(ids)) == 3 for ids in found)


def test_a_fork_that_is_closed_leaves_the_other_alone() -> None:
    with ClusterHost() as host, host.cluster() as cluster:
        cluster.produce("t", [b"v"])
        fork = cluster.fork()
        fork.close()
        fork.close()
        assert len(cluster.records("t")) == 1
        cluster.fork()  # the host ends it
