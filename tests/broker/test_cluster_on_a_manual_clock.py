"""A whole broker driven by a hand-turned clock through a real socket: nothing sleeps, and all that is due happens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from odradek.broker.cluster import Cluster
from odradek.broker.topics.delayed_fetch import DelayedFetch
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse

from .cluster_world import SESSION_S, Client, World, client_of, record, world

LATEST = -1
TIMEOUT_S = 60


@pytest.fixture
async def around() -> AsyncIterator[World]:
    async with world() as made:
        yield made


@pytest.fixture
async def cluster(around: World) -> AsyncIterator[Cluster]:
    async with around.running() as running:
        yield running


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    async with client_of(cluster) as connected:
        yield connected


async def test_the_session_of_a_group_member_expires(around: World, client: Client) -> None:
    member_id = await client.become_member()
    await around.turn(SESSION_S - 1)
    assert await client.heartbeat(member_id) == ErrorCode.NONE
    await around.turn(SESSION_S - 1)
    assert await client.heartbeat(member_id) == ErrorCode.NONE
    await around.turn(SESSION_S + 1)
    assert await client.heartbeat(member_id) == ErrorCode.UNKNOWN_MEMBER_ID


async def _begin_transaction(around: World, client: Client) -> tuple[int, int]:
    """A producer with one record in an open transaction."""
    await client.find_coordinator("id", key_type=1)
    request = InitProducerIdRequest(transactional_id="id", transaction_timeout_ms=TIMEOUT_S * 1000)
    while (begun := await client.ask(request, 4, InitProducerIdResponse)).error_code:
        assert begun.error_code == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS  # the first block of ids is being written
        await around.turn(0)
    producer = begun.producer_id, begun.producer_epoch
    adding = AddPartitionsToTxnRequest(
        v3_and_below_transactional_id="id",
        v3_and_below_producer_id=producer[0],
        v3_and_below_producer_epoch=producer[1],
        v3_and_below_topics=[AddPartitionsToTxnTopic(name="t", partitions=[0])],
    )
    added = await client.ask(adding, 3, AddPartitionsToTxnResponse)
    assert added.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code == 0
    assert await client.produce("t", record(producer=producer), transactional_id="id") == 0
    return producer


async def test_a_transaction_times_out_and_whoever_waits_for_its_end_is_woken(
    around: World, cluster: Cluster, client: Client
) -> None:
    await client.create_topic("t")
    producer = await _begin_transaction(around, client)
    async with client_of(cluster) as waiting:
        await waiting.poll("t", max_wait_ms=3_600_000, is_read_committed=True)
        await around.turn(TIMEOUT_S - 1)
        assert await client.offset("t", LATEST) == 1
        await around.turn(60)  # the round that looks for late transactions, every ten seconds
        (found,) = (await waiting.fetched()).responses[0].partitions
        assert (found.last_stable_offset, found.high_watermark) == (2, 2)
        assert [aborted.producer_id for aborted in found.aborted_transactions or ()] == [producer[0]]
    assert await client.produce("t", record(producer=producer, sequence=1), transactional_id="id") != ErrorCode.NONE


async def test_a_commit_that_waits_for_its_fsync_wakes_whoever_waits_for_its_end(
    client: Client, cluster: Cluster, around: World
) -> None:
    await client.create_topic("t", flush_messages="1")
    producer = await _begin_transaction(around, client)
    async with client_of(cluster) as waiting, client_of(cluster) as committing:
        await waiting.poll("t", max_wait_ms=3_600_000, is_read_committed=True)
        request = EndTxnRequest(
            transactional_id="id", producer_id=producer[0], producer_epoch=producer[1], committed=True
        )
        ended = await committing.ask(request, 3, EndTxnResponse)
        assert ended.error_code == ErrorCode.NONE
        (found,) = (await waiting.fetched()).responses[0].partitions
        assert (found.last_stable_offset, bool(found.records)) == (2, True)


async def test_retention_deletes_and_whoever_waits_in_what_is_gone_is_woken(
    around: World, cluster: Cluster, client: Client
) -> None:
    await client.create_topic("t", retention_ms="600000", segment_ms="60000")
    async with client_of(cluster) as waiting:
        for _ in range(3):
            assert await client.produce("t", record(timestamp=around.clock.now_ms())) == ErrorCode.NONE
            await around.turn(120)
        assert await client.offset("t") == 0
        await waiting.poll("t", offset=0, max_wait_ms=86_400_000, min_bytes=1 << 20)
        await around.turn(3600)
        async with client_of(cluster) as later:  # the others have been idle for too long
            assert await later.offset("t") > 0
        (found,) = (await waiting.fetched()).responses[0].partitions
        assert found.error_code == ErrorCode.OFFSET_OUT_OF_RANGE


async def test_a_long_poll_ends_when_its_time_is_up_and_not_before(around: World, client: Client) -> None:
    await client.create_topic("t")
    await client.poll("t", max_wait_ms=5000)
    answer = asyncio.ensure_future(client.fetched())
    await around.turn(4.999)
    assert not answer.done()
    await around.turn(0.001)
    (found,) = (await answer).responses[0].partitions
    assert (found.error_code, found.records) == (ErrorCode.NONE, b"")


async def test_after_a_long_stop_of_the_process_who_had_sent_in_time_is_answered(
    around: World, cluster: Cluster, client: Client
) -> None:
    await client.create_topic("t")
    await client.poll("t", offset=0, max_wait_ms=0)  # it lies in the socket while nothing runs
    around.clock.jump(3600)
    around.clock.advance(0)
    assert (await client.fetched()).error_code == ErrorCode.NONE
    await around.turn(1)
    assert await client.offset("t") == 0


async def test_a_connection_that_is_idle_is_closed_and_one_that_waits_for_an_answer_is_not(
    around: World, cluster: Cluster, client: Client
) -> None:
    await client.create_topic("t")
    async with client_of(cluster) as idle, client_of(cluster) as waiting:
        assert await idle.topics() == ["t"]
        await waiting.poll("t", max_wait_ms=3_600_000)
        await around.turn(300)
        assert await client.topics() == ["t"]
        await around.turn(400)  # connections.max.idle.ms is ten minutes
        assert await idle.is_closed_by_peer()
        assert await client.produce("t") == ErrorCode.NONE
        assert (await waiting.fetched()).responses[0].partitions[0].records


@pytest.mark.parametrize(("version", "is_answered"), [(12, True), (6, False)])
async def test_one_delayed_fetch_that_fails_harms_neither_the_producer_nor_the_other_fetches(
    around: World,
    cluster: Cluster,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    version: int,
    is_answered: bool,
) -> None:
    await client.create_topic("t")
    is_ready = DelayedFetch.is_ready

    def fail_for_one(fetch: DelayedFetch) -> bool:
        if fetch.min_bytes == 7:
            raise RuntimeError("the unforeseen")
        return is_ready(fetch)

    monkeypatch.setattr(DelayedFetch, "is_ready", fail_for_one)
    async with client_of(cluster) as before, client_of(cluster) as failing, client_of(cluster) as after:
        for reader, min_bytes in ((before, 1), (failing, 7), (after, 1)):
            await reader.poll("t", min_bytes=min_bytes, version=version)
        assert await client.produce("t") == ErrorCode.NONE
        for reader in (before, after):
            assert (await reader.fetched(version)).responses[0].partitions[0].records
        if is_answered:
            assert (await failing.fetched(version)).error_code == ErrorCode.UNKNOWN_SERVER_ERROR
            assert await failing.topics() == ["t"]
        else:
            assert await failing.is_closed_by_peer()
        assert await client.topics() == ["t"]
    assert capfd.readouterr().err.count("RuntimeError: the unforeseen") == 1


async def test_a_delayed_fetch_that_fails_at_its_deadline_keeps_no_other_from_its_own(
    around: World, cluster: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.create_topic("t")
    complete = DelayedFetch.complete

    def fail_for_one(fetch: DelayedFetch) -> None:
        if fetch.min_bytes == 7:
            raise RuntimeError("the unforeseen")
        complete(fetch)

    monkeypatch.setattr(DelayedFetch, "complete", fail_for_one)
    async with client_of(cluster) as failing, client_of(cluster) as other:
        await failing.poll("t", min_bytes=7, max_wait_ms=1000)
        await other.poll("t", max_wait_ms=2000)
        await client.topics()
        await around.turn(3)
        assert (await failing.fetched()).error_code == ErrorCode.UNKNOWN_SERVER_ERROR
        assert (await other.fetched()).error_code == ErrorCode.NONE
