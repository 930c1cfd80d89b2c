"""The claims of a token: read from its parts, and held against the time."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.sasl.claims import decode_part, expiry_ms, scopes, text_claim, time_claim
from odradek.broker.security.sasl.oauthbearer import BadToken


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("value", [{}, {"sub": "al"}, {"a": "~~~???"}])
def test_a_part_is_an_object(value: object) -> None:
    assert decode_part(part(value)) == value


@pytest.mark.parametrize("text", ["", "a", "a+b/", "!!!!", part([]), part(1), part({})[:-1], part("x"), "[" * 8])
def test_what_is_no_part(text: str) -> None:
    with pytest.raises(BadToken):
        decode_part(text)


def test_a_part_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(BadToken):
        decode_part(base64.urlsafe_b64encode(b"[" * 40_000).decode())


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_any_text_is_an_object_or_refused(text: str) -> None:
    try:
        assert isinstance(decode_part(text), dict)
    except BadToken:
        return


def test_a_text_must_say_something() -> None:
    assert text_claim({"sub": "al"}, "sub") == "al"
    bad: tuple[dict[str, object], ...] = ({}, {"sub": ""}, {"sub": " "}, {"sub": 5}, {"sub": None})
    for claims in bad:
        with pytest.raises(BadToken, match="'sub'"):
            text_claim(claims, "sub")


def test_a_time_is_a_number() -> None:
    assert time_claim({"iat": 5.5}, "iat") == 5.5
    assert time_claim({}, "iat") is None
    bad: tuple[object, ...] = ("5", True, [], float("nan"), float("inf"), 1e300)
    for value in bad:
        with pytest.raises(BadToken, match="'iat'"):
            time_claim({"iat": value}, "iat")


@pytest.mark.parametrize(
    ("value", "listed"),
    [(None, []), ("", []), ("read write", ["read", "write"]), ([" read", "write"], ["read", "write"])],
)
def test_scopes_are_words_or_a_list(value: object, listed: list[str]) -> None:
    assert scopes({"scope": value}, "scope") == listed


@pytest.mark.parametrize("value", [5, {}, [1], [None]])
def test_what_is_no_scope(value: object) -> None:
    with pytest.raises(BadToken):
        scopes({"scope": value}, "scope")


def test_a_token_ends_when_it_says_and_the_clocks_may_differ() -> None:
    assert expiry_ms({"exp": 10}, now_ms=9_999, skew_ms=0) == 10_000
    assert expiry_ms({"exp": 10}, now_ms=10_499, skew_ms=500) == 10_000
    for claims, now_ms, skew_ms in (({"exp": 10}, 10_000, 0), ({"exp": 10}, 10_500, 500), ({}, 0, 0)):
        with pytest.raises(BadToken):
            expiry_ms(claims, now_ms, skew_ms)
