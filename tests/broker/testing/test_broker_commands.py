"""Commands to brokers come one after the other, and leave nothing half done."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from odradek.broker.cluster import NotRunning, StartError
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.broker_commands import (
    kill_broker,
    parse_end,
    start_broker,
    stop_broker,
    troubled_links,
)
from odradek.broker.testing.running_cluster import BrokerError, Brokers, RunningCluster, config_for, start_in_memory
from odradek.broker.testing.snapshots import restore_snapshot, take_snapshot


@pytest.fixture
async def running() -> AsyncIterator[RunningCluster]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, config_for(Brokers(3), {}), brokers=Brokers(3))
    yield running
    await running.stop()
    threads.close()


async def test_two_commands_at_once_are_done_one_after_the_other(running: RunningCluster) -> None:
    done = await asyncio.gather(kill_broker(running, 1), kill_broker(running, 1), return_exceptions=True)
    assert done[0] is None
    assert isinstance(done[1], BrokerError)
    started = await asyncio.gather(*(start_broker(running, 1) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in started] == [type(None), BrokerError]


async def test_a_restore_waits_for_a_command_and_a_command_for_a_restore(running: RunningCluster) -> None:
    await take_snapshot(running, "s")
    await asyncio.gather(stop_broker(running, 1), restore_snapshot(running, "s"), kill_broker(running, 2))
    assert [running.several.state_of(one) for one in (1, 2, 3)] == ["running", "killed", "running"]
    assert troubled_links(running) == []


async def test_a_start_that_fails_is_said_and_the_broker_stays_as_it_was(
    running: RunningCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kill_broker(running, 1)

    async def fail(node_id: int) -> None:
        raise StartError("the data in memory/node-1 cannot be read")

    with monkeypatch.context() as patched:
        patched.setattr(running.several, "start_broker", fail)
        with pytest.raises(BrokerError, match="the data in memory/node-1 cannot be read"):
            await start_broker(running, 1)
    assert running.watch is not None
    last = running.watch.journal.entries()[-1].text
    assert last.endswith("that has failed: the data in memory/node-1 cannot be read")
    await start_broker(running, 1)
    assert running.several.state_of(1) == "running"


async def test_a_cluster_that_has_ended_takes_no_command() -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, config_for(Brokers(2), {}), brokers=Brokers(2))
    await running.stop()
    threads.close()
    with pytest.raises(NotRunning):
        await kill_broker(running, 1)


def test_an_end_is_a_number_or_a_word() -> None:
    assert [parse_end(text) for text in ("1", "controller", "-1")] == [1, "controller", "-1"]
