"""The TLS between a socket and a connection: it is the socket's protocol, and the connection's transport.

The connection is there, and counts, from the first moment, as with Apache Kafka's acceptor; it hears nothing until the
handshake is done. Handshakes take turns with requests, and one that dawdles is closed. What is to be sent is encrypted
in pieces, as the client takes them.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, cast

from ..log_output import get_logger
from ..runtime import TimerHandle
from ..security.tls.stream import TlsFailure, TlsStream
from .connection import Connection, Listener

logger = get_logger("connection")

# Apache Kafka bounds a handshake by connections.max.idle.ms alone, ten minutes.
HANDSHAKE_S = 10.0
# What a client may send ahead before its handshake has had a turn.
UNREAD_BYTES = 256 * 1024
# Encrypted at a time, before others have their turn.
PIECE_BYTES = 512 * 1024

LEFT = "the client left in the middle of the TLS handshake: it may not take this broker's certificate"

Sendable = bytes | bytearray | memoryview


class TlsConnection(asyncio.Protocol, asyncio.Transport):
    """asyncio's view of a client that speaks TLS, and a Connection's view of its socket."""

    def __init__(self, listener: Listener, stream: TlsStream, connection: Connection) -> None:
        asyncio.Transport.__init__(self)
        self._listener = listener
        self._stream = stream
        self._connection: Connection | None = connection
        self._unsent: deque[memoryview] = deque()
        self._unsent_bytes = 0
        self._unread_bytes = 0  # of the handshake, until its turn
        self._is_reading_paused = False  # until that turn
        self._is_write_paused = False
        self._has_paused = False  # the connection was told
        self._is_closing = self._is_lost = self._is_queued = False
        self._timer: TimerHandle | None = None
        self._next_piece: TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.Transport, transport)
        self._timer = self._listener.timers.call_at(self._listener.now() + HANDSHAKE_S, self._on_late)
        if self._connection is not None:
            self._connection.connection_made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._drop_unsent()
        self._cancel_timer()
        connection, self._connection = self._connection, None  # no cycle is left behind
        if connection is not None:
            if self._stream.has_begun and not self._stream.is_open and not self._is_closing:
                logger.warning("connection closed", client=connection.host, why=LEFT)
            connection.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        try:
            self._stream.receive(data)
            if self._stream.is_open:
                self._hand_on()
            else:
                self._shake_hands(len(data))
        except TlsFailure as failure:
            self._fail(failure)

    def eof_received(self) -> bool:
        if self._stream.is_open and self._connection is not None and not self._stream.has_ended:
            return self._connection.eof_received()
        return self._stream.has_ended and not self._is_closing

    def pause_writing(self) -> None:
        self._is_write_paused = True
        self._pause_connection()

    def resume_writing(self) -> None:
        self._is_write_paused = False
        self._encrypt()

    def take_turn(self) -> None:
        """Go on with the handshake; the queue of turns has come to it."""
        self._is_queued = False
        if self._is_lost or self._is_closing:
            return
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._socket.resume_reading()
        self._unread_bytes = 0
        try:
            is_open = self._stream.handshake()
            self._flush()
            if is_open:
                self._open()
        except TlsFailure as failure:
            self._fail(failure)

    def _shake_hands(self, size: int) -> None:
        """Now or when its turn comes: each step may cost what many requests do."""
        self._unread_bytes += size
        if self._is_queued:
            if self._unread_bytes > UNREAD_BYTES and not self._is_reading_paused:
                self._is_reading_paused = True
                self._socket.pause_reading()
        elif self._listener.turns.may_begin():
            self.take_turn()
            self._listener.turns.note_end()
        else:
            self._is_queued = True
            self._listener.turns.queue(self)

    def _open(self) -> None:
        self._cancel_timer()
        user = self._stream.user()
        if self._connection is not None and user is not None:
            self._connection.know_user(user)
        self._hand_on()

    def _hand_on(self) -> None:
        """Give the connection what the client has said."""
        plain = self._stream.decrypt()
        if plain and self._connection is not None:
            self._connection.data_received(plain)
        if not self._stream.has_ended or self._connection is None or self._is_closing:
            return
        if not self._connection.eof_received():
            self.close()

    def _on_late(self) -> None:
        self._timer = None
        self._fail(TlsFailure(f"the TLS handshake is not done after {HANDSHAKE_S:g} s"))

    def _fail(self, failure: TlsFailure) -> None:
        if self._connection is None or self._is_closing:
            return
        logger.warning("connection closed", client=self._connection.host, why=str(failure))
        self._is_closing = True
        self._drop_unsent()
        self._flush()  # the alert that tells the client
        self._socket.close()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What follows is the transport of the connection.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._socket.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._socket.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._unsent_bytes + self._socket.get_write_buffer_size()

    def write(self, data: Sendable) -> None:
        self.writelines((data,))

    def writelines(self, list_of_data: Iterable[Sendable]) -> None:
        if self._is_lost or self._is_closing:
            return
        for data in list_of_data:
            self._unsent.append(memoryview(data))
            self._unsent_bytes += len(data)
        if not self._is_write_paused and self._next_piece is None:
            self._encrypt()

    def pause_reading(self) -> None:
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        self._socket.resume_reading()

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        """Send what is to be sent, then close."""
        if not self._is_closing:
            self._is_closing = True
            if not self._unsent:
                self._finish()

    def abort(self) -> None:
        self._is_closing = True
        self._drop_unsent()
        self._socket.abort()

    def _encrypt(self) -> None:
        """What fits into one piece; the rest once others have had their turn, and the client has read."""
        self._next_piece = None
        if self._is_lost:
            return
        try:
            size = 0
            while self._unsent and not self._is_write_paused and size < PIECE_BYTES:
                piece = self._take_piece()
                size += len(piece)
                self._stream.encrypt(piece)
                self._flush()
        except TlsFailure as failure:
            self._fail(failure)
            return
        if self._unsent:
            self._pause_connection()
            if not self._is_write_paused:
                self._next_piece = self._listener.timers.call_soon(self._encrypt)
        elif self._is_closing:
            self._finish()
        elif self._has_paused and not self._is_write_paused:
            self._has_paused = False
            if self._connection is not None:
                self._connection.resume_writing()

    def _take_piece(self) -> Sendable:
        """Small ones together: each record costs its client and us some fifty bytes and a call."""
        piece = self._unsent.popleft()
        if len(piece) > PIECE_BYTES:
            self._unsent.appendleft(piece[PIECE_BYTES:])
            piece = piece[:PIECE_BYTES]
        joined: Sendable = piece
        if self._unsent and len(piece) < 4096:
            pieces, size = [piece], len(piece)
            while self._unsent and size + len(self._unsent[0]) <= PIECE_BYTES:
                pieces.append(self._unsent.popleft())
                size += len(pieces[-1])
            joined = b"".join(pieces)
        self._unsent_bytes -= len(joined)
        return joined

    def _flush(self) -> None:
        if data := self._stream.to_send():
            self._socket.write(data)

    def _pause_connection(self) -> None:
        if not self._has_paused and self._connection is not None:
            self._has_paused = True
            self._connection.pause_writing()

    def _finish(self) -> None:
        if self._stream.is_open:
            self._stream.end()
            self._flush()
        self._socket.close()

    def _drop_unsent(self) -> None:
        self._unsent.clear()
        self._unsent_bytes = 0
        if self._next_piece is not None:
            self._next_piece.cancel()
            self._next_piece = None
