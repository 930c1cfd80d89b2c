"""Unsigned tokens, as Kafka's validator for tests takes them; tests/oracle compares them one by one."""

import base64
import json

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.oauthbearer import BadToken, BearerToken
from odradek.broker.security.sasl.unsecured_jws import UnsecuredValidator

NOW_MS = 1_000_000
GOOD: dict[str, object] = {"sub": "al", "exp": 2_000}


def token(claims: dict[str, object], header: dict[str, object] | None = None, signature: str = "") -> str:
    parts = (json.dumps(one).encode() for one in (header or {"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts), signature])


def test_a_whole_token_is_taken() -> None:
    assert UnsecuredValidator({}).validate(token(GOOD), NOW_MS) == BearerToken("al", 2_000_000)


@pytest.mark.parametrize(
    "bad",
    [token(GOOD, signature="x"), token(GOOD, {"alg": "RS256"}), token(GOOD, {"typ": "JWT"}), "a.b", "a..b", "",
     token({"exp": 2_000}), token({"sub": "al"}), token({**GOOD, "exp": 1_000}), token({**GOOD, "iat": 1_001}),
     token({**GOOD, "iat": 999, "exp": 999})],
)  # fmt: skip
def test_anything_else_is_not(bad: str) -> None:
    with pytest.raises(BadToken):
        UnsecuredValidator({}).validate(bad, NOW_MS)


def test_options_name_the_claims_and_what_is_wanted() -> None:
    validator = UnsecuredValidator(
        {
            "unsecuredValidatorPrincipalClaimName": "name",
            "unsecuredValidatorScopeClaimName": "for",
            "unsecuredValidatorRequiredScope": "write",
            "unsecuredValidatorAllowableClockSkewMs": "5000",
        }
    )
    claims: dict[str, object] = {"name": "bo", "exp": 996, "for": ["read", "write"]}
    assert validator.validate(token(claims), NOW_MS).user == "bo"
    with pytest.raises(BadToken) as refused:
        validator.validate(token({**claims, "for": "read"}), NOW_MS)
    assert refused.value.scope == "write"


def test_an_option_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="AllowableClockSkewMs"):
        UnsecuredValidator({"unsecuredValidatorAllowableClockSkewMs": "soon"})
