"""Who may ask about delegation tokens."""

import pytest

from odradek.broker.security.sasl.authentication import Authentication
from odradek.broker.security.sasl.mechanism import LoggedIn
from odradek.broker.security.tokens.requests import joined_principal, requester_of, split_principal
from odradek.broker.session import ANONYMOUS, Session
from odradek.protocol.errors import ErrorCode, KafkaError


def session_of(user: str = ANONYMOUS, *, is_by_token: bool | None = None) -> Session:
    """By a login, with or without a token; or without one."""
    session = Session("/127.0.0.1", "127.0.0.1", 9092, user=user)
    if is_by_token is not None:
        session.authentication = authentication = Authentication(["PLAIN"])
        authentication.choose("PLAIN", 1)
        authentication.complete(LoggedIn(b"", user, None, is_by_token), 0, 0, 0.0)
    return session


def test_who_has_logged_in_or_shown_a_certificate_may() -> None:
    assert requester_of(session_of("al", is_by_token=False)) == "User:al"
    assert requester_of(session_of("CN=al")) == "User:CN=al"


def test_nobody_in_particular_and_who_came_by_a_token_may_not() -> None:
    for session in (session_of(), session_of("al", is_by_token=True)):
        with pytest.raises(KafkaError) as refused:
            requester_of(session)
        assert refused.value.code == ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED


def test_a_principal_is_a_type_and_a_name_that_may_have_colons() -> None:
    assert split_principal(joined_principal("User", "a:b")) == ("User", "a:b")
