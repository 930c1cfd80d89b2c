"""Apache Kafka's own clients log in at Odradek: by each mechanism, wrongly, and by a token that its tool has made."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from odradek.broker.security.sasl.jaas import OAUTHBEARER_MODULE, PLAIN_MODULE, SCRAM_MODULE
from odradek.broker.testing.embedded import running_broker

from .apache_kafka import skip_without_kafka
from .kafka_tools import KafkaTools
from .sasl_session import SASL_SETTINGS, make_users

OURS = {
    **SASL_SETTINGS,
    "listeners": "PLAINTEXT://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
}
LINES = {
    "PLAIN": f'{PLAIN_MODULE} required username="al" password="secret";',
    "SCRAM-SHA-256": f'{SCRAM_MODULE} required username="al" password="secret";',
    "SCRAM-SHA-512": f'{SCRAM_MODULE} required username="al" password="secret";',
    "OAUTHBEARER": f'{OAUTHBEARER_MODULE} required unsecuredLoginStringClaim_sub="al";',
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaTools]:
    skip_without_kafka()
    made = KafkaTools(tmp_path_factory.mktemp("tools") / "tools.log")
    yield made
    made.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_broker(OURS) as broker:
        plain, sasl = broker.bootstrap.split(",")
        make_users(plain)
        yield sasl


def settings(directory: Path, mechanism: str, line: str) -> str:
    """A file of settings for a tool."""
    path = directory / f"{mechanism}.properties"
    lines = ["security.protocol=SASL_PLAINTEXT", f"sasl.mechanism={mechanism}", f"sasl.jaas.config={line}"]
    if mechanism == "OAUTHBEARER":
        package = "org.apache.kafka.common.security.oauthbearer.internals.unsecured"
        lines.append(f"sasl.login.callback.handler.class={package}.OAuthBearerUnsecuredLoginCallbackHandler")
    path.write_text("\n".join(lines))
    return str(path)


@pytest.mark.parametrize("mechanism", LINES)
def test_a_tool_logs_in(mechanism: str, tools: KafkaTools, address: str, tmp_path: Path) -> None:
    config = settings(tmp_path, mechanism, LINES[mechanism])
    code, printed = tools.run("kafka-topics", address, ["--list", "--command-config", config])
    assert code == 0, printed


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_tool_with_a_wrong_password_says_so(mechanism: str, tools: KafkaTools, address: str, tmp_path: Path) -> None:
    config = settings(tmp_path, mechanism, LINES[mechanism].replace("secret", "wrong"))
    code, printed = tools.run("kafka-topics", address, ["--list", "--command-config", config])
    assert code != 0
    assert "Authentication failed" in printed


def test_a_token_is_made_by_kafkas_tool_and_logs_in(tools: KafkaTools, address: str, tmp_path: Path) -> None:
    config = settings(tmp_path, "PLAIN", LINES["PLAIN"])
    asked = ["--create", "--max-life-time-period", "-1", "--command-config", config]
    code, printed = tools.run("kafka-delegation-tokens", address, asked)
    assert code == 0, printed
    found = re.search(r"^(\S{22})\s+(\S{80,})\s+User:al", printed, re.MULTILINE)
    assert found is not None, printed
    line = f'{SCRAM_MODULE} required username="{found[1]}" password="{found[2]}" tokenauth="true";'
    by_token = settings(tmp_path, "SCRAM-SHA-256", line)
    code, printed = tools.run("kafka-topics", address, ["--list", "--command-config", by_token])
    assert code == 0, printed
