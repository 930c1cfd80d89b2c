"""`odradek doctor` on Apache Kafka's listeners of every kind: what it takes each for."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization

from odradek.broker.cli import main

from ..brokers import free_port
from .apache_kafka import ApacheKafka

JAAS = "org.apache.kafka.common.security"


class Listeners(NamedTuple):
    """Ports of one broker."""

    plain: int
    controller: int
    tls: int
    strict_tls: int
    sasl: int


def write_certificates(directory: Path) -> tuple[Path, Path]:
    """(key store, trust store) in PEM; Java takes keys in PKCS #8 only."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keys, trust = directory / "keys.pem", directory / "trust.pem"
    keys.write_bytes(key + b"".join(one.bytes() for one in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(str(trust))
    return keys, trust


@pytest.fixture(scope="module")
def listeners(is_oracle: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listeners]:
    if not is_oracle:
        pytest.skip("asks Apache Kafka: run with --oracle")
    directory = tmp_path_factory.mktemp("doctor")
    keys, trust = write_certificates(directory)
    broker = ApacheKafka(directory)
    found = Listeners(broker._port, broker._controller_port, free_port(), free_port(), free_port())
    names = {"PLAINTEXT": found.plain, "TLS": found.tls, "STRICT": found.strict_tls, "LOGIN": found.sasl}
    clients = ",".join(f"{name}://127.0.0.1:{port}" for name, port in names.items())
    broker._settings |= {
        "listeners": f"{clients},CONTROLLER://127.0.0.1:{found.controller}",
        "advertised.listeners": clients,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,STRICT:SSL,"
        "LOGIN:SASL_PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keys),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(trust),
        "listener.name.strict.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.login.plain.sasl.jaas.config": f'{JAAS}.plain.PlainLoginModule required user_a="b";',
        "transaction.state.log.replication.factor": "3",
    }
    try:
        broker.start()
        yield found
    finally:
        broker.kill()


def kinds(port: int, security: str = "PLAINTEXT") -> Sequence[str]:
    """Without what the setting of the transactions' topic is found wrong for."""
    arguments = ["doctor", "--bootstrap", f"127.0.0.1:{port}", "--security-protocol", security, "--json"]
    said = json.loads(CliRunner().invoke(main, arguments).stdout)
    return list(dict.fromkeys(one["kind"] for one in said["findings"] if one["kind"] != "replication-factor"))


def test_each_listener_is_taken_for_what_it_is(listeners: Listeners) -> None:
    assert {name: kinds(port) for name, port in listeners._asdict().items()} == {
        "plain": [],
        "controller": ["controller-listener"],
        "tls": ["tls-listener"],
        "strict_tls": ["tls-listener", "client-certificate"],
        "sasl": ["sasl-needed"],
    }


def test_a_client_that_is_set_as_its_listener_is_has_nothing_wrong(listeners: Listeners) -> None:
    assert kinds(listeners.tls, "SSL") == []
    assert kinds(listeners.sasl, "SASL_PLAINTEXT") == []
    assert kinds(listeners.strict_tls, "SSL") == ["client-certificate"]
    assert kinds(listeners.plain, "SSL") == ["plain-listener"]


def test_a_replication_factor_above_the_number_of_brokers_is_found_before_any_client_waits(
    listeners: Listeners,
) -> None:
    said = CliRunner().invoke(main, ["doctor", "--bootstrap", f"127.0.0.1:{listeners.plain}"])
    assert said.exit_code == 1
    assert "transaction.state.log.replication.factor is 3, and there is 1 broker" in said.stdout.replace("\n   ", " ")
