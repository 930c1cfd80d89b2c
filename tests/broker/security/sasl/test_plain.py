"""PLAIN: one message, in Kafka's words where it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.security.sasl.mechanism import LoggedIn, LoginFailed
from odradek.broker.security.sasl.plain import PlainLogin

NOW_MS = 0


def log_in(token: bytes) -> LoggedIn:
    return PlainLogin({"al": "secret", "é": "ü"}).evaluate(token, NOW_MS)


@pytest.mark.parametrize("token", [b"\0al\0secret", b"al\0al\0secret"])
def test_a_user_with_its_password_is_known(token: bytes) -> None:
    assert log_in(token) == LoggedIn(b"", "al")


def test_names_and_passwords_are_utf_8() -> None:
    assert log_in("\0é\0ü".encode()).user == "é"


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (b"\0al\0wrong", "Authentication failed: Invalid username or password"),
        (b"\0nobody\0secret", "Authentication failed: Invalid username or password"),
        (b"\0nobody\0", "Authentication failed: password not specified"),
        (b"\0\0secret", "Authentication failed: username not specified"),
        (b"al\0secret", "Invalid SASL/PLAIN response: expected 3 tokens, got 2"),
        (b"", "Invalid SASL/PLAIN response: expected 3 tokens, got 1"),
        (b"\0al\0secret\0", "Invalid SASL/PLAIN response: expected 3 tokens, got 4"),
        (b"\0\0\0\0\0\0", "Invalid SASL/PLAIN response: expected 3 tokens, got 4"),
        (
            b"bo\0al\0secret",
            "Authentication failed: Client requested an authorization id that is different from username",
        ),
    ],
)
def test_anything_else_is_refused_with_a_reason(token: bytes, why: str) -> None:
    with pytest.raises(LoginFailed) as refused:
        log_in(token)
    assert refused.value.told == why


@given(st.binary())
def test_no_bytes_but_those_of_a_user_are_let_in(token: bytes) -> None:
    with pytest.raises(LoginFailed):
        PlainLogin({"al": "a password that is not found by chance"}).evaluate(token, NOW_MS)
