"""Brokers and links as coroutines, on the loop of the test or on another."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from odradek.broker.testing.async_cluster import AsyncKafkaCluster
from odradek.broker.testing.async_cluster_host import AsyncClusterHost
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.running_cluster import BrokerError


@pytest.fixture(params=["on the test's loop", "on another"])
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[AsyncKafkaCluster]:
    """One that shares the loop with the test, or one of the fixture `kafka`, which has its own."""
    if request.param == "on another":
        with ClusterHost() as host, host.cluster(brokers=3) as kafka:
            yield kafka.aio
    else:
        async with AsyncClusterHost() as here, await here.cluster(brokers=3) as cluster:
            yield cluster


async def test_a_producer_goes_on_over_the_death_of_its_leader_on_the_same_loop(cluster: AsyncKafkaCluster) -> None:
    await cluster.topic("t", 1)
    leader = await cluster.leader("t")
    assert leader is not None
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
        await producer.send_and_wait("t", b"one")
        await cluster.brokers[leader].kill()
        assert await cluster.await_leader("t", other_than=leader) != leader
        await producer.send_and_wait("t", b"two")
        await cluster.brokers[leader].start()
    assert list(await cluster.await_in_sync("t")) == [0]
    assert [one.value for one in await cluster.brokers[leader].records("t")] == [b"one", b"two"]
    await cluster.elect_leaders("t", 0)
    assert await cluster.leader("t") == leader


async def test_what_has_become_of_brokers_and_links_is_seen(cluster: AsyncKafkaCluster) -> None:
    await cluster.topic("t", 1)
    await cluster.brokers[1].freeze()
    assert {one: seen.state for one, seen in (await cluster.brokers.look()).items()} == {
        1: "frozen",
        2: "running",
        3: "running",
    }
    await cluster.brokers[1].resume()
    await cluster.brokers[2].stop()
    assert (await cluster.brokers[1].state(), await cluster.brokers[2].state()) == ("running", "stopped")
    await cluster.await_under_replicated("t")
    assert await cluster.isr("t") == {1, 3}
    await cluster.links.cut(1, 3, both_ways=False)
    await cluster.links.slow(3, "controller", seconds=0.5, both_ways=False)
    assert [(one.source, one.target) for one in await cluster.links.troubled()] == [(1, 3), (3, "controller")]
    await cluster.links.heal()
    assert await cluster.links.troubled() == []
    with pytest.raises(BrokerError, match="broker 2 is stopped: this is for one that is frozen"):
        await cluster.brokers[2].resume()
    assert (len(cluster.brokers), 4 in cluster.brokers) == (3, False)
