"""A raw client in an event loop: it sends what it is told, and takes no answer for another."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from odradek.broker.testing.async_wire import AsyncWire
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.heartbeat import HeartbeatResponse

from ..test_wire import HEARTBEAT, answer, peer


@asynccontextmanager
async def async_peer(reply: Callable[[bytes], bytes], *, closes: bool = True) -> AsyncGenerator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(await reader.read(1 << 16)))
        if not closes:
            await reader.read(1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_both_clients_send_the_same_bytes() -> None:
    received: list[bytes] = []

    def reply(data: bytes) -> bytes:
        received.append(data)
        return answer(1)

    async with async_peer(reply) as address, await AsyncWire.connect(address, client_id="shop") as wire:
        assert (await wire.ask(HEARTBEAT, 4, HeartbeatResponse)).error_code == 27
        assert await wire.is_closed_by_peer()
    with peer(answer(1)) as (address, sent), Wire(address, client_id="shop") as blocking:
        blocking.ask(HEARTBEAT, 4, HeartbeatResponse)
    assert received == sent


async def test_what_is_no_answer_is_an_error() -> None:
    async with async_peer(lambda _: answer(1)[:9]) as address, await AsyncWire.connect(address) as wire:
        with pytest.raises(ClosedByPeer, match="closed after"):
            await wire.ask(HEARTBEAT, 4, HeartbeatResponse)
    async with async_peer(lambda _: answer(7)) as address, await AsyncWire.connect(address) as wire:
        with pytest.raises(ConnectionError, match="answer 7 where 1 was due"):
            await wire.ask(HEARTBEAT, 4, HeartbeatResponse)


async def test_a_peer_that_says_nothing_is_not_waited_for_longer_than_told() -> None:
    async with (
        async_peer(lambda _: b"", closes=False) as address,
        await AsyncWire.connect(address, timeout_s=0.05) as wire,
    ):
        with pytest.raises(TimeoutError):
            await wire.ask(ApiVersionsRequest(client_software_name="x"), 3, ApiVersionsResponse)
        assert not await wire.is_closed_by_peer()
