"""Waiting for leaders and replicas: until the controller records what is wanted, or how it was instead."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from odradek.broker.metadata.topic_image import PartitionImage
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.broker_commands import kill_broker, start_broker
from odradek.broker.testing.inspection import create_topic
from odradek.broker.testing.replica_waits import Wanted, await_in_sync, await_leader, await_under_replicated
from odradek.broker.testing.running_cluster import Brokers, RunningCluster, config_for, start_in_memory
from odradek.protocol.metadata_records import PartitionRecord

LONG_S = 30.0  # nothing of what is waited for comes near it
THREE = Brokers(3)


@pytest.fixture
async def running() -> AsyncIterator[RunningCluster]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, config_for(THREE, {}), brokers=THREE)
    yield running
    await running.stop()
    threads.close()


async def test_a_topic_that_is_yet_to_come_is_waited_for(running: RunningCluster) -> None:
    waiting = asyncio.ensure_future(await_in_sync(running, "t", None, LONG_S))
    await asyncio.sleep(0)
    assert not waiting.done()
    await create_topic(running.contexts, "t", 2, {})
    found = await waiting
    assert sorted(found) == [0, 1]
    assert all(one.is_in_sync for one in found.values())


async def test_another_leader_and_replicas_that_are_missing_are_there_once_a_broker_is_dead(
    running: RunningCluster,
) -> None:
    await create_topic(running.contexts, "t", 1, {})
    (partition,) = (await await_leader(running, "t", 0, None, LONG_S)).values()
    first = partition.leader
    assert first is not None
    waits = [
        asyncio.ensure_future(await_leader(running, "t", 0, first, LONG_S)),
        asyncio.ensure_future(await_under_replicated(running, "t", 0, LONG_S)),
    ]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waits)
    await kill_broker(running, first)
    led, missing = await asyncio.gather(*waits)
    assert led[0].leader not in (None, first)
    assert first not in missing[0].isr
    await start_broker(running, first)
    assert (await await_in_sync(running, "t", 0, LONG_S))[0].is_in_sync


async def test_who_has_waited_in_vain_is_told_how_it_was(running: RunningCluster) -> None:
    with pytest.raises(AssertionError, match="all replicas of 'nix' in sync, but: no such topic or partition"):
        await await_in_sync(running, "nix", None, 0)
    await create_topic(running.contexts, "t", 1, {})
    (partition,) = (await await_leader(running, "t", 0, None, LONG_S)).values()
    leader = partition.leader
    with pytest.raises(AssertionError, match=f"a leader of t-0 other than {leader}, but: t-0 with leader {leader}"):
        await await_leader(running, "t", 0, leader, 0)


async def test_of_many_partitions_those_that_are_in_the_way_are_told_and_not_all(running: RunningCluster) -> None:
    await create_topic(running.contexts, "t", 15, {})
    await await_in_sync(running, "t", None, LONG_S)
    await kill_broker(running, 1)
    with pytest.raises(AssertionError) as caught:
        await await_in_sync(running, "t", None, 0)
    assert str(caught.value).count("in sync 2 3 of 1 2 3") == 10
    assert str(caught.value).endswith("; and 5 more")


async def test_partitions_that_change_one_by_one_are_looked_at_no_more_often_than_they_change() -> None:
    class Seen:
        looks = 0

        def is_so(self, record: PartitionRecord) -> bool:
            self.looks += 1
            return record.leader >= 0

    seen, count = Seen(), 100
    wanted = Wanted(seen.is_so)
    records = [PartitionRecord(partition_id=index, topic_id=bytes(16), leader=-1) for index in range(count)]
    partitions = {record.partition_id: PartitionImage(record, 2) for record in records}
    for record in records:
        assert not wanted.is_met(partitions)
        record.leader = 1
    assert wanted.is_met(partitions)
    assert seen.looks <= 4 * count


async def test_a_wait_ends_with_what_it_belongs_to(running: RunningCluster) -> None:
    await create_topic(running.contexts, "t", 1, {})
    await await_in_sync(running, "t", None, LONG_S)
    ending = asyncio.Event()
    waiting = asyncio.ensure_future(await_under_replicated(running, "t", None, LONG_S, ending))
    await asyncio.sleep(0)
    ending.set()
    with pytest.raises(AssertionError, match="replicas of 't' that are not in sync"):
        await waiting
