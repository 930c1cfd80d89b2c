"""What there is to be seen of brokers and replicas: as the controller has it, and as each log lies on its broker."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.broker_commands import freeze_broker, kill_broker
from odradek.broker.testing.brokers_seen import (
    SeenReplica,
    addresses_of,
    seen_broker,
    seen_brokers,
    seen_partition,
    seen_partitions,
)
from odradek.broker.testing.inspection import create_topic
from odradek.broker.testing.running_cluster import Brokers, RunningCluster, config_for, start_in_memory
from odradek.protocol.errors import KafkaError


@pytest.fixture(params=[1, 3])
async def running(request: pytest.FixtureRequest) -> AsyncIterator[RunningCluster]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    brokers = Brokers(request.param, ("a", "b", "c")[: request.param] if request.param > 1 else ())
    running = await start_in_memory(loop, threads, config_for(brokers, {}), brokers=brokers)
    await create_topic(running.contexts, "t", 2, {})
    yield running
    await running.stop()
    threads.close()


@pytest.mark.parametrize("running", [1], indirect=True)
async def test_a_broker_alone_leads_and_holds_everything_be_it_used_already_or_not(running: RunningCluster) -> None:
    ((broker_id, broker),) = seen_brokers(running).items()
    assert (broker.broker_id, broker.state, broker.is_fenced) == (broker_id, "running", False)
    assert broker.bootstrap == addresses_of(running)[broker_id] == running.cluster.bootstrap
    assert broker.leads == broker.in_sync == broker.replicas == 2
    partition = seen_partition(running.contexts, "t", 1)
    assert partition.replicas == {broker_id: SeenReplica(broker_id, True, True, 0, 0, 0)}
    assert str(partition) == f"t-1 with leader {broker_id}, in sync {broker_id} of {broker_id}"


@pytest.mark.parametrize("running", [3], indirect=True)
async def test_a_broker_that_is_down_is_seen_and_its_log_is_not(running: RunningCluster) -> None:
    before = seen_partition(running.contexts, "t", 0)
    leader = before.leader
    assert leader is not None
    assert before.is_in_sync
    addresses = addresses_of(running)
    await kill_broker(running, leader)
    dead = seen_broker(running, leader)
    assert (dead.state, dead.is_fenced, dead.leads, dead.in_sync, dead.replicas) == ("killed", True, 0, 0, 2)
    assert dead.rack == {1: "a", 2: "b", 3: "c"}[leader]
    after = seen_partition(running.contexts, "t", 0)
    assert after.replicas[leader] == SeenReplica(leader, is_leader=False, is_in_sync=False)
    assert (after.is_in_sync, after.leader_epoch) == (False, before.leader_epoch + 1)
    assert after.leader in after.isr
    assert addresses_of(running) == addresses


@pytest.mark.parametrize("running", [3], indirect=True)
async def test_what_brokers_lead_adds_up_to_all_partitions_and_a_frozen_one_still_leads(
    running: RunningCluster,
) -> None:
    await freeze_broker(running, 1)
    brokers = seen_brokers(running)
    assert [one.state for one in brokers.values()] == ["frozen", "running", "running"]
    assert not brokers[1].is_fenced, "its session has not ended"
    leaders = [one.leader for one in seen_partitions(running.contexts, "t").values()]
    assert {one: broker.leads for one, broker in brokers.items()} == {one: leaders.count(one) for one in (1, 2, 3)}


@pytest.mark.parametrize("running", [1], indirect=True)
async def test_what_is_not_there_cannot_be_seen(running: RunningCluster) -> None:
    for topic, index in (("nix", 0), ("t", 2)):
        with pytest.raises(KafkaError):
            seen_partition(running.contexts, topic, index)
