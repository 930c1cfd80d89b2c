"""A cluster is built with a clock and faults that a test holds."""

import asyncio

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.running_cluster import start_in_memory


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
