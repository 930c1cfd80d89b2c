"""A cluster as a test that is a coroutine sees it, with a stock client on the same loop."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from odradek.broker.testing.async_cluster import AsyncKafkaCluster
from odradek.broker.testing.async_cluster_host import AsyncClusterHost
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.snapshots import StateError


@pytest.fixture(params=["on the test's loop", "on another"])
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[AsyncKafkaCluster]:
    """One that shares the loop with the test, or one of the fixture `kafka`, which has its own."""
    if request.param == "on another":
        with ClusterHost() as host, host.cluster() as kafka:
            yield kafka.aio
    else:
        async with AsyncClusterHost() as here, await here.cluster() as cluster:
            yield cluster


async def test_what_a_stock_client_writes_is_waited_for_while_it_writes(cluster: AsyncKafkaCluster) -> None:
    await cluster.topic("orders", 1)
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, client_id="shop") as producer:
        sent = await producer.send("orders", b"one")
        (record,) = await cluster.await_records("orders", 1)
        assert (record.value, record.offset) == (b"one", (await sent).offset)
        (request,) = await cluster.await_requests(1, "Produce", client_id="shop")
    assert request.topics == {"orders"}
    assert (await cluster.offsets("orders")).high_watermark == 1
    assert "high watermark 1" in await cluster.explain_partition("orders")


async def test_a_group_is_waited_for_until_it_is_stable_and_its_offsets_until_they_are_there(
    cluster: AsyncKafkaCluster,
) -> None:
    await cluster.topic("orders", 1)
    await cluster.produce("orders", [b"one", b"two"])
    reader = AIOKafkaConsumer(
        "orders",
        bootstrap_servers=cluster.bootstrap,
        group_id="shop",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await reader.start()
    try:
        group = await cluster.await_group("shop", state="Stable", members=1)
        assert group.group_type == "classic"
        assert [(await reader.getone()).value, (await reader.getone()).value] == [b"one", b"two"]
        await reader.commit()
        assert await cluster.await_committed("shop", {("orders", 0): 2}) == {("orders", 0): 2}
    finally:
        await reader.stop()
    assert (await cluster.await_group("shop", state="Empty", members=0)).members == []
    assert "shop" in await cluster.explain_group("shop")


async def test_what_does_not_come_is_an_error_that_says_what_was_there(cluster: AsyncKafkaCluster) -> None:
    await cluster.produce("orders", [b"one"])
    with pytest.raises(AssertionError, match=r"after 0.01 s there were not 2 records in 'orders', but \[b'one'\]"):
        await cluster.await_records("orders", 2, timeout_s=0.01)
    with pytest.raises(AssertionError, match="not group 'g' Stable with 2 members, but 'no such group'"):
        await cluster.await_group("g", state="Stable", members=2, timeout_s=0.01)
    with pytest.raises(AssertionError, match=r"not 1 requests Fetch of topic 'orders', but \[\]"):
        await cluster.await_requests(1, "Fetch", topic="orders", timeout_s=0.01)
    with pytest.raises(ValueError, match="there is no API 'Fetsch'"):
        await cluster.await_requests(1, "Fetsch")


async def test_faults_hit_and_are_waited_for(cluster: AsyncKafkaCluster) -> None:
    await cluster.topic("orders", 1)
    fault = await cluster.faults.add(api="Produce", error="NOT_LEADER_OR_FOLLOWER", times=1)
    unused = await cluster.faults.add(api="Fetch", topic="orders", action="blackhole")
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
        await producer.send_and_wait("orders", b"one")
    assert await fault.await_hits(1) == fault.hits == 1
    assert [one.action for one in await cluster.faults.never_hit()] == ["blackhole"]
    await unused.remove()
    assert await cluster.faults.never_hit() == []
    await cluster.faults.clear()


async def test_the_clock_is_frozen_and_advanced(cluster: AsyncKafkaCluster) -> None:
    await cluster.topic("audit", 1, {"retention.ms": "604800000", "segment.ms": "3600000"})
    await cluster.produce("audit", [b"old"])
    await cluster.clock.freeze()
    before = await cluster.clock.now_ms()
    await cluster.clock.advance(days=9)
    assert await cluster.clock.now_ms() == before + 9 * 86_400_000
    assert await cluster.records("audit") == []
    await cluster.clock.run()


async def test_its_state_is_kept_restored_branched_off_and_exported(cluster: AsyncKafkaCluster, tmp_path: Path) -> None:
    await cluster.produce("stock", [b"a"])
    await cluster.snapshot("one")
    await cluster.produce("stock", [b"b"])
    async with await cluster.fork("one") as other:
        assert other.bootstrap != cluster.bootstrap
        assert [one.value for one in await other.records("stock")] == [b"a"]
        await cluster.export(tmp_path / "all.jsonl")
        await other.reset()
        await other.import_(tmp_path / "all.jsonl")
        assert [one.value for one in await other.records("stock")] == [b"a", b"b"]
    await cluster.restore("one")
    assert [one.value for one in await cluster.records("stock")] == [b"a"]
    assert await cluster.snapshots() == ["one"]
    await cluster.forget_snapshot("one")
    with pytest.raises(StateError):
        await cluster.restore("one")


async def test_a_cluster_without_a_journal_says_so() -> None:
    async with AsyncClusterHost() as host, await host.cluster(journal=False) as cluster:
        with pytest.raises(RuntimeError, match="keeps no journal"):
            await cluster.journal()
