"""Connections as a client sees them: order, limits, closing, backpressure."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from odradek.broker.apis import TABLE
from odradek.broker.cluster import Cluster
from odradek.broker.testing.embedded import BrokerThread, running_broker
from odradek.broker.wire import Wire
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntryData,
    OpData,
)
from odradek.protocol.messages.alter_client_quotas import EntityData as QuotaEntityData
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.records import NewRecord, build_batch

from ..cluster_world import Client, World, client_of, world


@pytest.fixture(scope="module")
def broker() -> Iterator[BrokerThread]:
    with running_broker() as running:
        yield running


def api_versions() -> ApiVersionsRequest:
    return ApiVersionsRequest(client_software_name="test", client_software_version="1")


def create_topic(wire: Wire, name: str) -> None:
    topic = CreatableTopic(name=name, num_partitions=1, replication_factor=1)
    answer = wire.ask(CreateTopicsRequest(topics=[topic]), 7, CreateTopicsResponse)
    assert [t.error_code for t in answer.topics] == [0]


def produce_request(topic: str, value: bytes, acks: int = -1) -> ProduceRequest:
    batch = build_batch([NewRecord(key=None, value=value, timestamp=int(time.time() * 1000))])
    partition = PartitionProduceData(index=0, records=batch)
    data = TopicProduceData(name=topic, partition_data=[partition])
    return ProduceRequest(acks=acks, timeout_ms=1000, topic_data=[data])


def fetch_request(topic: str, max_wait_ms: int, offset: int = 0) -> FetchRequest:
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 30)
    return FetchRequest(max_wait_ms=max_wait_ms, min_bytes=1, topics=[FetchTopic(topic=topic, partitions=[partition])])


def test_requests_sent_ahead_are_answered_in_their_order(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        create_topic(wire, "ordered")
        poll = wire.frame_of(fetch_request("ordered", max_wait_ms=300), 12)
        ask = wire.frame_of(api_versions(), 3)
        wire.send_raw(b"".join(struct.pack(">i", len(f)) + f for f in (poll, ask)))
        first, second = wire.receive_frame(), wire.receive_frame()
        assert first[:4] == poll[4:8]
        assert second[:4] == ask[4:8]


def test_a_frame_may_come_in_many_pieces(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        frame = wire.frame_of(api_versions(), 3)
        for byte in struct.pack(">i", len(frame)) + frame:
            wire.send_raw(bytes([byte]))
        assert wire.answer(ApiVersionsRequest, 3, ApiVersionsResponse).error_code == 0


def test_an_unknown_version_of_api_versions_is_answered_in_the_shape_of_version_0(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        wire.send_frame(struct.pack(">hhih", 18, 99, 7, -1) + b"\x00")
        answer = wire.receive_frame()
        assert answer == struct.pack(">ihihhh", 7, 35, 1, 18, 0, 4)
        assert wire.ask(api_versions(), 4, ApiVersionsResponse).error_code == 0


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        struct.pack(">i", -1),
        struct.pack(">i", 104857601),
        struct.pack(">i", 0),
        struct.pack(">ihhih", 10, 999, 0, 1, -1),  # an unknown key
        struct.pack(">ihhih", 10, 3, 99, 1, -1),  # an unknown version
        struct.pack(">ihhih", 10, 3, 1, 1, 500),  # a client id beyond the frame
        struct.pack(">ihhihi", 14, 3, 1, 1, -1, 0x7FFFFFFF),  # more topics than bytes
    ],
)
def test_what_cannot_be_read_closes_its_connection_and_no_other(broker: BrokerThread, data: bytes) -> None:
    with Wire(broker.bootstrap) as other, Wire(broker.bootstrap) as wire:
        wire.send_raw(data)
        assert wire.is_closed_by_peer()
        assert other.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0


def test_a_produce_without_acks_takes_no_place_among_the_answers(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        create_topic(wire, "unacked")
        wire.send(produce_request("unacked", b"x", acks=0), 7)
        assert wire.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0


def test_a_failed_produce_without_acks_closes_the_connection(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        wire.send(produce_request("no-such-topic", b"x", acks=0), 7)
        assert wire.is_closed_by_peer()


def test_a_client_that_does_not_read_is_not_read_from_and_loses_nothing(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap, timeout_s=30) as wire:
        create_topic(wire, "slow-reader")
        value = bytes(1_000_000)
        assert wire.ask(produce_request("slow-reader", value), 9, ProduceResponse).responses
        frame = wire.frame_of(fetch_request("slow-reader", max_wait_ms=0), 12)
        wire.send_raw((struct.pack(">i", len(frame)) + frame) * 50)  # 50 MB of answers, unread
        with Wire(broker.bootstrap) as other:
            assert other.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0
        for _ in range(50):
            answer = wire.answer(FetchRequest, 12, FetchResponse)
            assert len(answer.responses[0].partitions[0].records or b"") > len(value)


def test_an_idle_connection_is_closed() -> None:
    with running_broker({"connections.max.idle.ms": "200"}) as broker, Wire(broker.bootstrap) as wire:
        assert wire.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0
        assert wire.is_closed_by_peer()


@pytest.mark.parametrize("limit", ["max.connections", "max.connections.per.ip"])
def test_a_connection_too_many_is_closed_at_once(limit: str) -> None:
    with running_broker({limit: "1"}) as broker, Wire(broker.bootstrap) as first:
        assert first.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0
        with Wire(broker.bootstrap) as second:
            assert second.is_closed_by_peer()
        assert first.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0


def test_the_request_limit_is_kept() -> None:
    with running_broker({"socket.request.max.bytes": "1000"}) as broker, Wire(broker.bootstrap) as wire:
        wire.send_raw(struct.pack(">i", 1001))
        assert wire.is_closed_by_peer()


def test_a_handler_that_fails_is_answered_and_harms_no_other_client(
    broker: BrokerThread, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the unforeseen")

    with Wire(broker.bootstrap) as wire:
        with monkeypatch.context() as patched:
            patched.setattr(TABLE[ApiKey.METADATA].load(), "handle", fail)
            answer = wire.ask(MetadataRequest(topics=None), 13, MetadataResponse)
        assert answer.error_code == ErrorCode.UNKNOWN_SERVER_ERROR
        assert wire.ask(MetadataRequest(topics=None), 13, MetadataResponse).error_code == ErrorCode.NONE
    assert "the unforeseen" in capfd.readouterr().err


def test_a_good_request_in_front_of_a_bad_length_is_answered_first(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        frame = wire.frame_of(api_versions(), 3)
        wire.send_raw(struct.pack(">i", len(frame)) + frame + struct.pack(">i", -1))
        assert wire.answer(ApiVersionsRequest, 3, ApiVersionsResponse).error_code == 0
        assert wire.is_closed_by_peer()


def test_a_parked_answer_that_cannot_be_encoded_closes_its_own_connection_only(
    broker: BrokerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the unforeseen")

    def encoder_that_fails(version: int) -> Callable[..., None]:
        return fail

    with Wire(broker.bootstrap) as waiting, Wire(broker.bootstrap) as writer:
        create_topic(writer, "unencodable")
        waiting.send(fetch_request("unencodable", max_wait_ms=30_000), 12)
        assert writer.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0
        with monkeypatch.context() as patched:
            patched.setattr(TABLE[ApiKey.FETCH].load(), "encoder", encoder_that_fails)
            answer = writer.ask(produce_request("unencodable", b"x"), 9, ProduceResponse)
            assert answer.responses[0].partition_responses[0].error_code == 0
            assert waiting.is_closed_by_peer()
        assert writer.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0


def test_a_client_that_shuts_down_its_sending_side_gets_its_answer_and_is_closed(broker: BrokerThread) -> None:
    with Wire(broker.bootstrap) as wire:
        create_topic(wire, "half-closed")
        wire.send(fetch_request("half-closed", max_wait_ms=300), 12)
        wire._socket.shutdown(socket.SHUT_WR)
        assert wire.answer(FetchRequest, 12, FetchResponse).error_code == 0
        assert wire.is_closed_by_peer()


def test_an_api_that_is_not_served_is_logged_by_its_name_once_for_each_client(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with running_broker() as running:
        for client in (b"one", b"one", b"two"):
            with Wire(running.bootstrap) as wire:
                wire.send_frame(struct.pack(">hhih", ApiKey.GET_TELEMETRY_SUBSCRIPTIONS, 0, 7, len(client)) + client)
                assert wire.is_closed_by_peer(5.0)
    logged = capfd.readouterr().err
    assert logged.count("GetTelemetrySubscriptions (71) is not served") == 2


def test_a_limit_of_connections_counts_from_the_moment_it_is_set() -> None:
    with running_broker() as running, Wire(running.bootstrap) as wire:
        for limit, is_admitted in (("1", False), ("2", True)):
            setting = AlterableConfig(
                name="max.connections.per.ip.overrides", config_operation=0, value=f"127.0.0.1:{limit}"
            )
            resource = AlterConfigsResource(resource_type=4, resource_name="1", configs=[setting])
            request = IncrementalAlterConfigsRequest(resources=[resource])
            answer = wire.ask(request, 1, IncrementalAlterConfigsResponse)
            assert [one.error_code for one in answer.responses] == [0]
            with Wire(running.bootstrap) as another:
                assert another.is_closed_by_peer(0.2) is not is_admitted


def heard(wire: Wire) -> bool:
    """Whether a connection is served."""
    return wire.ask(api_versions(), 3, ApiVersionsResponse).error_code == 0


# A window of two samples: what one second allows is free at first.
SHORT_WINDOW = {"quota.window.num": "2"}


def test_connections_beyond_the_rate_of_a_listener_wait_and_are_served() -> None:
    settings = {**SHORT_WINDOW, "max.connection.creation.rate": "5"}
    with running_broker(settings) as broker:
        wires = [Wire(broker.bootstrap) for _ in range(7)]
        assert all(heard(wire) for wire in wires)
        for wire in wires:
            wire.close()


def test_connections_beyond_the_quota_of_their_address_are_closed_unheard() -> None:
    part = QuotaEntityData(entity_type="ip", entity_name="127.0.0.1")
    op = OpData(key="connection_creation_rate", value=3.0, remove=False)
    request = AlterClientQuotasRequest(entries=[EntryData(entity=[part], ops=[op])], validate_only=False)
    with running_broker(SHORT_WINDOW) as broker, Wire(broker.bootstrap) as first:
        assert first.ask(request, 1, AlterClientQuotasResponse).entries[0].error_code == 0
        wires = [Wire(broker.bootstrap) for _ in range(8)]
        for wire in wires:
            wire.send(api_versions(), 3)
        fates = [wire.is_closed_by_peer() for wire in wires]
        assert fates[:3] == [False] * 3
        assert any(fates)
        assert heard(first)
        for wire in wires:
            wire.close()


def test_a_stop_waits_for_no_connection_that_is_held_back_or_muted() -> None:
    part = QuotaEntityData(entity_type="client-id", entity_name="wire")
    op = OpData(key="producer_byte_rate", value=1.0, remove=False)
    request = AlterClientQuotasRequest(entries=[EntryData(entity=[part], ops=[op])], validate_only=False)
    with running_broker({"max.connection.creation.rate": "1"}) as broker:
        wires = [Wire(broker.bootstrap) for _ in range(15)]
        create_topic(wires[0], "t")
        assert wires[0].ask(request, 1, AlterClientQuotasResponse).entries[0].error_code == 0
        answer = wires[0].ask(produce_request("t", b"v" * 1000), 9, ProduceResponse)
        assert answer.throttle_time_ms > 600_000
        wires[0].send(api_versions(), 3)
    assert all(wire.is_closed_by_peer() for wire in wires)
    for wire in wires:
        wire.close()


# Clients that are not heard, or not reached


@asynccontextmanager
async def reached_by_a_client() -> AsyncGenerator[tuple[World, Cluster, Client]]:
    """A broker in the loop of the test, and a client that has asked it something."""
    async with world() as around, around.running() as cluster, client_of(cluster) as client:
        await client.cluster_id()
        yield around, cluster, client


async def is_answered(around: World, asked: "asyncio.Future[str]") -> bool:
    for _ in range(5):
        await around.turn(0)
    return asked.done()


@pytest.mark.parametrize(("hears", "reaches"), [(False, True), (True, False), (False, False)])
async def test_a_client_that_is_cut_off_is_answered_once_it_is_not(hears: bool, reaches: bool) -> None:
    async with reached_by_a_client() as (around, cluster, client):
        server = cluster._running.server
        server.set_reach(hears_clients=hears, reaches_clients=reaches)
        asked = asyncio.ensure_future(client.cluster_id())
        assert not await is_answered(around, asked)
        server.set_reach(hears_clients=True, reaches_clients=True)
        assert await asked == cluster.context.cluster_id


@pytest.mark.parametrize(("hears", "is_written"), [(True, True), (False, False)])
async def test_what_a_client_asks_is_done_if_it_is_heard_though_it_cannot_be_told(
    hears: bool, is_written: bool
) -> None:
    async with reached_by_a_client() as (around, cluster, client):
        await client.create_topic("t")
        cluster._running.server.set_reach(hears_clients=hears, reaches_clients=False)
        asked = asyncio.ensure_future(client.produce("t"))
        assert not await is_answered(around, cast("asyncio.Future[str]", asked))
        assert cluster.context.topics.partition("t", 0).log.log_end_offset == int(is_written)
        cluster._running.server.set_reach(hears_clients=True, reaches_clients=True)
        assert await asked == 0


async def test_who_connects_meanwhile_waits() -> None:
    async with reached_by_a_client() as (around, cluster, _):
        cluster._running.server.set_reach(hears_clients=False, reaches_clients=True)
        async with client_of(cluster) as late:
            asked = asyncio.ensure_future(late.cluster_id())
            assert not await is_answered(around, asked)
            cluster._running.server.set_reach(hears_clients=True, reaches_clients=True)
            assert await asked == cluster.context.cluster_id


async def test_who_gives_up_meanwhile_is_forgotten() -> None:
    async with reached_by_a_client() as (around, cluster, client):
        cluster._running.server.set_reach(hears_clients=False, reaches_clients=False)
        async with client_of(cluster):
            await around.turn(0)
        await client.close()
        cluster._running.server.set_reach(hears_clients=True, reaches_clients=True)
        async with client_of(cluster) as other:
            assert await other.cluster_id() == cluster.context.cluster_id
