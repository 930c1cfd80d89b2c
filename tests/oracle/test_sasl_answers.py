"""Every login gets from Odradek what it gets from Apache Kafka, field by field; users and tokens likewise.

Without --oracle Apache Kafka's part is read from recorded_sasl/, written by `pytest --oracle --record tests/oracle`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from odradek.broker.testing.embedded import running_broker

from . import sasl_scenarios, token_access
from .apache_kafka import ENVIRONMENT
from .comparison import Decided, differences
from .normalise import Plain
from .sasl_session import SASL_SCENARIOS, SASL_SETTINGS, SECURED_SETTINGS, SaslKafka, held_with_sasl, make_users

RECORDED = Path(__file__).parent / "recorded_sasl"
TITLES = [title for title in SASL_SCENARIOS if hasattr(sasl_scenarios, title) or hasattr(token_access, title)]
LISTENERS = {
    "listeners": "PLAINTEXT://127.0.0.1:0,CLIENTS://127.0.0.1:0",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
}
Addresses = tuple[str, str]

_BEARER = "Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER"
_REFUSED = {"error_code": "SASL_AUTHENTICATION_FAILED", "error_message": _BEARER}
_STUMBLED = "Kafka fails while it puts the sentence together, and closes without a word"
_NOWHERE = "the answer to a request that is not served names no node; clients look at the error alone"
_FIND = "Unexpected Kafka request of type FIND_COORDINATOR during SASL authentication."
DECIDED = (
    Decided(
        "unsigned_bearer_tokens",
        "another scheme",
        "",
        {**_REFUSED, "auth_bytes": "", "session_lifetime_ms": 0},
        _STUMBLED,
    ),
    Decided("unsigned_bearer_tokens", "another scheme: then", "", "closed", _STUMBLED),
    Decided("another_request_instead_of_a_token", "FindCoordinator", "node_id", 0, _NOWHERE),
    Decided("another_request_instead_of_a_token", "FindCoordinator", "port", 0, _NOWHERE),
    Decided("another_request_instead_of_a_token", "FindCoordinator", "error_message", _FIND, _NOWHERE),
)


def ours(settings: Mapping[str, str]) -> Iterator[Addresses]:
    with running_broker({**settings, **LISTENERS}) as broker:
        address, sasl_address = broker.bootstrap.split(",")
        make_users(address)
        yield address, sasl_address


def kafkas(directory: Path, settings: Mapping[str, str]) -> Iterator[Addresses]:
    if os.environ.get(ENVIRONMENT):
        pytest.skip("logins are asked of a broker with users, which we start ourselves")
    broker = SaslKafka(directory, settings)
    broker.start()
    make_users(broker.address)
    yield broker.address, broker.sasl_address
    broker.kill()


@pytest.fixture(scope="module")
def open_ours() -> Iterator[Addresses]:
    yield from ours(SASL_SETTINGS)


@pytest.fixture(scope="module")
def secured_ours() -> Iterator[Addresses]:
    yield from ours(SECURED_SETTINGS)


@pytest.fixture(scope="module")
def open_kafkas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    yield from kafkas(tmp_path_factory.mktemp("sasl-kafka"), SASL_SETTINGS)


@pytest.fixture(scope="module")
def secured_kafkas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    yield from kafkas(tmp_path_factory.mktemp("secured-sasl-kafka"), SECURED_SETTINGS)


@pytest.mark.parametrize("title", TITLES)
def test_odradek_answers_logins_as_apache_kafka_does(
    title: str, request: pytest.FixtureRequest, is_oracle: bool
) -> None:
    kafka = _asked_of_kafka(title, request) if is_oracle else _recorded(title)
    decided = {(one.step, one.path): one for one in DECIDED if one.scenario == title}
    ours: Addresses = request.getfixturevalue(f"{_kind_of(title)}_ours")
    surprises: list[str] = []
    for difference in differences(kafka, held_with_sasl(title, *ours)):
        meant = decided.pop((difference.step, difference.path), None)
        if meant is None or meant.odradek != difference.odradek:
            surprises.append(str(difference))
    surprises += [f"{one.step}: {one.path} no longer differs: strike it from DECIDED" for one in decided.values()]
    assert not surprises, "\n" + "\n".join(surprises)


def test_nothing_is_decided_or_recorded_about_logins_that_do_not_exist() -> None:
    assert {one.scenario for one in DECIDED} <= set(TITLES)
    assert {path.stem for path in RECORDED.glob("*.json")} == set(TITLES)


def _kind_of(title: str) -> str:
    """Of the brokers: those of access rules have an authorizer."""
    return "secured" if hasattr(token_access, title) else "open"


def _asked_of_kafka(title: str, request: pytest.FixtureRequest) -> dict[str, Plain]:
    steps = held_with_sasl(title, *request.getfixturevalue(f"{_kind_of(title)}_kafkas"))
    if request.config.getoption("--record"):
        RECORDED.mkdir(exist_ok=True)
        text = json.dumps(steps, indent=1, ensure_ascii=False)
        (RECORDED / f"{title}.json").write_text(text + "\n")
    return steps


def _recorded(title: str) -> dict[str, Plain]:
    return cast(dict[str, Plain], json.loads((RECORDED / f"{title}.json").read_text()))
