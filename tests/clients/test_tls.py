"""Stock clients over TLS: with certificates and without, and what each of them is refused for."""

import asyncio
import gc
import ssl
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource

from ..broker.security.tls.certificates import AUTHORITY, CLIENT, EXPIRED, HOSTS, SERVER, Authority, Issued
from ..broker.security.tls.java_stores import KEY_PASSWORD, KEY_STORE, STORE_PASSWORD
from ..brokers import OdradekBroker
from .stock_client import until

with warnings.catch_warnings():
    # it reads its schemas with a function that Python 3.11 calls deprecated, while it is imported
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaConsumer, KafkaProducer
    from kafka.errors import KafkaError

# kafka-python leaves the sockets of failed handshakes to the garbage collector.
LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PATIENCE_S = 20.0
SHORT_S = 3.0


class NoTalk(Exception):
    """The client could not, for whatever its library calls it."""


@dataclass(frozen=True)
class Trust:
    """What a client has: files with the authority it trusts, and with its own certificate, or none."""

    ca: str
    own: str | None = None


def with_confluent_kafka(address: str, trust: Trust, topic: str, patience_s: float) -> list[bytes]:
    settings: dict[str, Any] = {
        "bootstrap.servers": address,
        "security.protocol": "SSL",
        "ssl.ca.location": trust.ca,
        "message.timeout.ms": int(patience_s * 1000),
        "log_level": 0,
    }
    if trust.own is not None:
        settings |= {"ssl.certificate.location": trust.own, "ssl.key.location": trust.own}
    producer = confluent_kafka.Producer(settings)
    failures: list[Any] = []
    producer.produce(topic, b"confluent", on_delivery=lambda error, message: failures.append(error and str(error)))
    producer.flush(2 * patience_s)
    if failures != [None]:
        raise NoTalk(failures)
    del settings["message.timeout.ms"]
    consumer = confluent_kafka.Consumer({**settings, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = consumer.poll(PATIENCE_S)
        return [] if message is None else [message.value() or b""]
    finally:
        consumer.close()


def with_kafka_python(address: str, trust: Trust, topic: str, patience_s: float) -> list[bytes]:
    settings: dict[str, Any] = {
        "bootstrap_servers": address,
        "security_protocol": "SSL",
        "ssl_cafile": trust.ca,
        "ssl_certfile": trust.own,
        "ssl_keyfile": trust.own,
    }
    options: Any = {**settings, "bootstrap_timeout_ms": int(patience_s * 1000)}
    try:
        producer = KafkaProducer(**options)
    except KafkaError as error:
        raise NoTalk(error) from error
    producer.send(topic, b"kafka-python").get(patience_s)
    producer.close(timeout=1)
    consumer = KafkaConsumer(topic, **settings, auto_offset_reset="earliest", consumer_timeout_ms=PATIENCE_S * 1000)
    try:
        return [next(consumer).value]
    finally:
        consumer.close()


def with_aiokafka(address: str, trust: Trust, topic: str, patience_s: float) -> list[bytes]:
    context = ssl.create_default_context(cafile=trust.ca)
    if trust.own is not None:
        context.load_cert_chain(trust.own)
    settings: dict[str, Any] = {"bootstrap_servers": address, "security_protocol": "SSL", "ssl_context": context}

    async def talk() -> list[bytes]:
        producer = AIOKafkaProducer(**settings)
        try:
            await producer.start()
            await producer.send_and_wait(topic, b"aiokafka")
        finally:
            await producer.stop()
        async with AIOKafkaConsumer(topic, **settings, auto_offset_reset="earliest") as consumer:
            return [(await consumer.getone()).value or b""]

    try:
        return asyncio.run(asyncio.wait_for(talk(), PATIENCE_S))
    except KafkaConnectionError as error:
        raise NoTalk(error) from error


TALK: Mapping[str, Callable[[str, Trust, str, float], list[bytes]]] = {
    "confluent-kafka": with_confluent_kafka,
    "kafka-python": with_kafka_python,
    "aiokafka": with_aiokafka,
}


@pytest.fixture(params=list(TALK))
def talk(request: pytest.FixtureRequest) -> Callable[[str, Trust, str, float], list[bytes]]:
    return TALK[request.param]


class Files:
    """The files of one test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = AUTHORITY.write(directory / "ca.pem")

    def of(self, issued: Issued, name: str) -> str:
        return issued.write(self.directory / f"{name}.pem")

    def settings(self, server: Issued = SERVER, **given: str) -> dict[str, str]:
        return {
            "listeners": "SSL://127.0.0.1:0",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.of(server, "server"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.ca,
            **{name.replace("_", "."): value for name, value in given.items()},
        }


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


Start = Callable[[Mapping[str, str]], OdradekBroker]


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[Start]:
    """Starts a broker that listens where its settings say, and ends it with the test."""
    started: list[OdradekBroker] = []

    def start(settings: Mapping[str, str]) -> OdradekBroker:
        started.append(OdradekBroker(tmp_path / f"broker-{len(started)}", settings, ephemeral=True))
        started[-1].start()
        return started[-1]

    yield start
    for broker in started:
        broker.kill()


def said(broker: OdradekBroker, words: str) -> None:
    """Its log has these words, or will have in a moment: a client may give up before the broker knows."""
    until(lambda: words in broker.log(), words)


def test_each_client_talks_over_tls(
    talk: Callable[[str, Trust, str, float], list[bytes]], files: Files, tls_broker: Start
) -> None:
    broker = tls_broker(files.settings())
    assert talk(broker.address, Trust(files.ca), "t", PATIENCE_S)


@pytest.fixture
def no_sockets_left() -> Iterator[None]:
    yield
    gc.collect()


@LEAVES_SOCKETS
@pytest.mark.usefixtures("no_sockets_left")
def test_each_client_talks_with_a_certificate_where_one_is_required_and_not_without(
    talk: Callable[[str, Trust, str, float], list[bytes]], files: Files, tls_broker: Start
) -> None:
    broker = tls_broker(files.settings(ssl_client_auth="required"))
    assert talk(broker.address, Trust(files.ca, files.of(CLIENT, "client")), "t", PATIENCE_S)
    with pytest.raises(NoTalk):
        talk(broker.address, Trust(files.ca), "u", SHORT_S)
    said(broker, "the client shows no certificate")


@LEAVES_SOCKETS
@pytest.mark.usefixtures("no_sockets_left")
def test_a_client_that_trusts_another_authority_does_not_talk(
    talk: Callable[[str, Trust, str, float], list[bytes]], files: Files, tls_broker: Start
) -> None:
    broker = tls_broker(files.settings())
    other = Authority().write(files.directory / "other.pem")
    with pytest.raises(NoTalk):
        talk(broker.address, Trust(other), "t", SHORT_S)
    said(broker, "take this broker's certificate")  # kafka-python and aiokafka do not say why they leave


@pytest.mark.parametrize("kind", ["PKCS12", "JKS"])
def test_the_certificate_may_come_from_a_store_of_java(kind: str, files: Files, tls_broker: Start) -> None:
    given = files.settings() | {"ssl.keystore.type": kind, "ssl.keystore.password": "secret"}
    path = files.directory / "store"
    if kind == "JKS":
        path.write_bytes(KEY_STORE)
        given |= {"ssl.key.password": KEY_PASSWORD, "ssl.keystore.password": STORE_PASSWORD}
        broker = tls_broker(given | {"ssl.keystore.location": str(path)})
        said(broker, "certificate=jks.example")
        return
    SERVER.write_pkcs12(path, "secret")
    broker = tls_broker(given | {"ssl.keystore.location": str(path)})
    assert with_confluent_kafka(broker.address, Trust(files.ca), "t", PATIENCE_S)


@pytest.mark.parametrize(
    ("server", "given", "why"),
    [
        (EXPIRED, {}, "expired at 2001-02-03 04:05:06 UTC"),
        (SERVER, {"ssl_keystore_location": "nowhere.pem"}, "ssl.keystore.location=nowhere.pem cannot be read"),
        (Issued(CLIENT.key, SERVER.chain), {}, "the certificate does not belong to the key"),
        (SERVER, {"ssl_keystore_type": "JKS", "ssl_keystore_password": "hush"}, "it is PEM, and"),
    ],
)
def test_what_cannot_be_served_is_one_line_at_the_start(
    server: Issued, given: dict[str, str], why: str, files: Files, tls_broker: Start
) -> None:
    with pytest.raises(RuntimeError, match=why) as refused:
        tls_broker(files.settings(server, **given))
    assert "Traceback" not in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_certificate_is_renewed_without_a_restart(files: Files, tls_broker: Start) -> None:
    broker = tls_broker(files.settings(ssl_allow_dn_changes="true"))
    assert with_confluent_kafka(broker.address, Trust(files.ca), "t", PATIENCE_S)
    admin = AdminClient({"bootstrap.servers": broker.address, "security.protocol": "SSL", "ssl.ca.location": files.ca})
    renewed = Authority()
    path = files.of(renewed.issue(*HOSTS), "server")
    name = "listener.name.ssl.ssl.keystore.location"
    entry = ConfigEntry(name, path, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.BROKER, "1", incremental_configs=[entry])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(PATIENCE_S)
    new_ca = renewed.write(files.directory / "renewed.pem")
    assert with_confluent_kafka(broker.address, Trust(new_ca), "t", PATIENCE_S)
    with pytest.raises(NoTalk):
        with_confluent_kafka(broker.address, Trust(files.ca), "t", SHORT_S)


def test_secrets_are_neither_logged_nor_shown(files: Files, tls_broker: Start) -> None:
    inline = {
        "ssl.keystore.certificate.chain": SERVER.chain,
        "ssl.keystore.key": SERVER.sealed_key("hush-hush"),
        "ssl.key.password": "hush-hush",
    }
    given = {name: value for name, value in files.settings().items() if name != "ssl.keystore.location"}
    broker = tls_broker(given | inline)
    admin = AdminClient({"bootstrap.servers": broker.address, "security.protocol": "SSL", "ssl.ca.location": files.ca})
    (future,) = admin.describe_configs([ConfigResource(ConfigResource.Type.BROKER, "1")]).values()
    shown = {name: (entry.value, entry.is_sensitive) for name, entry in future.result(PATIENCE_S).items()}
    for name in inline:
        assert shown[name] == (None, True)
    for secret in ("hush-hush", "PRIVATE KEY"):
        assert secret not in broker.log()
