"""Which validator a listener has, by its settings."""

from pathlib import Path

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.bearer_validators import SIGNED, UNSECURED, BearerValidators
from odradek.broker.security.sasl.jaas import OAUTHBEARER_MODULE
from odradek.broker.security.sasl.oauthbearer import BadToken
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.protocol.errors import KafkaError

from .listener import LISTENER, config_of
from .signing import AUDIENCE, ISSUER, good, key_set, signed
from .test_unsecured_jws import token

NOW_S = 1_700_000_000
NOW_MS = NOW_S * 1000
LINE = {"listener.name.clients.oauthbearer.sasl.jaas.config": f"{OAUTHBEARER_MODULE} required;"}
URL, HANDLER = "sasl.oauthbearer.jwks.endpoint.url", "sasl.server.callback.handler.class"


def validators(settings: dict[str, str]) -> BearerValidators:
    return BearerValidators(config_of(settings), manual_runtime(), [LISTENER])


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set("one"))
    return path.as_uri()


def loaded(settings: dict[str, str]) -> BearerValidators:
    made, outcome = validators(settings), list[KafkaError | None]()
    made.load(outcome.append)
    assert outcome == [None]
    return made


def test_with_the_url_of_keys_tokens_must_be_signed(url: str) -> None:
    validate = loaded({URL: url, **LINE}).of_listener(LISTENER)
    assert validate(signed(good(NOW_S)), NOW_MS).user == "al"
    with pytest.raises(BadToken):
        validate(token({"sub": "al", "exp": NOW_S + 10}), NOW_MS)


def test_settings_say_what_a_token_must(url: str) -> None:
    settings = {
        URL: url,
        "listener.name.clients.oauthbearer.sasl.oauthbearer.expected.issuer": ISSUER,
        "sasl.oauthbearer.expected.audience": f"{AUDIENCE},x",
        "sasl.oauthbearer.sub.claim.name": "name",
        "sasl.oauthbearer.clock.skew.seconds": "5",
    }
    validate = loaded(settings).of_listener(LISTENER)
    assert validate(signed(good(NOW_S, name="bo", exp=NOW_S - 4)), NOW_MS).user == "bo"
    for more in ({"name": None}, {"iss": "x"}, {"aud": "y"}, {"exp": NOW_S - 5}):
        with pytest.raises(BadToken):
            validate(signed(good(NOW_S, **{"name": "bo", **more})), NOW_MS)


def test_kafkas_own_validator_takes_unsigned_tokens_where_no_other_is_named(url: str) -> None:
    validate = loaded(LINE).of_listener(LISTENER)
    assert validate(token({"sub": "al", "exp": NOW_S + 10}), NOW_MS).user == "al"
    asked = {URL: url, f"listener.name.clients.oauthbearer.{HANDLER}": UNSECURED[0]}
    assert loaded(asked).of_listener(LISTENER)(token({"sub": "al", "exp": NOW_S + 10}), NOW_MS).user == "al"


@pytest.mark.parametrize(
    ("handler", "why"),
    [("org.example.Mine", "org.example.Mine is not here"), (SIGNED[0], "jwks.endpoint.url is missing")],
)
def test_a_validator_that_is_not_here_or_lacks_its_keys_is_refused(handler: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        validators({f"listener.name.clients.oauthbearer.{HANDLER}": handler})


def test_keys_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    outcome: list[KafkaError | None] = []
    validators({URL: (tmp_path / "missing.json").as_uri()}).load(outcome.append)
    (error,) = outcome
    assert error is not None
    assert "missing.json cannot be read" in error.message


def test_a_listener_without_them_has_no_validator() -> None:
    with pytest.raises(ConfigError, match="offered at the start"):
        loaded({}).of_listener(LISTENER)
