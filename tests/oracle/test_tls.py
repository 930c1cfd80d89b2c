"""Apache Kafka's own tools over TLS: with a truststore of `--tls auto`, and with certificates of their own."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ..broker.security.tls.certificates import AUTHORITY, CLIENT, SERVER, Issued
from ..brokers import OdradekBroker
from .apache_kafka import QUICK_JVM, OracleMissing, jars
from .dump_tool import check_tools
from .kafka_tools import CLASSES

CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer"
DEADLINE_S = 60


@pytest.fixture(autouse=True)
def java() -> None:
    try:
        check_tools()
    except OracleMissing as missing:
        pytest.skip(str(missing))


def run(name: str, arguments: Sequence[str], said: str = "") -> tuple[int, str]:
    """A tool in a JVM of its own: its exit code, and all that it printed."""
    command = ["java", *QUICK_JVM, "-cp", f"{jars() / 'lib'}/*", name, *arguments]
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    return done.returncode, done.stdout + done.stderr


def properties(path: Path, **given: str) -> str:
    """A client.properties; names have `_` for the dots."""
    lines = {"security.protocol": "SSL", **{name.replace("_", "."): value for name, value in given.items()}}
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return str(path)


def talk(broker: OdradekBroker, client: str) -> str:
    """A record through the console producer and back through the console consumer."""
    where = ["--bootstrap-server", broker.address, "--topic", "t"]
    code, printed = run(CONSOLE_PRODUCER, [*where, "--producer.config", client], "over TLS\n")
    assert code == 0, printed
    options = ["--from-beginning", "--max-messages", "1", "--timeout-ms", "20000", "--consumer.config", client]
    return run(CLASSES["kafka-console-consumer"], [*where, *options])[1]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[OdradekBroker]]:
    brokers: list[OdradekBroker] = []
    yield brokers
    for one in brokers:
        one.kill()


def test_javas_tools_take_the_trust_store_of_tls_auto(tmp_path: Path, started: list[OdradekBroker]) -> None:
    directory = tmp_path / "tls"
    broker = OdradekBroker(tmp_path / "b", ephemeral=True, options=("--tls", "auto", "--tls-dir", str(directory)))
    started.append(broker)
    broker.start()
    store = str(directory / "truststore.p12")
    client = properties(
        tmp_path / "client.properties",
        ssl_truststore_location=store,
        ssl_truststore_password="changeit",
        ssl_truststore_type="PKCS12",
    )
    assert "over TLS" in talk(broker, client)


def strict_broker(directory: Path, server: Issued) -> OdradekBroker:
    settings = {
        "listeners": "SSL://127.0.0.1:0",
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": server.write_pkcs12(directory / "server.p12", "secret"),
        "ssl.keystore.password": "secret",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": AUTHORITY.write(directory / "ca.pem"),
        "ssl.client.auth": "required",
    }
    return OdradekBroker(directory / "b", settings, ephemeral=True)


def test_javas_tools_show_their_certificate_and_are_refused_without(
    tmp_path: Path, started: list[OdradekBroker]
) -> None:
    broker = strict_broker(tmp_path, SERVER)
    started.append(broker)
    broker.start()
    trust = {"ssl_truststore_type": "PEM", "ssl_truststore_location": str(tmp_path / "ca.pem")}
    own = {
        "ssl_keystore_type": "PKCS12",
        "ssl_keystore_location": CLIENT.write_pkcs12(tmp_path / "client.p12", "secret"),
        "ssl_keystore_password": "secret",
    }
    assert "over TLS" in talk(broker, properties(tmp_path / "client.properties", **trust, **own))
    nobody = properties(tmp_path / "nobody.properties", **trust)
    where = ["--bootstrap-server", broker.address, "--command-config", nobody]
    code, printed = run(CLASSES["kafka-topics"], [*where, "--list"])
    assert code == 1
    assert "SSL handshake failed" in printed or "SslAuthenticationException" in printed
    assert "the client shows no certificate" in broker.log()
