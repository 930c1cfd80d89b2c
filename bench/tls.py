"""What TLS costs: the same workloads on a plain listener and on one with TLS of the same broker, and handshakes."""

import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odradek.broker.wire import host_and_port
from tests.broker.security.tls.certificates import AUTHORITY, SERVER
from tests.brokers import BrokerProcess, OdradekBroker, cpu_seconds
from tests.oracle.apache_kafka import ApacheKafka

from .workloads import NO_SECURITY, acked_record, consume, new_topic, produce

HANDSHAKES = 1500
CLIENTS = 4
WARM = 200


def tls_settings(directory: Path) -> dict[str, str]:
    """A key store of PEM, for either broker."""
    directory.mkdir(parents=True, exist_ok=True)
    AUTHORITY.write(directory / "ca.pem")
    return {"ssl.keystore.type": "PEM", "ssl.keystore.location": SERVER.write(directory / "server.pem")}


def odradek_with_tls(directory: Path, settings: dict[str, str]) -> BrokerProcess:
    listeners = {"listeners": "PLAINTEXT://127.0.0.1:0,SSL://127.0.0.1:0"}
    return OdradekBroker(directory, {**settings, **listeners, **tls_settings(directory)})


def kafka_with_tls(directory: Path, settings: dict[str, str], jvm: tuple[str, ...]) -> BrokerProcess:
    return ApacheKafka(directory, {**settings, **tls_settings(directory)}, jvm=jvm, has_tls=True)


def measure_tls(broker: BrokerProcess, directory: Path, records: int, acked: int) -> dict[str, str]:
    """Every row for one broker, plain first."""
    broker.start()
    plain, _, encrypted = broker.address.partition(",")
    encrypted = encrypted or getattr(broker, "tls_address", "")
    security = {"security.protocol": "SSL", "ssl.ca.location": str(directory / "ca.pem")}
    found: dict[str, str] = {}
    try:
        for label, size, count in (("100 B", 100, records), ("1 KB", 1000, records // 4)):
            for kind, address, client in (("plain", plain, NO_SECURITY), ("TLS", encrypted, security)):
                topic = new_topic(plain)
                produce(address, topic, 20_000, size, security=client)
                busy_s = cpu_seconds(broker.pid())
                wrote = produce(address, topic, count, size, security=client)
                busy_s = cpu_seconds(broker.pid()) - busy_s
                found[f"produce {label}, {kind}"] = f"{wrote}   {busy_s / count * 1e6:.2f} s CPU per million"
                busy_s = cpu_seconds(broker.pid())
                read = consume(address, topic, count, size, client)
                busy_s = cpu_seconds(broker.pid()) - busy_s
                found[f"consume {label}, {kind}"] = f"{read}   {busy_s / count * 1e6:.2f} s CPU per million"
        for kind, address, client in (("plain", plain, NO_SECURITY), ("TLS", encrypted, security)):
            topic = new_topic(plain)
            acked_record(address, topic, acked, client)
            found[f"one acked record, {kind}"] = str(acked_record(address, topic, acked, client))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            _handshakes(encrypted, version, WARM)
            busy_s = cpu_seconds(broker.pid())
            rate = _handshakes(encrypted, version, HANDSHAKES)
            busy_s = cpu_seconds(broker.pid()) - busy_s
            cost = f"{busy_s / HANDSHAKES * 1e3:.2f} ms CPU each"
            found[f"handshakes, {version.name}"] = f"{rate:>10,.0f} a second   {cost}"
    finally:
        broker.stop()
    return found


def _handshakes(address: str, version: ssl.TLSVersion, count: int) -> float:
    """How many a second a few clients get through, none of them resumed."""
    context = ssl.create_default_context(cadata=AUTHORITY.pem)
    context.minimum_version = context.maximum_version = version

    def visit(_: int) -> None:
        with socket.create_connection(host_and_port(address)) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(visit, range(count)))
    return count / (time.perf_counter() - began)
