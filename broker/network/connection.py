"""One client connection: frames in, segments out, one request at a time.

Answers leave in the order of the requests because the next request is taken only when the last one was answered,
as Apache Kafka mutes the socket. What a client sends ahead waits in its own socket once it is more than one read.
"""

import asyncio
from collections import deque
from typing import Protocol, cast

from ...protocol.codec import Segment
from ...protocol.frame import FrameSplitter
from ...protocol.wire import CorruptFrame
from ..deferred import Disconnect
from ..log_output import get_logger
from ..session import Session
from .dispatch import DeferredResponse, Dispatcher

logger = get_logger("connection")

# A reader slower than this has its next request wait: at most one answer is buffered beyond it.
WRITE_HIGH_WATER_BYTES = 256 * 1024


class Listener(Protocol):
    """What a connection asks of the server that accepted it."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def admit(self, connection: "Connection") -> bool:
        """Whether there is room for one more."""
        ...

    def remove(self, connection: "Connection") -> None:
        """The connection is closed."""
        ...


class Connection(asyncio.Protocol):
    """asyncio's view of a client. Everything of meaning happens in the dispatcher."""

    def __init__(self, listener: Listener, dispatcher: Dispatcher, max_request_bytes: int) -> None:
        self._listener = listener
        self._dispatcher = dispatcher
        self._splitter = FrameSplitter(max_request_bytes)
        self._frames: deque[bytes | bytearray | memoryview] = deque()
        self._deferred: DeferredResponse | None = None  # the request that is being worked on
        self._is_write_paused = False
        self._is_reading_paused = False
        self._is_taking = False
        self._is_closed = False
        self.last_active_s = 0.0
        self.host = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        local = transport.get_extra_info("sockname")
        self.host = str(peer[0]) if peer else "unknown"
        self._session = Session(f"/{self.host}", str(local[0]), int(local[1]))
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)
        self.last_active_s = self._listener.now()
        if not self._listener.admit(self):
            self._is_closed = True
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        self._frames.clear()
        self._listener.remove(self)
        if self._deferred is not None:
            self._deferred.drop()
            self._deferred = None

    def data_received(self, data: bytes) -> None:
        if self._is_closed:
            return
        self.last_active_s = self._listener.now()
        try:
            self._frames.extend(self._splitter.feed(data))
        except CorruptFrame as error:
            self._close(str(error))
            return
        self._take_next()

    def pause_writing(self) -> None:
        self._is_write_paused = True

    def resume_writing(self) -> None:
        self._is_write_paused = False
        self._take_next()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being worked on."""
        return self._deferred is None and not self._frames

    def close_idle(self) -> None:
        """Close because nothing came for `connections.max.idle.ms`."""
        self._is_closed = True
        self._transport.close()

    def abort(self) -> None:
        """Close at once, at the broker's stop."""
        self._is_closed = True
        self._transport.abort()

    def _take_next(self) -> None:
        """Work on waiting frames until one is deferred, the client reads too slowly, or none is left."""
        if self._is_taking:  # an answer sent from within may resume writing
            return
        self._is_taking = True
        try:
            while self._frames and self._deferred is None and not self._is_write_paused and not self._is_closed:
                self._take(self._frames.popleft())
        finally:
            self._is_taking = False
        self._match_reading()
        if self._splitter.fault is not None and self.is_idle:
            # A length that no frame may have ends the connection, after the requests in front of it.
            self._close(str(self._splitter.fault))

    def _take(self, frame: bytes | bytearray | memoryview) -> None:
        self._dispatcher.hold()
        try:
            self._answer(frame)
        finally:
            self._dispatcher.complete_ready()

    def _answer(self, frame: bytes | bytearray | memoryview) -> None:
        try:
            answer = self._dispatcher.receive(frame, self._session)
        except (CorruptFrame, Disconnect) as error:
            self._close(str(error))
            return
        except Exception as error:
            logger.exception("a frame could not be handled", client=self.host)
            self._close(f"an unexpected {type(error).__name__}")
            return
        if isinstance(answer, DeferredResponse):
            self._deferred = answer
            answer.deliver_to(self._send_deferred, self._close)
        elif answer is not None:
            self._transport.writelines(answer)

    def _send_deferred(self, answer: list[Segment] | None) -> None:
        """The deferred response has come."""
        self._deferred = None
        if self._is_closed:
            return
        if answer is not None:
            self._transport.writelines(answer)
        self._take_next()

    def _match_reading(self) -> None:
        """Read on only while what was read is being worked off (backpressure towards the client)."""
        should_pause = bool(self._frames) and not self._is_closed
        if should_pause and not self._is_reading_paused:
            self._transport.pause_reading()
        elif self._is_reading_paused and not should_pause and not self._is_closed:
            self._transport.resume_reading()
        self._is_reading_paused = should_pause

    def _close(self, why: str) -> None:
        """Close without an answer, as Kafka does for what it cannot read."""
        if self._is_closed:
            return
        logger.warning("connection closed", client=self.host, client_id=self._session.client_id, why=why)
        self._is_closed = True
        self._frames.clear()
        self._transport.close()
