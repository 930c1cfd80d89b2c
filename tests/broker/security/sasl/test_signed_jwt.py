"""Signed tokens: by one of the keys, and saying what the rules want."""

import base64
import json
import sys
from collections.abc import Callable

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.jwks import parse_keys
from odradek.broker.security.sasl.oauthbearer import BadToken, BearerToken
from odradek.broker.security.sasl.signed_jwt import MOST_BYTES, JwtRules, SignedValidator, check_library

from .signing import AUDIENCE, ISSUER, good, key_set, rsa_key, signed

NOW_S = 1_700_000_000
NOW_MS = NOW_S * 1000
RULES = JwtRules(issuer=ISSUER, audiences=(AUDIENCE, "other"), skew_ms=30_000)


def validator(rules: JwtRules = RULES, keys: bytes | None = None) -> SignedValidator:
    known = parse_keys(keys or key_set("one", "ec-two"))
    return SignedValidator(rules, lambda key_id: [key for key in known if key_id in (None, key.key_id)])


@pytest.mark.parametrize("key", ["one", "ec-two"])
def test_a_token_that_one_of_the_keys_has_signed_is_taken(key: str) -> None:
    taken = validator().validate(signed(good(NOW_S), key), NOW_MS)
    assert taken == BearerToken("al", NOW_MS + 3_600_000)


def test_a_token_without_a_key_id_is_tried_with_every_key() -> None:
    token = jwt.encode(good(NOW_S), rsa_key("one"), "RS256")
    assert validator().validate(token, NOW_MS).user == "al"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_algorithms_of_the_same_key(algorithm: str) -> None:
    assert validator().validate(signed(good(NOW_S), algorithm=algorithm), NOW_MS).user == "al"


@pytest.mark.parametrize(
    "token",
    [
        lambda: signed(good(NOW_S), "three", key_id="one"),
        lambda: signed(good(NOW_S), "three"),
        lambda: signed(good(NOW_S), "ec-two", key_id="one"),
        lambda: signed(good(NOW_S)).rpartition(".")[0] + ".",
        lambda: signed(good(NOW_S))[:-8] + "AAAAAAAA",
        lambda: jwt.encode(good(NOW_S), "", "none"),
        lambda: jwt.encode(good(NOW_S), "a secret that nobody has to know", "HS256", headers={"kid": "one"}),
        lambda: "",
        lambda: "a.b.c",
        lambda: "..",
        lambda: "x" * (MOST_BYTES + 1),
    ],
)
def test_what_no_key_has_signed_is_refused(token: Callable[[], str]) -> None:
    with pytest.raises(BadToken):
        validator().validate(token(), NOW_MS)


def test_claims_that_were_changed_are_refused() -> None:
    header, _, signature = signed(good(NOW_S)).split(".")
    changed = base64.urlsafe_b64encode(json.dumps(good(NOW_S, sub="admin")).encode()).decode().rstrip("=")
    with pytest.raises(BadToken, match="none of the keys"):
        validator().validate(f"{header}.{changed}.{signature}", NOW_MS)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"exp": NOW_S - 31}, "expired"),
        ({"exp": None}, "expiry"),
        ({"iat": None}, "issue"),
        ({"nbf": NOW_S + 31}, "not hold yet"),
        ({"iss": "https://another.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "others"}, "others"),
        ({"aud": ["x", "y"]}, "others"),
        ({"aud": None}, "others"),
        ({"sub": None}, "'sub'"),
        ({"sub": ""}, "'sub'"),
        ({"scope": "a a"}, "scopes"),
        ({"scope": [""]}, "scopes"),
    ],
)
def test_what_the_rules_do_not_want_is_refused(more: dict[str, object], why: str) -> None:
    claims = {key: value for key, value in good(NOW_S, **more).items() if value is not None}
    with pytest.raises(BadToken, match=why):
        validator().validate(signed(claims), NOW_MS)


def test_clocks_may_differ_as_far_as_the_rules_say() -> None:
    for more in ({"exp": NOW_S - 29}, {"nbf": NOW_S + 30}):
        assert validator().validate(signed(good(NOW_S, **more)), NOW_MS).user == "al"


def test_rules_may_want_less_and_name_other_claims() -> None:
    claims: dict[str, object] = {"name": "bo", "iat": NOW_S, "exp": NOW_S + 5, "aud": ["any"]}
    assert validator(JwtRules(subject_claim="name")).validate(signed(claims), NOW_MS).user == "bo"


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    check_library()
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ConfigError, match=r"odradek\[security\]"):
        check_library()


@given(st.text() | st.tuples(*[st.text(alphabet="abcdefgA0-_")] * 3).map(".".join))
def test_any_text_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        validator().validate(token, NOW_MS)


HEADERS = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku"])


@given(st.dictionaries(HEADERS, st.text() | st.integers() | st.none() | st.booleans()))
def test_any_header_is_refused(header: dict[str, object]) -> None:
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    _, claims, signature = signed(good(NOW_S)).split(".")
    with pytest.raises(BadToken):
        validator().validate(f"{first}.{claims}.{signature}", NOW_MS)
