"""A broker that is started with its clock and its faults held."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from odradek.broker.broker import Broker
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.held_start import start_held
from odradek.broker.testing.reins import Reins
from odradek.broker.testing.running_cluster import NotInMemory

LISTEN = {"listeners": "PLAINTEXT://127.0.0.1:0"}


@pytest.mark.parametrize("is_ephemeral", [True, False])
async def test_its_clock_is_the_one_that_is_held_and_its_state_is_there_where_it_is_in_memory(
    tmp_path: Path, is_ephemeral: bool
) -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    config = BrokerConfig.from_settings({**LISTEN, "log.dirs": str(tmp_path / "data")})
    make: Callable[..., Broker] = partial(Broker, config, is_ephemeral=is_ephemeral)
    broker, running = await start_held(make, Reins(loop, threads, frozen_at_ms=1_000))
    try:
        assert running.cluster is broker.cluster
        assert running.cluster.context.clock.now_ms() == running.clock.now_ms() == 1_000
        if is_ephemeral:
            assert running.memory.files is broker.files
        else:
            with pytest.raises(NotInMemory):
                _ = running.memory
    finally:
        await running.stop()
        await broker.stop()
        threads.close()
