"""The command line of the verifier, where it can say no without a broker."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.verify import command
from odradek.broker.tools.verify.with_confluent_kafka import ConfluentKafka

from ....brokers import free_port
from ...security.tls.certificates import SERVER


def test_without_confluent_kafka_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "installed", lambda: ["aiokafka"])
    result = CliRunner().invoke(command.verify, ["--bootstrap", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert "pip install 'odradek[verify]'" in result.stderr


def test_a_client_that_is_not_installed_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "installed", lambda: ["confluent-kafka"])
    result = CliRunner().invoke(command.verify, ["--bootstrap", "127.0.0.1:1", "--client", "aiokafka"])
    assert result.exit_code == 2
    assert "not installed: aiokafka" in result.stderr


@pytest.mark.parametrize(
    "options", [[], ["--bootstrap", "x:1", "--minutes", "0"], ["--bootstrap", "x:1", "--client", "x"]]
)
def test_wrong_options_are_refused(options: list[str]) -> None:
    assert CliRunner().invoke(command.verify, options).exit_code == 2


@pytest.mark.parametrize("address", ["127.0.0.1:PORT", "127.0.0.1:PORT,127.0.0.1:nowhere", "nowhere"])
def test_without_a_broker_there_is_nothing_to_verify(address: str) -> None:
    options = ["--bootstrap", address.replace("PORT", str(free_port())), "--client", "confluent-kafka"]
    result = CliRunner().invoke(command.verify, options)
    assert result.exit_code == 2
    assert "no broker there" in result.stderr


def test_a_broker_that_wants_a_login_cannot_be_verified() -> None:
    settings = {"listeners": "CLIENTS://127.0.0.1:0", "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT"}
    with running_broker(settings) as broker:
        options = ["--bootstrap", broker.bootstrap, "--client", "confluent-kafka"]
        result = CliRunner().invoke(command.verify, options)
    assert result.exit_code == 2
    assert "wants a login (SASL)" in result.stderr


def test_a_broker_that_speaks_tls_cannot_be_verified() -> None:
    settings = {
        "listeners": "SSL://127.0.0.1:0",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": SERVER.chain,
        "ssl.keystore.key": SERVER.key,
    }
    with running_broker(settings) as broker:
        options = ["--bootstrap", broker.bootstrap, "--client", "confluent-kafka"]
        result = CliRunner().invoke(command.verify, options)
    assert result.exit_code == 2
    assert "TLS is not spoken here" in result.stderr


def test_clients_that_do_not_speak_the_consumer_protocol_cannot_verify_it() -> None:
    with running_broker() as broker:
        options = ["--bootstrap", broker.bootstrap, "--client", "aiokafka", "--group-protocol", "mixed"]
        result = CliRunner().invoke(command.verify, options)
    assert result.exit_code == 2
    assert "none of these clients speaks the consumer protocol: aiokafka" in result.stderr


def test_share_groups_speak_no_protocol_of_other_groups() -> None:
    options = ["--bootstrap", "127.0.0.1:1", "--share-groups", "--group-protocol", "consumer"]
    result = CliRunner().invoke(command.verify, options)
    assert result.exit_code == 2
    assert "--share-groups has no groups of a --group-protocol" in result.stderr


def test_a_client_without_share_groups_cannot_verify_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConfluentKafka, "has_share_groups", False)
    with running_broker() as broker:
        options = ["--bootstrap", broker.bootstrap, "--client", "confluent-kafka", "--share-groups"]
        result = CliRunner().invoke(command.verify, options)
    assert result.exit_code == 2
    assert "this release of confluent-kafka has no share groups" in result.stderr


def test_its_command_line_loads_no_client_library() -> None:
    program = "import sys, odradek.broker.tools.verify.command; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "odradek.broker.tools.verify.command" in modules
    assert not {"confluent_kafka", "kafka", "aiokafka"} & set(modules)
