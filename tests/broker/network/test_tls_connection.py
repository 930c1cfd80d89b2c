"""The TLS between a socket and a connection, and clients of a broker that speak it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Generator
from pathlib import Path
from typing import cast

import pytest

from odradek.broker.network.connection import Connection
from odradek.broker.network.tls_connection import HANDSHAKE_S, PIECE_BYTES, UNREAD_BYTES, TlsConnection
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.embedded import BrokerThread, running_broker
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.wire import Wire, host_and_port
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntryData,
    OpData,
)
from odradek.protocol.messages.alter_client_quotas import EntityData as QuotaEntityData
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ..security.tls.certificates import AUTHORITY, CLIENT, SERVER, Authority, Issued
from ..security.tls.test_stream import Client, stream
from .test_connection import Listener


class Socket(asyncio.Transport):
    """What the connection does to its socket; `takes` is how much it takes before it asks for a pause."""

    def __init__(self) -> None:
        super().__init__({"peername": ("10.0.0.7", 5000), "sockname": ("10.0.0.1", 9092)})
        self.sent = bytearray()
        self.takes = 1 << 30
        self.on_full: Callable[[], None] = lambda: None
        self.reads = True
        self.is_closed = self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data
        if len(self.sent) > self.takes:
            self.on_full()

    def take_sent(self) -> bytes:
        sent, self.sent = bytes(self.sent), bytearray()
        return sent

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        return

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True


class Heard:
    """In place of a Connection: what it is told."""

    host = "10.0.0.7"

    def __init__(self) -> None:
        self.user: str | None = None
        self.data = b""
        self.said: list[str] = []
        self.answers_owed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.said.append("made")

    def connection_lost(self, exc: Exception | None) -> None:
        self.said.append("lost")

    def know_user(self, user: str) -> None:
        self.user = user

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> bool:
        self.said.append("eof")
        return self.answers_owed

    def pause_writing(self) -> None:
        self.said.append("pause")

    def resume_writing(self) -> None:
        self.said.append("resume")


class Pair:
    """A client that shakes hands with a connection, both in memory."""

    def __init__(self, tmp_path: Path, own: Issued | None = None, **given: str) -> None:
        self.clock = ManualClock()
        self.listener = Listener(manual_runtime(self.clock), admits=True)
        self.listener.time = self.clock.now()
        self.heard, self.socket = Heard(), Socket()
        broker = stream({name.replace("_", "."): value for name, value in given.items()})
        self.connection = TlsConnection(self.listener, broker, cast(Connection, self.heard))
        self.client = Client(AUTHORITY.client_context(tmp_path, own))
        self.connection.connection_made(self.socket)
        self.socket.on_full = self.connection.pause_writing

    def shake_hands(self) -> None:
        for _ in range(4):
            if said := self.client.go_on():
                self.connection.data_received(said)
            self.clock.advance(0)
            self.client.incoming.write(self.socket.take_sent())

    def hear(self) -> bytes:
        return self.client.hear(self.socket.take_sent())


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path)
    made.shake_hands()
    return made


def test_a_connection_is_there_from_the_first_moment_and_hears_what_was_encrypted(pair: Pair) -> None:
    assert pair.heard.said == ["made"]
    pair.connection.data_received(pair.client.say(b"hello"))
    assert pair.heard.data == b"hello"
    pair.connection.writelines([b"good ", memoryview(b"day")])
    assert pair.hear() == b"good day"
    assert pair.connection.get_extra_info("peername") == ("10.0.0.7", 5000)


def test_what_comes_in_one_piece_with_the_end_of_the_handshake_is_heard(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.connection.data_received(pair.client.go_on())
    pair.client.incoming.write(pair.socket.take_sent())
    pair.connection.data_received(pair.client.go_on() + pair.client.say(b"at once"))
    assert pair.heard.data == b"at once"


def test_the_connection_learns_whom_the_certificate_names(tmp_path: Path) -> None:
    for own, is_known in ((CLIENT, True), (None, False)):
        pair = Pair(tmp_path, own, ssl_client_auth="requested")
        pair.shake_hands()
        assert (pair.heard.user is not None) == is_known


def test_a_handshake_that_dawdles_is_closed_and_one_that_is_done_is_not(tmp_path: Path, pair: Pair) -> None:
    slow = Pair(tmp_path)
    slow.connection.data_received(slow.client.go_on()[:10])
    for one in (slow, pair):
        one.clock.advance(HANDSHAKE_S + 1)
    assert slow.socket.is_closed
    assert not pair.socket.is_closed
    assert pair.clock.pending == 0


def test_handshakes_wait_for_their_turn_while_the_loop_is_busy_and_read_no_more_than_a_little(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.listener.turns.may_begin = lambda: False  # type: ignore[method-assign]
    pair.connection.data_received(pair.client.go_on())
    assert not pair.socket.sent
    pair.connection.data_received(bytes(UNREAD_BYTES))
    assert not pair.socket.reads
    pair.clock.advance(0)
    assert pair.socket.sent
    assert pair.socket.reads


@pytest.mark.parametrize(("size", "is_named"), [(0, False), (10, True)])
def test_a_client_that_leaves_in_the_middle_of_it_is_named_but_not_one_that_only_looked_in(
    tmp_path: Path, size: int, is_named: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    pair = Pair(tmp_path)
    pair.connection.data_received(pair.client.go_on()[:size])
    pair.connection.connection_lost(None)
    assert ("left in the middle of the TLS handshake" in capfd.readouterr().err) == is_named


def test_one_that_is_gone_before_its_turn_takes_none(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.listener.turns.may_begin = lambda: False  # type: ignore[method-assign]
    pair.connection.data_received(pair.client.go_on())
    pair.connection.connection_lost(None)
    pair.clock.advance(0)
    assert not pair.socket.sent
    assert pair.clock.pending == 0


@pytest.mark.parametrize("size", [1, PIECE_BYTES, 5 * PIECE_BYTES + 1])
def test_much_is_encrypted_in_pieces_with_others_in_between(pair: Pair, size: int) -> None:
    pair.connection.writelines([bytes(size)])
    assert len(pair.socket.sent) <= 1.1 * PIECE_BYTES
    assert pair.connection.get_write_buffer_size() == max(0, size - PIECE_BYTES)
    heard = len(pair.hear())
    while heard < size:
        pair.clock.advance(0)
        heard += len(pair.hear())
    assert pair.heard.said == (["made"] if size <= PIECE_BYTES else ["made", "pause", "resume"])
    assert heard == size


def test_a_client_that_does_not_read_has_nothing_more_encrypted_for_it(pair: Pair) -> None:
    pair.socket.takes = 1000
    pair.connection.writelines([bytes(1000), bytes(PIECE_BYTES), b"last"])
    sent = len(pair.socket.sent)
    pair.clock.advance(0)
    assert len(pair.socket.sent) == sent
    assert pair.heard.said == ["made", "pause"]
    pair.socket.takes = 1 << 30
    pair.connection.resume_writing()
    pair.clock.advance(0)
    assert pair.hear().endswith(b"last")
    assert pair.heard.said == ["made", "pause", "resume"]


def test_a_close_waits_for_what_is_to_be_sent_and_says_that_it_is_the_end(pair: Pair) -> None:
    pair.connection.writelines([bytes(2 * PIECE_BYTES)])
    pair.connection.close()
    assert pair.connection.is_closing()
    assert not pair.socket.is_closed
    pair.connection.writelines([b"too late"])
    heard = pair.hear()
    while not pair.socket.is_closed:
        pair.clock.advance(0)
        heard += pair.hear()
    assert heard == bytes(2 * PIECE_BYTES)
    assert pair.client.tls.read(1) == b""  # where there is an end to come it would wait


def test_an_abort_sends_nothing_more(pair: Pair) -> None:
    pair.connection.writelines([bytes(2 * PIECE_BYTES)])
    pair.connection.abort()
    pair.clock.advance(0)
    assert pair.socket.is_aborted
    pair.connection.connection_lost(None)
    assert pair.heard.said[-1] == "lost"


def test_a_client_that_no_rule_is_for_is_closed_and_nothing_of_what_it_says_is_heard(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules = {"ssl.client.auth": "required", "ssl.principal.mapping.rules": "RULE:^CN=bob,.*$/bob/"}
    with tls_broker(tmp_path, **rules) as broker, pytest.raises((ssl.SSLError, ConnectionError)):
        is_served(connect(addresses(broker)[0], AUTHORITY.client_context(tmp_path, CLIENT)))
    assert "no rule of ssl.principal.mapping.rules is for CN=alice" in capfd.readouterr().err


def test_what_comes_after_a_close_is_not_heard(pair: Pair) -> None:
    pair.connection.writelines([bytes(2 * PIECE_BYTES)])
    pair.connection.close()
    pair.connection.data_received(pair.client.say(b"late"))
    assert pair.heard.data == b""


@pytest.mark.parametrize("answers_owed", [True, False])
def test_a_client_that_ends_what_it_says_is_answered_before_it_is_closed(pair: Pair, answers_owed: bool) -> None:
    pair.heard.answers_owed = answers_owed
    with contextlib.suppress(ssl.SSLWantReadError):
        pair.client.tls.unwrap()
    pair.connection.data_received(pair.client.outgoing.read())
    assert pair.heard.said == ["made", "eof"]
    assert pair.socket.is_closed == (not answers_owed)
    assert pair.connection.eof_received() == answers_owed


def test_a_socket_that_ends_is_the_end_also_in_the_middle_of_a_handshake(tmp_path: Path, pair: Pair) -> None:
    assert not pair.connection.eof_received()
    assert pair.heard.said == ["made", "eof"]
    assert not Pair(tmp_path).connection.eof_received()


# What follows are clients of a broker.


@contextlib.contextmanager
def tls_broker(directory: Path, **given: str) -> Generator[BrokerThread]:
    settings = {
        "listeners": "SSL://127.0.0.1:0,PLAINTEXT://127.0.0.1:0",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": SERVER.write(directory / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": AUTHORITY.write(directory / "ca.pem"),
        **{name.replace("_", "."): value for name, value in given.items()},
    }
    with running_broker(settings) as broker:
        yield broker


def addresses(broker: BrokerThread) -> tuple[str, str]:
    encrypted, plain = broker.bootstrap.split(",")
    return encrypted, plain


def connect(address: str, context: ssl.SSLContext) -> Wire:
    return Wire(
        address,
        connection=context.wrap_socket(
            socket.create_connection(host_and_port(address), 10), server_hostname="localhost"
        ),
    )


def is_served(wire: Wire) -> bool:
    with wire:
        request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
        return wire.ask(request, 3, ApiVersionsResponse).error_code == 0


def test_clients_of_tls_and_of_plain_text_are_served_beside_each_other(tmp_path: Path) -> None:
    with tls_broker(tmp_path) as broker:
        encrypted, plain = addresses(broker)
        assert is_served(connect(encrypted, AUTHORITY.client_context(tmp_path)))
        assert is_served(Wire(plain))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_are_spoken(tmp_path: Path, version: ssl.TLSVersion) -> None:
    context = AUTHORITY.client_context(tmp_path, CLIENT)
    context.minimum_version = context.maximum_version = version
    with tls_broker(tmp_path, ssl_client_auth="required") as broker:
        assert is_served(connect(addresses(broker)[0], context))


def test_whoever_fails_is_closed_with_a_line_that_says_why_and_nobody_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mallory = AUTHORITY.client_context(tmp_path, Authority().issue(user="mallory"))
    with tls_broker(tmp_path, ssl_client_auth="required") as broker:
        encrypted, plain = addresses(broker)
        with connect(encrypted, AUTHORITY.client_context(tmp_path, CLIENT)) as bystander:
            for context in (AUTHORITY.client_context(tmp_path), mallory):
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    is_served(connect(encrypted, context))
            with pytest.raises(ssl.SSLError):
                connect(encrypted, Authority().client_context(tmp_path))
            with Wire(encrypted) as wire:
                wire.send(ApiVersionsRequest(), 0)
                assert wire.is_closed_by_peer()
            with pytest.raises((ssl.SSLError, ConnectionError)):
                connect(plain, AUTHORITY.client_context(tmp_path))
            request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
            assert bystander.ask(request, 3, ApiVersionsResponse).error_code == 0
    lines = [line.partition("why=")[2] for line in capfd.readouterr().err.splitlines() if "connection closed" in line]
    for line, words in zip(
        lines,
        (
            "the client shows no certificate, and ssl.client.auth is required",
            "the client's certificate is not trusted: ",
            "the client does not take this broker's certificate",
            "the client does not speak TLS, and this listener does",
            "looks like TLS, which this listener does not speak",
        ),
        strict=True,
    ):
        assert words in line


def test_quotas_know_the_user_of_a_certificate(tmp_path: Path) -> None:
    rules = {"ssl.client.auth": "requested", "ssl.principal.mapping.rules": "RULE:^CN=([^,]+),.*$/$1/U"}
    with tls_broker(tmp_path, **rules) as broker:
        encrypted, plain = addresses(broker)
        with Wire(plain) as admin:
            op = OpData(key="request_percentage", value=0.001, remove=False)
            entry = EntryData(entity=[QuotaEntityData(entity_type="user", entity_name="ALICE")], ops=[op])
            answer = admin.ask(AlterClientQuotasRequest(entries=[entry]), 1, AlterClientQuotasResponse)
            assert answer.entries[0].error_code == 0
        for own, is_throttled in ((CLIENT, True), (None, False)):
            with connect(encrypted, AUTHORITY.client_context(tmp_path, own)) as wire:
                asked = (wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse) for _ in range(50))
                assert any(answer.throttle_time_ms for answer in asked) == is_throttled  # the time of a few is free
