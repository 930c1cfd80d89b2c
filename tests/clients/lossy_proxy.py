"""A proxy that loses answers: the broker has done what it was asked, and the client never learns of it.

It passes everything on, but swallows every n-th answer to a Produce request and cuts that connection.
"""

import asyncio
import struct
import threading
from types import TracebackType

from odradek.protocol.api_keys import ApiKey

_REQUEST_HEAD = struct.Struct(">hhi")


class LossyProxy:
    """Listens on `port` in a thread of its own. `lost` counts the swallowed answers.

    Clients go where Metadata says, so the broker must advertise the proxy's address.
    """

    def __init__(self, port: int, target: str, *, lose_every: int) -> None:
        self.lost = 0
        self.address = f"127.0.0.1:{port}"
        self._port = port
        self._target = target
        self._lose_every = lose_every
        self._answered = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "LossyProxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def _end(self) -> None:
        self._server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:  # one may just have been accepted
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # the transports are closed in the next turn

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        host, _, port = self._target.rpartition(":")
        produces: set[int] = set()  # correlation ids of Produce requests on this connection
        try:
            broker, to_broker = await asyncio.open_connection(host, int(port))
        except (OSError, asyncio.CancelledError):
            to_client.transport.abort()
            return
        ways = [
            asyncio.ensure_future(self._requests(client, to_broker, produces)),
            asyncio.ensure_future(self._answers(broker, to_client, produces)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_client.transport.abort()  # what nobody reads would keep it open
            to_broker.transport.abort()

    async def _requests(
        self, client: asyncio.StreamReader, to_broker: asyncio.StreamWriter, produces: set[int]
    ) -> None:
        while True:
            frame = await _frame(client)
            key, _, correlation_id = _REQUEST_HEAD.unpack_from(frame, 4)
            if key == ApiKey.PRODUCE:
                produces.add(correlation_id)
            to_broker.write(frame)
            await to_broker.drain()

    async def _answers(self, broker: asyncio.StreamReader, to_client: asyncio.StreamWriter, produces: set[int]) -> None:
        while True:
            frame = await _frame(broker)
            (correlation_id,) = struct.unpack_from(">i", frame, 4)
            if correlation_id in produces:
                produces.discard(correlation_id)
                self._answered += 1
                if self._answered % self._lose_every == 0:
                    self.lost += 1
                    return
            to_client.write(frame)
            await to_client.drain()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame with its length in front; IncompleteReadError ends the connection."""
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack(">i", head)[0])
