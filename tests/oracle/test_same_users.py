"""Users and delegation tokens of one data directory, which Apache Kafka and Odradek serve in turns.

Users are made by `kafka-storage format --add-scram`, by either broker, by `kafka-configs`; everybody logs in at both.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from odradek.broker.wire import ClosedByPeer
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from odradek.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
)

from ..brokers import OdradekBroker
from .apache_kafka import skip_without_kafka
from .kafka_tools import KafkaTools
from .sasl_session import SASL_SETTINGS, SaslDialogue, SaslKafka, salted

OURS = {
    **SASL_SETTINGS,
    "listeners": "PLAINTEXT://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
}
Broker = OdradekBroker | SaslKafka
Token = tuple[str, bytes]


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[SaslKafka]:
    skip_without_kafka()
    broker = SaslKafka(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def odradek_there(tmp_path: Path) -> Iterator[OdradekBroker]:
    """Odradek over the same data."""
    broker = OdradekBroker(tmp_path, OURS)
    yield broker
    broker.kill()


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[KafkaTools]:
    made = KafkaTools(tmp_path / "tools.log")
    yield made
    made.close()


class Turn:
    """One broker's turn with the directory: what is asked of it."""

    def __init__(self, broker: Broker) -> None:
        broker.start()
        self.address, _, sasl_address = broker.address.partition(",")
        self.sasl_address = broker.sasl_address if isinstance(broker, SaslKafka) else sasl_address

    def logs_in(self, user: str, password: str, mechanism: str = "SCRAM-SHA-256") -> bool:
        with SaslDialogue(self.address, self.sasl_address) as d:
            try:
                d.logged_in(user, mechanism, password=password)
            except (AssertionError, ValueError, ClosedByPeer):  # it was refused: there is no challenge to answer
                return False
        return True

    def token_logs_in(self, token: Token) -> bool:
        token_id, hmac = token
        with SaslDialogue(self.address, self.sasl_address) as d:
            password = base64.b64encode(hmac).decode()
            d.logged_in(token_id, "SCRAM-SHA-512", password=password, extensions=",tokenauth=true")
        return True

    def make_token(self) -> Token:
        with SaslDialogue(self.address, self.sasl_address) as d:
            wire = d.logged_in()
            made = wire.ask(CreateDelegationTokenRequest(max_lifetime_ms=-1), 3, CreateDelegationTokenResponse)
            assert made.error_code == 0
            request = DescribeDelegationTokenRequest(owners=None)
            d.wait_for(
                lambda: (
                    made.token_id in [t.token_id for t in wire.ask(request, 3, DescribeDelegationTokenResponse).tokens]
                ),
                "the token is known",
            )
        return made.token_id, made.hmac

    def alter(self, *changes: ScramCredentialUpsertion, deleted: str = "") -> None:
        deletions = [ScramCredentialDeletion(name=deleted, mechanism=1)] if deleted else []
        request = AlterUserScramCredentialsRequest(deletions=deletions, upsertions=changes)
        with SaslDialogue(self.address, self.sasl_address) as d:
            answer = d.wire.ask(request, 0, AlterUserScramCredentialsResponse)
        assert [one.error_code for one in answer.results] == [0] * len(answer.results)

    def users(self) -> dict[str, list[int]]:
        with SaslDialogue(self.address, self.sasl_address) as d:
            request = DescribeUserScramCredentialsRequest(users=None)
            answer = d.wire.ask(request, 0, DescribeUserScramCredentialsResponse)
        return {one.user: [info.iterations for info in one.credential_infos] for one in answer.results}


def upsertion(name: str, password: str, iterations: int) -> ScramCredentialUpsertion:
    key = salted("sha256", password, b"salt", iterations)
    return ScramCredentialUpsertion(name=name, mechanism=1, iterations=iterations, salt=b"salt", salted_password=key)


def test_users_and_tokens_go_to_and_fro(kafka: SaslKafka, odradek_there: OdradekBroker, tools: KafkaTools) -> None:
    kafka.format("--add-scram", "SCRAM-SHA-256=[name=formatted,password=first]")
    turn = Turn(kafka)
    kafkas_token = turn.make_token()
    turn.alter(upsertion("kafkas", "second", 8192), upsertion("gone", "x", 4096))
    kafka.stop()

    turn = Turn(odradek_there)
    assert turn.users() == {"formatted": [4096], "gone": [4096], "kafkas": [8192]}
    assert turn.logs_in("formatted", "first")
    assert turn.logs_in("kafkas", "second")
    assert not turn.logs_in("formatted", "second")
    assert not turn.logs_in("formatted", "first", "SCRAM-SHA-512")
    assert turn.token_logs_in(kafkas_token)
    ours_token = turn.make_token()
    turn.alter(upsertion("ours", "third", 5000), deleted="gone")
    added = [
        "--alter",
        "--entity-type",
        "users",
        "--entity-name",
        "configured",
        "--add-config",
        "SCRAM-SHA-256=[password=4th]",
    ]
    assert tools.run("kafka-configs", turn.address, added)[0] == 0
    described = ["--describe", "--entity-type", "users", "--entity-name", "configured"]
    assert "SCRAM-SHA-256=iterations=4096" in tools.run("kafka-configs", turn.address, described)[1]
    assert turn.logs_in("configured", "4th")
    odradek_there.kill()

    turn = Turn(kafka)
    assert turn.users() == {"formatted": [4096], "kafkas": [8192], "ours": [5000], "configured": [4096]}
    passwords = {"formatted": "first", "kafkas": "second", "ours": "third", "configured": "4th"}
    assert [name for name, password in passwords.items() if not turn.logs_in(name, password)] == []
    assert turn.token_logs_in(ours_token)
    assert turn.token_logs_in(kafkas_token)
    kafka.stop()

    turn = Turn(odradek_there)
    assert [name for name, password in passwords.items() if not turn.logs_in(name, password)] == []
    assert turn.token_logs_in(ours_token)


def test_a_directory_that_kafka_has_only_formatted_has_its_users(
    kafka: SaslKafka, odradek_there: OdradekBroker
) -> None:
    both = ("--add-scram", "SCRAM-SHA-256=[name=al,password=1]", "--add-scram", "SCRAM-SHA-512=[name=bo,password=2]")
    kafka.format(*both)
    turn = Turn(odradek_there)
    assert turn.logs_in("al", "1")
    assert turn.logs_in("bo", "2", "SCRAM-SHA-512")
    assert not turn.logs_in("bo", "2")
