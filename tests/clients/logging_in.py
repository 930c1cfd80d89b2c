"""Stock clients that log in, over TLS or without, and what they say where they are refused."""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider as AioTokens
from aiokafka.errors import KafkaError as AioError
from confluent_kafka import KafkaError, Producer
from kafka import KafkaProducer
from kafka.errors import KafkaError as PythonError
from kafka.net.sasl.oauth import AbstractTokenProvider as PythonTokens

from ..broker.security.sasl.signing import good, signed

PATIENCE_S = 15.0
REFUSED_S = 3.0  # aiokafka goes on trying after a token that was refused, with Apache Kafka, too
REFUSED = (KafkaError._AUTHENTICATION, KafkaError._SSL)


def now_s() -> int:
    return int(time.time())


class Login:
    """Who a client says it is, and how it shows it."""

    def __init__(
        self, mechanism: str, user: str = "al", password: str = "secret", token: str | None = None, *, ca: str = ""
    ) -> None:
        """With `ca`, a file of an authority, it speaks TLS."""
        self.mechanism = mechanism
        self.ca = ca
        self.protocol = "SASL_SSL" if ca else "SASL_PLAINTEXT"
        self.user = user
        self.password = password
        self.token = token or signed(good(now_s()))


def with_confluent(address: str, login: Login) -> str:
    faults: list[KafkaError] = []
    settings: dict[str, Any] = {
        "bootstrap.servers": address,
        "security.protocol": login.protocol,
        "sasl.mechanism": login.mechanism,
        "error_cb": faults.append,
        "log_level": 0,
    }
    if login.ca:
        settings["ssl.ca.location"] = login.ca
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
        if (fault := next((f for f in faults if f.code() in REFUSED), None)) is not None:
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
        "security_protocol": login.protocol,
        "sasl_mechanism": login.mechanism,
        "bootstrap_timeout_ms": 1000,
        "ssl_cafile": login.ca or None,
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
            "security_protocol": login.protocol,
            "sasl_mechanism": login.mechanism,
            "ssl_context": ssl.create_default_context(cafile=login.ca) if login.ca else None,
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
