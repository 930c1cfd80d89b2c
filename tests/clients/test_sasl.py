"""Stock clients log in by every mechanism, and hear why where they are refused."""

import base64
import gc
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from odradek.broker.security.sasl.jaas import PLAIN_MODULE
from odradek.broker.testing.embedded import running_broker
from odradek.broker.wire import Wire, host_and_port
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from ..broker.security.sasl.scram_client import ScramClient
from ..broker.security.sasl.signing import AUDIENCE, ISSUER, good, key_set, signed
from ..broker.security.tls.certificates import AUTHORITY, CLIENT, SERVER
from ..brokers import OdradekBroker
from .logging_in import CLIENTS, PATIENCE_S, Login, Try, now_s, with_confluent

# kafka-python and aiokafka leave a socket or a task behind where they are refused.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
WITH_PASSWORDS = MECHANISMS[:3]
REAUTH_MS = 1500
WORDS = {"PLAIN": "Invalid username or password"}


@pytest.fixture(autouse=True)
def no_sockets_left() -> Iterator[None]:
    yield
    gc.collect()


def serving(directory: Path, *options: str) -> Iterator[str]:
    """A broker with the user al, and keys of an issuer of tokens; a login counts for a second and a half."""
    keys = directory / "keys.json"
    keys.write_bytes(key_set("one"))
    settings = {
        "sasl.oauthbearer.jwks.endpoint.url": keys.as_uri(),
        "sasl.oauthbearer.expected.issuer": ISSUER,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "connections.max.reauth.ms": str(REAUTH_MS),
        "delegation.token.secret.key": "key",
    }
    broker = OdradekBroker(directory, settings, ephemeral=True, options=["--user", "al:secret", *options])
    broker.start()
    yield broker.address
    broker.stop()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("sasl"))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def tls_address(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[str]:
    """The same with `--tls auto`."""
    yield from serving(tmp_path_factory.mktemp("sasl-ssl"), "--tls", "auto", "--tls-dir", str(certificates))


@pytest.fixture
def ca(certificates: Path) -> str:
    """What clients trust."""
    return str(certificates / "ca.pem")


@pytest.fixture(params=list(CLIENTS))
def attempt(request: pytest.FixtureRequest) -> Try:
    """Sends a record after a login; what was wrong, or nothing."""
    return CLIENTS[request.param]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_who_shows_what_the_broker_knows_is_served(address: str, attempt: Try, mechanism: str) -> None:
    assert attempt(address, Login(mechanism)) == ""


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_and_so_over_tls(tls_address: str, ca: str, attempt: Try, mechanism: str) -> None:
    assert attempt(tls_address, Login(mechanism, ca=ca)) == ""


@pytest.mark.parametrize("mechanism", WITH_PASSWORDS)
def test_a_wrong_password_is_refused_over_tls(tls_address: str, ca: str, attempt: Try, mechanism: str) -> None:
    why = attempt(tls_address, Login(mechanism, password="wrong", ca=ca))
    assert why != ""
    if attempt is with_confluent:
        assert WORDS.get(mechanism, f"invalid credentials with SASL mechanism {mechanism}") in why


def test_a_client_that_does_not_trust_the_broker_tells_it_no_password(
    tls_address: str, attempt: Try, tmp_path: Path
) -> None:
    other = AUTHORITY.write(tmp_path / "other.pem")
    why = attempt(tls_address, Login("PLAIN", ca=other))
    assert why != ""
    if attempt is with_confluent:
        assert "certificate verify failed" in why


@pytest.mark.parametrize("mechanism", WITH_PASSWORDS)
@pytest.mark.parametrize(("user", "password"), [("al", "wrong"), ("nobody", "secret")])
def test_a_wrong_password_and_an_unknown_user_are_refused_alike(
    address: str, attempt: Try, mechanism: str, user: str, password: str
) -> None:
    why = attempt(address, Login(mechanism, user, password))
    assert why != ""
    if attempt is with_confluent:  # the others keep the sentence to their logs
        assert WORDS.get(mechanism, f"invalid credentials with SASL mechanism {mechanism}") in why


@pytest.mark.parametrize(
    "token",
    [
        lambda: signed(good(now_s(), exp=now_s() - 60)),
        lambda: signed(good(now_s()), "two", key_id="one"),
        lambda: signed(good(now_s(), aud="others")),
    ],
    ids=["expired", "wrongly signed", "for others"],
)
def test_a_token_that_does_not_hold_is_refused(address: str, attempt: Try, token: Callable[[], str]) -> None:
    assert attempt(address, Login("OAUTHBEARER", token=token())) != ""


@pytest.mark.parametrize("where", ["address", "tls_address"])
def test_a_producer_logs_in_anew_on_its_connection_and_goes_on(
    where: str, ca: str, request: pytest.FixtureRequest
) -> None:
    secure = {"security.protocol": "SASL_SSL", "ssl.ca.location": ca}
    producer = Producer(
        {
            "bootstrap.servers": request.getfixturevalue(where),
            **(secure if where == "tls_address" else {"security.protocol": "SASL_PLAINTEXT"}),
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": "al",
            "sasl.password": "secret",
        }
    )
    failures: list[object] = []
    until = time.monotonic() + 2.5 * REAUTH_MS / 1000
    while time.monotonic() < until:
        producer.produce("logins", b"x", on_delivery=lambda error, message: failures.append(error) if error else None)
        assert producer.flush(PATIENCE_S) == 0
    assert failures == []


def test_where_clients_log_in_a_certificate_does_not_say_who_they_are(tmp_path: Path) -> None:
    settings = {
        "listeners": "CLIENTS://127.0.0.1:0",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": SERVER.write(tmp_path / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": AUTHORITY.write(tmp_path / "ca.pem"),
        "listener.name.clients.ssl.client.auth": "required",
        "listener.name.clients.plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_al="secret";',
        "sasl.enabled.mechanisms": "PLAIN",
        "delegation.token.secret.key": "key",
    }
    with running_broker(settings) as broker:
        for own, user in ((CLIENT, "al"), (None, None)):
            context = AUTHORITY.client_context(tmp_path, own)
            try:
                made = token_of(broker.bootstrap, context)
            except (ConnectionError, ssl.SSLError):  # TLS 1.3: it hears only afterwards that it lacks a certificate
                made = None
            assert (made and made.principal_name) == user


def token_of(address: str, context: ssl.SSLContext | None = None) -> CreateDelegationTokenResponse:
    """What al is given after a login."""
    connection = socket.create_connection(host_and_port(address), PATIENCE_S)
    if context is not None:
        connection = context.wrap_socket(connection, server_hostname="localhost")
    with Wire(address, connection=connection) as wire:
        wire.ask(SaslHandshakeRequest(mechanism="PLAIN"), 1, SaslHandshakeResponse)
        wire.ask(SaslAuthenticateRequest(auth_bytes=b"\0al\0secret"), 2, SaslAuthenticateResponse)
        return wire.ask(CreateDelegationTokenRequest(max_lifetime_ms=-1), 3, CreateDelegationTokenResponse)


def test_users_are_added_by_an_admin_and_log_in_at_once(address: str) -> None:
    settings = {"bootstrap.servers": address, "security.protocol": "SASL_PLAINTEXT"}
    plain = {"sasl.mechanism": "PLAIN", "sasl.username": "al", "sasl.password": "secret"}
    admin = AdminClient({**settings, **plain})
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 5000)
    for future in admin.alter_user_scram_credentials([UserScramCredentialUpsertion("bo", info, b"other")]).values():
        future.result(PATIENCE_S)
    described = admin.describe_user_scram_credentials(["bo"])
    assert isinstance(described, dict)
    (credential,) = described["bo"].result(PATIENCE_S).scram_credential_infos
    assert (credential.mechanism, credential.iterations) == (ScramMechanism.SCRAM_SHA_512, 5000)
    assert with_confluent(address, Login("SCRAM-SHA-512", "bo", "other")) == ""
    assert with_confluent(address, Login("SCRAM-SHA-256", "bo", "other")) != ""


def test_a_plain_client_at_a_listener_with_sasl_is_not_served(address: str) -> None:
    faults: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": address, "error_cb": faults.append, "log_level": 0})
    producer.produce("logins", b"x")
    deadline = time.monotonic() + PATIENCE_S
    while not faults and time.monotonic() < deadline:
        producer.flush(0.1)
    producer.purge()
    assert faults


def test_a_delegation_token_logs_in_as_its_owner(address: str) -> None:
    made = token_of(address)
    assert made.error_code == 0
    secret = base64.b64encode(made.hmac).decode()
    scram = ScramClient(made.token_id, secret, extensions=",tokenauth=true")
    with Wire(address) as wire:
        wire.ask(SaslHandshakeRequest(mechanism="SCRAM-SHA-256"), 1, SaslHandshakeResponse)
        first = wire.ask(SaslAuthenticateRequest(auth_bytes=scram.first()), 2, SaslAuthenticateResponse)
        last = SaslAuthenticateRequest(auth_bytes=scram.final(first.auth_bytes))
        assert scram.is_server(wire.ask(last, 2, SaslAuthenticateResponse).auth_bytes)
        assert wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers
