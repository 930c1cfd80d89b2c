"""What a connection may send before it is logged in, and when it must log in again."""

import pytest

from odradek.broker.deferred import Disconnect
from odradek.broker.security.sasl.authentication import Authentication, State
from odradek.broker.security.sasl.mechanism import LoggedIn, LoginFailed
from odradek.protocol.api_keys import ApiKey

VERSIONS, HANDSHAKE, AUTHENTICATE = ApiKey.API_VERSIONS, ApiKey.SASL_HANDSHAKE, ApiKey.SASL_AUTHENTICATE
METADATA = ApiKey.METADATA
NOW, NOW_MS = 50.0, 1_000


def begun(*, version: int = 1) -> Authentication:
    authentication = Authentication(["PLAIN", "SCRAM-SHA-256"])
    assert authentication.choose("PLAIN", version)
    return authentication


def complete(
    authentication: Authentication, user: str = "al", max_reauth_ms: int = 0, ends_ms: int | None = None
) -> int:
    return authentication.complete(LoggedIn(b"", user, ends_ms), max_reauth_ms, NOW_MS, NOW)


@pytest.mark.parametrize("key", [METADATA, AUTHENTICATE, ApiKey.PRODUCE, ApiKey.DESCRIBE_CLUSTER])
def test_nothing_comes_before_the_handshake(key: ApiKey) -> None:
    with pytest.raises(Disconnect):
        Authentication(["PLAIN"]).check(key, NOW)


def test_versions_may_be_asked_for_once() -> None:
    authentication = Authentication(["PLAIN"])
    assert authentication.check(VERSIONS, NOW) == ""
    assert authentication.check(VERSIONS, NOW) == ""  # the first was refused
    authentication.note_api_versions()
    with pytest.raises(Disconnect):
        authentication.check(VERSIONS, NOW)
    assert authentication.check(HANDSHAKE, NOW) == ""


def test_after_a_handshake_only_tokens_may_come() -> None:
    authentication = begun()
    assert authentication.check(AUTHENTICATE, NOW) == ""
    for key in (METADATA, HANDSHAKE, VERSIONS):
        assert "during SASL authentication" in authentication.check(key, NOW)


def test_tokens_come_bare_after_a_handshake_of_version_0() -> None:
    assert begun(version=0).is_raw
    assert not begun(version=1).is_raw


def test_a_mechanism_that_is_not_offered_ends_it() -> None:
    authentication = Authentication(["PLAIN"])
    assert not authentication.choose("GSSAPI", 1)
    with pytest.raises(Disconnect):
        authentication.check(HANDSHAKE, NOW)


def test_once_it_is_complete_everything_may_come_for_ever() -> None:
    authentication = begun()
    assert authentication.is_pending
    assert complete(authentication) == 0
    assert authentication.is_complete
    assert not authentication.is_pending
    for key in (METADATA, HANDSHAKE, AUTHENTICATE):
        assert authentication.check(key, NOW + 1e9) == ""
    assert authentication.is_complete  # a handshake begins nothing


@pytest.mark.parametrize(
    ("max_reauth_ms", "ends_ms", "lifetime_ms"),
    [(0, None, 0), (500, None, 500), (0, NOW_MS + 300, 300), (500, NOW_MS + 300, 300), (200, NOW_MS + 300, 200),
     (500, NOW_MS - 1, 0)],
)  # fmt: skip
def test_a_session_lasts_as_long_as_the_setting_and_what_was_shown(
    max_reauth_ms: int, ends_ms: int | None, lifetime_ms: int
) -> None:
    assert complete(begun(), max_reauth_ms=max_reauth_ms, ends_ms=ends_ms) == lifetime_ms


def test_whose_session_has_expired_may_send_a_handshake_alone() -> None:
    authentication = begun()
    complete(authentication, max_reauth_ms=500)
    assert authentication.check(METADATA, NOW + 0.5) == ""
    with pytest.raises(Disconnect, match="expired"):
        authentication.check(METADATA, NOW + 0.501)
    assert authentication.check(HANDSHAKE, NOW + 0.501) == ""
    assert authentication.state is State.HANDSHAKE
    authentication.choose("PLAIN", 1)
    complete(authentication, max_reauth_ms=500)
    assert authentication.is_complete


def test_what_has_ended_already_lets_nothing_through() -> None:
    authentication = begun()
    complete(authentication, ends_ms=NOW_MS - 5)
    with pytest.raises(Disconnect, match="expired"):
        authentication.check(METADATA, NOW + 0.001)


def test_a_login_anew_within_a_second_of_the_last_is_an_ordinary_handshake() -> None:
    authentication = begun()
    complete(authentication, max_reauth_ms=60_000)
    authentication.check(HANDSHAKE, NOW)
    authentication.choose("PLAIN", 1)
    complete(authentication, max_reauth_ms=60_000)
    authentication.check(HANDSHAKE, NOW + 0.9)
    assert authentication.is_complete
    authentication.check(HANDSHAKE, NOW + 1.0)
    assert not authentication.is_complete


def test_a_login_anew_is_the_same_users() -> None:
    authentication = begun()
    complete(authentication, max_reauth_ms=60_000)
    authentication.check(HANDSHAKE, NOW)
    authentication.choose("PLAIN", 1)
    with pytest.raises(LoginFailed) as refused:
        complete(authentication, user="admin")
    assert refused.value.told == "Cannot change principals during re-authentication from User.al: User.admin"
    assert not authentication.is_complete


def test_a_login_anew_is_by_the_same_mechanism() -> None:
    authentication = begun()
    complete(authentication, max_reauth_ms=60_000)
    authentication.check(HANDSHAKE, NOW)
    assert authentication.choose("SCRAM-SHA-256", 1)  # it is answered; what follows is not
    with pytest.raises(Disconnect, match="'SCRAM-SHA-256' requested by client is not supported"):
        authentication.check(AUTHENTICATE, NOW)


def test_whether_it_is_the_first_login_is_said_where_it_fails() -> None:
    authentication = begun()
    why = "Authentication failed during {} due to invalid credentials with SASL mechanism PLAIN"
    assert authentication.generic_refusal() == why.format("authentication")
    complete(authentication, max_reauth_ms=1)
    assert authentication.generic_refusal() == why.format("re-authentication")


def test_who_came_by_a_delegation_token_is_known_to_have() -> None:
    authentication = begun()
    assert not authentication.is_by_delegation_token
    authentication.complete(LoggedIn(b"", "al", NOW_MS + 9, is_by_delegation_token=True), 0, NOW_MS, NOW)
    assert authentication.is_by_delegation_token
