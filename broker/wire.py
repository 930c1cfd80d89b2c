"""A raw client that sends exactly the bytes it is told to, on a blocking socket; testing/async_wire.py has another.

It retries nothing, hides nothing and knows no cluster: one socket, one request at a time.
"""

import socket
import struct
from types import TracebackType
from typing import TypeVar

from ..protocol.codec import decode, encode_bytes
from ..protocol.header import RequestHeader, decode_response_header, encode_request_header
from ..protocol.schema import declared

LENGTH = struct.Struct(">i")
MAX_ANSWER_BYTES = 256 * 1024 * 1024

Response = TypeVar("Response")


class ClosedByPeer(ConnectionError):
    """The broker closed the connection where an answer was due."""


class Conversation:
    """The requests of one connection, numbered, and the answers that must have their numbers."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self._correlation_id = 0

    def frame_of(self, request: object, version: int) -> bytes:
        """The next request as bytes, without its length: to be damaged and sent with `send_frame`."""
        api_key, flexible_from = _api_of(type(request))
        self._correlation_id += 1
        header = RequestHeader(api_key, version, self._correlation_id, self.client_id)
        return bytes(encode_request_header(header, flexible_from)) + encode_bytes(request, version)

    def decode_answer(self, frame: bytes, request_type: type, version: int, response_type: type[Response]) -> Response:
        """The answer in a frame, which must have the number of the last request."""
        api_key, flexible_from = _api_of(request_type)
        correlation_id, pos = decode_response_header(frame, api_key, version, flexible_from)
        if correlation_id != self._correlation_id:
            raise ConnectionError(f"answer {correlation_id} where {self._correlation_id} was due")
        return decode(response_type, version, memoryview(frame)[pos:])


class Wire(Conversation):
    """One connection to a broker, spoken to in frames."""

    def __init__(
        self,
        address: str,
        *,
        client_id: str = "wire",
        timeout_s: float = 10.0,
        connection: socket.socket | None = None,
    ) -> None:
        """Connects, or speaks over a connection that is there already: it may be one of TLS."""
        super().__init__(client_id)
        self._socket = connection or socket.create_connection(host_and_port(address), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def set_timeout(self, timeout_s: float) -> None:
        """How long anything may take from now on."""
        self._socket.settimeout(timeout_s)

    def ask(self, request: object, version: int, response_type: type[Response]) -> Response:
        """Sends a request of that version and returns its answer. TimeoutError, or ClosedByPeer."""
        self.send(request, version)
        return self.answer(type(request), version, response_type)

    def send(self, request: object, version: int) -> None:
        """Sends a request and waits for nothing."""
        self.send_frame(self.frame_of(request, version))

    def send_frame(self, frame: bytes) -> None:
        """Sends bytes with their length in front."""
        self.send_raw(LENGTH.pack(len(frame)) + frame)

    def send_raw(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._socket.sendall(data)

    def answer(self, request_type: type, version: int, response_type: type[Response]) -> Response:
        """The next answer, which must belong to the last request. A version the declaration lacks is an error."""
        return self.decode_answer(self.receive_frame(), request_type, version, response_type)

    def receive_frame(self) -> bytes:
        """The next frame without its length."""
        return self.receive_exactly(checked_size(self.receive_exactly(LENGTH.size)))

    def is_closed_by_peer(self, timeout_s: float = 5.0) -> bool:
        """Whether the broker closes within the time, with nothing said before."""
        before = self._socket.gettimeout()
        self._socket.settimeout(timeout_s)
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        finally:
            self._socket.settimeout(before)

    def receive_some(self, most: int) -> bytes:
        """What comes first, at most so many bytes; none where the broker has closed."""
        return self._socket.recv(most)

    def receive_exactly(self, size: int) -> bytes:
        """So many bytes, whatever they are."""
        received = bytearray()
        while len(received) < size:
            piece = self.receive_some(min(size - len(received), 1 << 20))
            if not piece:
                raise ClosedByPeer(f"closed after {len(received)} of {size} bytes")
            received += piece
        return bytes(received)


def host_and_port(address: str) -> tuple[str, int]:
    """The two parts of HOST:PORT; of an IPv6 address without its brackets. ValueError."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def checked_size(length: bytes) -> int:
    """How long the frame is that begins so. ConnectionError for what no answer can be."""
    (size,) = LENGTH.unpack(length)
    if not 0 <= size <= MAX_ANSWER_BYTES:
        raise ConnectionError(f"an answer of {size} bytes")
    return int(size)


def _api_of(request_type: type) -> tuple[int, int]:
    """(key, first flexible version) as declared."""
    life = declared(request_type)
    if life.api_key is None:
        raise TypeError(f"{request_type.__name__} is no request")
    return life.api_key, life.flexible.first
