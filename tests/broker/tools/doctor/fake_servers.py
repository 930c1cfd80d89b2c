"""What may stand behind a port: a small Kafka that says what a test wants, a program of another kind, or silence."""

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.codec import encode_bytes
from odradek.protocol.errors import ErrorCode
from odradek.protocol.header import encode_response_header
from odradek.protocol.messages.api_versions import ApiVersion, ApiVersionsResponse, FinalizedFeatureKey
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
)
from odradek.protocol.messages.describe_quorum import DescribeQuorumResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataResponse, MetadataResponseBroker, MetadataResponseTopic
from odradek.protocol.messages.sasl_handshake import SaslHandshakeResponse

MOST_REQUEST_BYTES = 1 << 20
FLEXIBLE_FROM: Mapping[int, int] = {3: 9, 10: 3, 17: 99, 18: 3, 32: 4, 55: 0}
SERVED: Sequence[ApiVersion] = (
    ApiVersion(api_key=0, min_version=0, max_version=13),
    ApiVersion(api_key=1, min_version=4, max_version=18),
    ApiVersion(api_key=2, min_version=1, max_version=11),
    ApiVersion(api_key=3, max_version=13),
    ApiVersion(api_key=8, min_version=2, max_version=10),
    ApiVersion(api_key=9, min_version=1, max_version=10),
    ApiVersion(api_key=10, max_version=6),
    ApiVersion(api_key=11, max_version=9),
    ApiVersion(api_key=12, max_version=4),
    ApiVersion(api_key=14, max_version=5),
    ApiVersion(api_key=18, max_version=4),
    ApiVersion(api_key=32, min_version=1, max_version=4),
    ApiVersion(api_key=55, max_version=2),
)

Handle = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(handle: Handle, host: str = "127.0.0.1", port: int = 0) -> Generator[int]:
    """A server whose every connection is given to `handle` in a thread of its own; its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def serve_one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            handle(connection)

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            thread = threading.Thread(target=serve_one, args=(connection,), daemon=True)
            thread.start()
            threads.append(thread)

    with socket.create_server((host, port), family=family) as listener:
        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def until_closed(connection: socket.socket) -> None:
    """Reads and says nothing."""
    while connection.recv(4096):
        pass


def saying(words: bytes, *, after: bytes | None = None) -> Handle:
    """Says the words at once, or where it reads `after`, and closes where it reads anything else."""

    def handle(connection: socket.socket) -> None:
        if after is not None and after not in connection.recv(4096):
            return
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        until_closed(connection)

    return handle


def closing(connection: socket.socket) -> None:
    """Takes a connection and ends it, as a container's published port does where nothing listens inside."""


def dripping(connection: socket.socket) -> None:
    """Promises more than it can ever give, and says one byte more whenever nothing has come for a while."""
    connection.settimeout(0.005)
    for byte in itertools.chain(MOST_REQUEST_BYTES.to_bytes(4), itertools.repeat(0)):
        connection.sendall(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            if not connection.recv(4096):
                return


def over_tls(handle: Handle, context: ssl.SSLContext) -> Handle:
    """The same, over TLS."""

    def with_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            handle(secured)

    return with_tls


@dataclass
class FakeKafka:
    """A broker as a test wants it; `brokers` is what its Metadata gives: (node id, host, port)."""

    brokers: Sequence[tuple[int, str, int]] = ()
    node_id: int | None = 1
    cluster_id: str | None = "fake"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    topics: Sequence[MetadataResponseTopic] = ()
    coordinators: Sequence[FindCoordinatorResponse] = ()
    quorum: Callable[[], DescribeQuorumResponse] | None = None
    served: Sequence[ApiVersion] = SERVED
    newest_api_versions: int = 4
    sasl_mechanisms: Sequence[str] | None = None
    closes_at: Sequence[int] = ()  # API keys
    asked: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def __call__(self, connection: socket.socket) -> None:
        while head := _exactly(connection, 4):
            if int.from_bytes(head) > MOST_REQUEST_BYTES:
                return
            frame = _exactly(connection, int.from_bytes(head))
            key, version, number = (
                int.from_bytes(frame[0:2]),
                int.from_bytes(frame[2:4]),
                int.from_bytes(frame[4:8]),
            )
            self.asked.append((key, version))
            answer = self._answer(key, version, frame)
            if answer is None:
                return
            if key == ApiKey.API_VERSIONS and version > self.newest_api_versions:
                version = 0
            body = bytes(encode_response_header(key, version, number, FLEXIBLE_FROM[key]))
            body += encode_bytes(answer, version)
            connection.sendall(len(body).to_bytes(4) + body)

    def _answer(self, key: int, version: int, frame: bytes) -> object | None:
        if key in self.closes_at:
            return None
        if key == ApiKey.API_VERSIONS:
            is_known = version <= self.newest_api_versions
            code = ErrorCode.NONE if is_known else ErrorCode.UNSUPPORTED_VERSION
            served = [
                ApiVersion(api_key=18, max_version=self.newest_api_versions) if one.api_key == 18 else one
                for one in self.served
            ]
            features = [FinalizedFeatureKey(name="transaction.version", max_version_level=2)]
            return ApiVersionsResponse(error_code=code, api_keys=served, finalized_features=features)
        if key == ApiKey.SASL_HANDSHAKE:
            if self.sasl_mechanisms is None:
                return SaslHandshakeResponse(error_code=ErrorCode.ILLEGAL_SASL_STATE)
            code = ErrorCode.UNSUPPORTED_SASL_MECHANISM
            return SaslHandshakeResponse(error_code=code, mechanisms=self.sasl_mechanisms)
        if self.sasl_mechanisms is not None:
            return None
        return self._answer_cluster(key)

    def _answer_cluster(self, key: int) -> object | None:
        if key == ApiKey.METADATA:
            brokers = [MetadataResponseBroker(node_id=n, host=host, port=port) for n, host, port in self.brokers]
            return MetadataResponse(
                brokers=brokers, cluster_id=self.cluster_id, controller_id=1, topics=list(self.topics)
            )
        if key == ApiKey.DESCRIBE_CONFIGS:
            return DescribeConfigsResponse(results=[self._described(node_id) for node_id, _, _ in self.brokers])
        if key == ApiKey.FIND_COORDINATOR:
            asked = sum(1 for asked, _ in self.asked if asked == key)
            return self.coordinators[min(asked, len(self.coordinators)) - 1] if self.coordinators else None
        return self.quorum() if key == ApiKey.DESCRIBE_QUORUM and self.quorum is not None else None

    def _described(self, node_id: int) -> DescribeConfigsResult:
        if node_id != self.node_id:
            code = ErrorCode.INVALID_REQUEST
            return DescribeConfigsResult(error_code=code, resource_type=4, resource_name=str(node_id))
        configs = [DescribeConfigsResourceResult(name=n, value=v) for n, v in {"node.id": "1", **self.settings}.items()]
        return DescribeConfigsResult(resource_type=4, resource_name=str(node_id), configs=configs)


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            return b""
        received += piece
    return received
