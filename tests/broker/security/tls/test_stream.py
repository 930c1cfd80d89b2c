"""TLS between two ends in memory: the broker's, and a client's by the ssl module."""

import contextlib
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.security.tls.context import build_context
from odradek.broker.security.tls.principal_mapping import PrincipalMapping
from odradek.broker.security.tls.settings import tls_settings
from odradek.broker.security.tls.stream import TlsFailure, TlsStream

from .certificates import AUTHORITY, CLIENT, PAST, Authority, Issued
from .test_context import INLINE, NOW_MS


class Client:
    """The other end."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def go_on(self) -> bytes:
        with contextlib.suppress(ssl.SSLError):  # it waits, or says why not in what it sends
            self.tls.do_handshake()
        return self.outgoing.read()

    def say(self, data: bytes) -> bytes:
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view) :]
        return self.outgoing.read()

    def hear(self, data: bytes) -> bytes:
        self.incoming.write(data)
        heard = bytearray()
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while piece := self.tls.read(1 << 20):
                heard += piece
        return bytes(heard)


def stream(changed: Mapping[str, str] | None = None, rules: str = "DEFAULT") -> TlsStream:
    told = tls_settings({**INLINE, **(changed or {})}.get)
    return TlsStream(build_context(told, NOW_MS)[0], told.client_auth, PrincipalMapping(rules))


def shake_hands(broker: TlsStream, client: Client) -> None:
    for _ in range(4):
        if said := client.go_on():
            broker.receive(said)
        if not broker.is_open:
            broker.handshake()
        client.incoming.write(broker.to_send())


def opened(tmp_path: Path, own: Issued | None = None, **told: str) -> tuple[TlsStream, Client]:
    broker = stream({name.replace("_", "."): value for name, value in told.items()})
    client = Client(AUTHORITY.client_context(tmp_path, own))
    shake_hands(broker, client)
    assert broker.is_open
    return broker, client


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("size", [1, 16 * 1024, 16 * 1024 + 1, 1_000_000])
def test_what_one_end_says_the_other_hears(tmp_path: Path, version: str, size: int) -> None:
    broker, client = opened(tmp_path, ssl_enabled_protocols=version)
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    broker.receive(client.say(data))
    assert broker.decrypt() == data
    broker.encrypt(memoryview(data))
    assert client.hear(broker.to_send()) == data
    assert client.tls.version() == version


def test_a_client_without_a_certificate_is_nobody(tmp_path: Path) -> None:
    broker, _ = opened(tmp_path, ssl_client_auth="requested")
    assert broker.user() is None


@pytest.mark.parametrize("client_auth", ["requested", "required"])
def test_one_with_a_certificate_is_whom_it_names(tmp_path: Path, client_auth: str) -> None:
    broker, _ = opened(tmp_path, CLIENT, ssl_client_auth=client_auth)
    assert (broker.user() or "").startswith(r"CN=alice,OU=Testing cert \#")


def test_rules_make_a_user_of_the_name_or_refuse_it(tmp_path: Path) -> None:
    for rules, user in (("RULE:^CN=(.*?),.*$/$1/U", "ALICE"), ("RULE:^CN=bob$/bob/", None)):
        broker = stream({"ssl.client.auth": "required"}, rules)
        shake_hands(broker, Client(AUTHORITY.client_context(tmp_path, CLIENT)))
        if user is not None:
            assert broker.user() == user
            continue
        with pytest.raises(TlsFailure, match=r"no rule of ssl\.principal\.mapping\.rules is for CN=alice"):
            broker.user()


def test_where_certificates_say_nothing_of_users_there_is_none(tmp_path: Path) -> None:
    told = tls_settings({**INLINE, "ssl.client.auth": "required"}.get)
    broker = TlsStream(build_context(told, NOW_MS)[0], "required", None)
    shake_hands(broker, Client(AUTHORITY.client_context(tmp_path, CLIENT)))
    assert broker.is_open
    assert broker.user() is None


def refused(broker: TlsStream, client: Client) -> str:
    with pytest.raises(TlsFailure) as failure:
        shake_hands(broker, client)
    assert not broker.is_open
    return str(failure.value)


def test_a_client_that_shows_none_is_refused_where_one_is_required(tmp_path: Path) -> None:
    broker = stream({"ssl.client.auth": "required"})
    why = refused(broker, Client(AUTHORITY.client_context(tmp_path)))
    assert why == "the TLS handshake failed: the client shows no certificate, and ssl.client.auth is required"
    assert broker.to_send()  # the alert


@pytest.mark.parametrize("client_auth", ["requested", "required"])
def test_a_certificate_of_another_authority_is_refused_also_where_none_would_do(
    tmp_path: Path, client_auth: str
) -> None:
    client = Client(AUTHORITY.client_context(tmp_path, Authority().issue(user="mallory")))
    assert "the client's certificate is not trusted: " in refused(stream({"ssl.client.auth": client_auth}), client)


def test_an_expired_certificate_of_a_client_is_refused(tmp_path: Path) -> None:
    client = Client(AUTHORITY.client_context(tmp_path, AUTHORITY.issue(user="old", until=PAST)))
    why = refused(stream({"ssl.client.auth": "required"}), client)
    assert why.endswith("is not trusted: certificate has expired")


def test_a_client_that_does_not_take_the_brokers_certificate_says_so() -> None:
    why = refused(stream(), Client(ssl.create_default_context(cadata=Authority().pem)))
    assert "the client does not take this broker's certificate" in why


def test_a_client_that_speaks_nothing_in_common_is_named(tmp_path: Path) -> None:
    context = AUTHORITY.client_context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    why = refused(stream({"ssl.enabled.protocols": "TLSv1.3"}), Client(context))
    assert why == "the TLS handshake failed: unsupported protocol"


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (b"\x00\x00\x00\x17\x00\x12", "does not speak TLS, and this listener does: set security.protocol=SSL"),
        (b"GET / HTTP/1.1\r\n", "the client speaks HTTP"),
    ],
)
def test_what_is_not_tls_is_named(first: bytes, why: str) -> None:
    with pytest.raises(TlsFailure, match=why):
        stream().receive(first)


def test_an_end_is_said_and_heard(tmp_path: Path) -> None:
    broker, client = opened(tmp_path)
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    broker.receive(client.outgoing.read())
    assert (broker.decrypt(), broker.has_ended) == (b"", True)
    broker.encrypt(b"last words")
    broker.end()
    assert client.outgoing.read() == b""
    broker.end()  # again does nothing


def test_bytes_that_were_changed_on_the_way_end_it(tmp_path: Path) -> None:
    broker, client = opened(tmp_path)
    said = bytearray(client.say(b"pay 10"))
    said[-1] ^= 1
    broker.receive(bytes(said))
    with pytest.raises(TlsFailure, match="TLS failed: "):
        broker.decrypt()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 600), st.binary(min_size=1, max_size=40), st.booleans())
def test_whatever_a_client_says_is_the_end_of_its_connection_at_most(
    tmp_path: Path, at: int, damage: bytes, is_cut: bool
) -> None:
    said = Client(AUTHORITY.client_context(tmp_path)).go_on()
    broker = stream()
    with contextlib.suppress(TlsFailure):
        broker.receive(said[:at] + damage + (b"" if is_cut else said[at + len(damage) :]))
        broker.handshake()
    assert not broker.is_open
