"""Contexts of several brokers: by who leads, who coordinates, who serves; and why there is none."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from odradek.broker.cluster import NotRunning
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.contexts import all_groups, all_transactions, leader_partition
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.broker_commands import freeze_broker, kill_broker, resume_broker, start_broker
from odradek.broker.testing.cluster_import import coordinator_of
from odradek.broker.testing.inspection import create_topic
from odradek.broker.testing.running_cluster import Brokers, RunningCluster, config_for, start_in_memory
from odradek.protocol.errors import ErrorCode, KafkaError

CONFIG: BrokerConfig = config_for(Brokers(3), {"offsets.topic.num.partitions": "3"})


@pytest.fixture
async def running() -> AsyncIterator[RunningCluster]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, CONFIG, brokers=Brokers(3))
    await create_topic(running.contexts, "t", 3, {})
    yield running
    await running.stop()
    threads.close()


def broker_ids(running: RunningCluster) -> list[int]:
    return [context.config.node_id for context in running.contexts.all()]


async def test_each_partition_is_found_where_it_is_led(running: RunningCluster) -> None:
    contexts = running.contexts
    for index, partition in contexts.image.topics["t"].partitions.items():
        assert contexts.of_leader("t", index).config.node_id == partition.record.leader
        assert leader_partition(contexts, "t", index).is_leader
    with pytest.raises(KafkaError) as refused:
        leader_partition(contexts, "t", 3)
    assert refused.value.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


async def test_one_that_serves_is_preferred_to_one_that_is_frozen_dead_or_cut_off(running: RunningCluster) -> None:
    contexts, ways = running.contexts, running.several.ways
    assert (contexts.first.config.node_id, contexts.active.config.node_id) == (1, 1)
    await freeze_broker(running, 1)
    assert (contexts.first.config.node_id, contexts.active.config.node_id) == (1, 2)
    ways.cut(2, -1)
    assert contexts.active.config.node_id == 3
    await kill_broker(running, 1)
    assert (contexts.first.config.node_id, broker_ids(running)) == (2, [2, 3])
    await kill_broker(running, 3)
    with pytest.raises(KafkaError, match="no broker runs that reaches the controller"):
        _ = contexts.active
    await kill_broker(running, 2)
    with pytest.raises(KafkaError, match="no broker runs: start one"):
        _ = contexts.first
    assert (broker_ids(running), list(contexts.image.topics)) == ([], ["t"])
    await start_broker(running, 1)
    assert contexts.active.config.node_id == 1


async def test_a_leader_that_is_frozen_is_looked_at_and_not_written_to(running: RunningCluster) -> None:
    contexts = running.contexts
    leader = contexts.of_leader("t", 0).config.node_id
    await freeze_broker(running, leader)
    assert contexts.of_leader("t", 0).config.node_id == leader
    with pytest.raises(KafkaError, match=f"broker {leader}, which leads t-0, is frozen") as refused:
        contexts.of_leader("t", 0, is_to_write=True)
    assert refused.value.code is ErrorCode.LEADER_NOT_AVAILABLE
    await resume_broker(running, leader)
    assert contexts.of_leader("t", 0, is_to_write=True).config.node_id == leader


async def test_a_group_is_found_at_its_coordinator_wherever_that_has_moved(running: RunningCluster) -> None:
    contexts = running.contexts
    assert contexts.of_group("g") is contexts.first  # nobody has been coordinated yet
    before = (await coordinator_of(contexts, "g")).config.node_id
    partition = contexts.first.groups.partition_of("g")
    assert before == contexts.image.topics["__consumer_offsets"].partitions[partition].record.leader
    await kill_broker(running, before)
    after = (await coordinator_of(contexts, "g")).config.node_id
    assert after != before
    for broker_id in {1, 2, 3} - {before, after}:
        await kill_broker(running, broker_id)
    await kill_broker(running, after)
    await start_broker(running, before)
    if contexts.image.topics["__consumer_offsets"].partitions[partition].record.leader < 0:
        with pytest.raises(KafkaError) as refused:
            contexts.of_group("g")
        assert refused.value.code is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert (list(all_groups(contexts)), list(all_transactions(contexts))) == ([], [])


async def test_of_a_cluster_that_has_ended_there_is_none() -> None:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    running = await start_in_memory(loop, threads, CONFIG, brokers=Brokers(3))
    await running.stop()
    threads.close()
    for look in (running.check_running, lambda: running.contexts.first, running.contexts.all):
        with pytest.raises(NotRunning):
            look()
