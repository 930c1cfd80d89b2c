"""A raw client for the event loop that the broker itself runs in: it sends exactly the bytes it is told to."""

import asyncio
from types import TracebackType
from typing import TypeVar

from ..wire import LENGTH, ClosedByPeer, Conversation, checked_size, host_and_port

Response = TypeVar("Response")


class AsyncWire(Conversation):
    """A Wire for the event loop that the broker itself runs in: `async with await AsyncWire.connect(address)`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client_id: str, timeout_s: float
    ) -> None:
        super().__init__(client_id)
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s

    @classmethod
    async def connect(cls, address: str, *, client_id: str = "wire", timeout_s: float = 10.0) -> "AsyncWire":
        """A connection that every answer must come over within `timeout_s` of the loop's own time."""
        reader, writer = await asyncio.open_connection(*host_and_port(address))
        return cls(reader, writer, client_id=client_id, timeout_s=timeout_s)

    async def __aenter__(self) -> "AsyncWire":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Returns when the socket is closed."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            """The broker was faster."""

    async def ask(self, request: object, version: int, response_type: type[Response]) -> Response:
        """Sends a request of that version and returns its answer. TimeoutError, or ClosedByPeer."""
        self.send(request, version)
        return await self.answer(type(request), version, response_type)

    def send(self, request: object, version: int) -> None:
        """Sends a request and waits for nothing."""
        frame = self.frame_of(request, version)
        self._writer.write(LENGTH.pack(len(frame)) + frame)

    async def answer(self, request_type: type, version: int, response_type: type[Response]) -> Response:
        """The next answer, which must belong to the last request."""
        frame = await self._receive(checked_size(await self._receive(LENGTH.size)))
        return self.decode_answer(frame, request_type, version, response_type)

    async def is_closed_by_peer(self) -> bool:
        """Whether the broker closes within the time, with nothing said before."""
        try:
            return not await asyncio.wait_for(self._reader.read(1), self._timeout_s)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    async def _receive(self, size: int) -> bytes:
        try:
            return await asyncio.wait_for(self._reader.readexactly(size), self._timeout_s)
        except asyncio.IncompleteReadError as end:
            raise ClosedByPeer(f"closed after {len(end.partial)} of {size} bytes") from end
