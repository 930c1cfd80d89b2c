"""Stock clients log in by every mechanism, and hear why where they are refused."""

import asyncio
import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider as AioTokens
from aiokafka.errors import KafkaError as AioError
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from kafka import KafkaProducer
from kafka.errors import KafkaError as PythonError
from kafka.net.sasl.oauth import AbstractTokenProvider as PythonTokens

from odradek.broker.wire import Wire
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from ..broker.security.sasl.scram_client import ScramClient
from ..broker.security.sasl.signing import AUDIENCE, ISSUER, good, key_set, signed
from ..brokers import OdradekBroker

# kafka-python and aiokafka leave a socket or a task behind where they are refused.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
WITH_PASSWORDS = MECHANISMS[:3]
REAUTH_MS = 1500
PATIENCE_S = 15.0
REFUSED_S = 3.0  # aiokafka goes on trying after a token that was refused, with Apache Kafka, too
WORDS = {"PLAIN": "Invalid username or password"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker with the user al, and keys of an issuer of tokens; a login counts for a second and a half."""
    directory: Path = tmp_path_factory.mktemp("sasl")
    keys = directory / "keys.json"
    keys.write_bytes(key_set("one"))
    settings = {
        "sasl.oauthbearer.jwks.endpoint.url": keys.as_uri(),
        "sasl.oauthbearer.expected.issuer": ISSUER,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "connections.max.reauth.ms": str(REAUTH_MS),
        "delegation.token.secret.key": "key",
    }
    broker = OdradekBroker(directory, settings, ephemeral=True, options=["--user", "al:secret"])
    broker.start()
    yield broker.address
    broker.stop()


def now_s() -> int:
    return int(time.time())


class Login:
    """Who a client says it is, and how it shows it."""

    def __init__(self, mechanism: str, user: str = "al", password: str = "secret", token: str | None = None) -> None:
        self.mechanism = mechanism
        self.user = user
        self.password = password
        self.token = token or signed(good(now_s()))


def with_confluent(address: str, login: Login) -> str:
    faults: list[KafkaError] = []
    settings: dict[str, Any] = {
        "bootstrap.servers": address,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": login.mechanism,
        "error_cb": faults.append,
        "log_level": 0,
    }
    if login.mechanism == "OAUTHBEARER":
        settings["oauth_cb"] = lambda _config: (login.token, time.time() + 600)  # pyright: ignore[reportUnknownLambdaType]
    else:
        settings |= {"sasl.username": login.user, "sasl.password": login.password}
    producer = Producer(settings)
    producer.produce("logins", b"x")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if not producer.flush(0.1):
            return ""
        if (fault := next((f for f in faults if f.code() == KafkaError._AUTHENTICATION), None)) is not None:
            producer.purge()
            return str(fault.str())
    raise TimeoutError(faults)


class PythonToken(PythonTokens):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._token


class AioToken(AioTokens):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._token


def with_kafka_python(address: str, login: Login) -> str:
    settings: dict[str, Any] = {
        "bootstrap_servers": address,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": login.mechanism,
        "bootstrap_timeout_ms": 1000,
    }
    if login.mechanism == "OAUTHBEARER":
        settings["sasl_oauth_token_provider"] = PythonToken(login.token)
    else:
        settings |= {"sasl_plain_username": login.user, "sasl_plain_password": login.password}
    try:
        producer = KafkaProducer(**settings)
    except PythonError as error:
        return repr(error)
    try:
        producer.send("logins", b"x").get(PATIENCE_S)
    finally:
        producer.close()
    return ""


def with_aiokafka(address: str, login: Login) -> str:
    async def send() -> str:
        settings: dict[str, Any] = {
            "bootstrap_servers": address,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": login.mechanism,
        }
        if login.mechanism == "OAUTHBEARER":
            settings["sasl_oauth_token_provider"] = AioToken(login.token)
        else:
            settings |= {"sasl_plain_username": login.user, "sasl_plain_password": login.password}
        producer = AIOKafkaProducer(**settings)
        try:
            await producer.start()
            await producer.send_and_wait("logins", b"x")
        except AioError as error:
            return repr(error)
        finally:
            await producer.stop()
        return ""

    try:
        return asyncio.run(asyncio.wait_for(send(), REFUSED_S))
    except TimeoutError:
        return "it is still trying"


Try = Callable[[str, Login], str]
CLIENTS: dict[str, Try] = {
    "confluent-kafka": with_confluent,
    "kafka-python": with_kafka_python,
    "aiokafka": with_aiokafka,
}


@pytest.fixture(params=list(CLIENTS))
def attempt(request: pytest.FixtureRequest) -> Try:
    """Sends a record after a login; what was wrong, or nothing."""
    return CLIENTS[request.param]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_who_shows_what_the_broker_knows_is_served(address: str, attempt: Try, mechanism: str) -> None:
    assert attempt(address, Login(mechanism)) == ""


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


def test_a_producer_logs_in_anew_on_its_connection_and_goes_on(address: str) -> None:
    producer = Producer(
        {
            "bootstrap.servers": address,
            "security.protocol": "SASL_PLAINTEXT",
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
    with Wire(address) as wire:
        wire.ask(SaslHandshakeRequest(mechanism="PLAIN"), 1, SaslHandshakeResponse)
        wire.ask(SaslAuthenticateRequest(auth_bytes=b"\0al\0secret"), 2, SaslAuthenticateResponse)
        made = wire.ask(CreateDelegationTokenRequest(max_lifetime_ms=-1), 3, CreateDelegationTokenResponse)
    assert made.error_code == 0
    secret = base64.b64encode(made.hmac).decode()
    scram = ScramClient(made.token_id, secret, extensions=",tokenauth=true")
    with Wire(address) as wire:
        wire.ask(SaslHandshakeRequest(mechanism="SCRAM-SHA-256"), 1, SaslHandshakeResponse)
        first = wire.ask(SaslAuthenticateRequest(auth_bytes=scram.first()), 2, SaslAuthenticateResponse)
        last = SaslAuthenticateRequest(auth_bytes=scram.final(first.auth_bytes))
        assert scram.is_server(wire.ask(last, 2, SaslAuthenticateResponse).auth_bytes)
        assert wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers
