"""OAUTHBEARER's messages: a token that holds lets in, one that does not is told why before the login fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.sasl.mechanism import Challenge, LoggedIn, LoginFailed
from odradek.broker.security.sasl.oauthbearer import BadToken, BearerLogin, BearerToken

NOW_MS = 1_000


def validate(token: str, now_ms: int) -> BearerToken:
    assert now_ms == NOW_MS
    if token == "good":
        return BearerToken("al", 5_000)
    raise BadToken("no", scope="write" if token == "narrow" else None)


def message(token: str, header: str = "n,,", more: str = "") -> bytes:
    return f"{header}\x01auth=Bearer {token}\x01{more}\x01".encode()


def login() -> BearerLogin:
    return BearerLogin(validate)


@pytest.mark.parametrize(
    "token",
    [message("good"), message("good", "n,a=al,"), message("good", more="traceid=1 2\x01"),
     b"n,,\x01auth=bEARER   good\x01\x01"],
)  # fmt: skip
def test_a_token_that_holds_is_its_user_until_it_ends(token: bytes) -> None:
    assert login().evaluate(token, NOW_MS) == LoggedIn(b"", "al", 5_000)


@pytest.mark.parametrize(
    ("token", "why"),
    [("bad", '{"status":"invalid_token"}'), ("narrow", '{"status":"insufficient_scope", "scope":"write"}')],
)
def test_one_that_does_not_is_told_why_and_fails_once_that_is_acknowledged(token: str, why: str) -> None:
    refused = login()
    assert refused.evaluate(message(token), NOW_MS) == Challenge(why.encode(), refused="no")
    with pytest.raises(LoginFailed) as failed:
        refused.evaluate(b"\x01", NOW_MS)
    assert failed.value.told == why


def test_a_better_token_may_follow() -> None:
    second = login()
    second.evaluate(message("bad"), NOW_MS)
    assert isinstance(second.evaluate(message("good"), NOW_MS), LoggedIn)


def test_it_is_not_let_in_as_another() -> None:
    with pytest.raises(LoginFailed, match=r"authorization id \(bo\)"):
        login().evaluate(message("good", "n,a=bo,"), NOW_MS)


@pytest.mark.parametrize(
    "token",
    [b"", b"\x01", b"n,,\x01\x01", b"n,,\x01x=y\x01\x01", b"n,,\x01auth=Basic good\x01\x01",
     b"n,,\x01auth=Bearer\x01\x01",
     b"n,,\x01auth=Bearer go od\x01\x01", b"y,,\x01auth=Bearer good\x01\x01", message("good")[:-1],
     message("good") + b"x",
     b"n,,\x01auth=Bearer \xff\x01\x01"],
)  # fmt: skip
def test_what_is_no_message_is_refused_without_a_reason(token: bytes) -> None:
    with pytest.raises(LoginFailed) as refused:
        login().evaluate(token, NOW_MS)
    assert refused.value.told is None


@given(st.binary() | st.text(alphabet="n,a=uthBer \x01good.").map(str.encode))
def test_any_bytes_are_refused_or_told_why(token: bytes) -> None:
    try:
        step = login().evaluate(token, NOW_MS)
    except LoginFailed:
        return
    assert isinstance(step, Challenge) or b"good" in token
