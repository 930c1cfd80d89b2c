"""OAUTHBEARER (RFC 7628): a client shows a token that somebody else made. Pure.

A token that is refused is answered with why, as JSON, in a successful step; the client acknowledges it with one byte,
and the login fails then.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .mechanism import Challenge, LoggedIn, LoginFailed, Step, told

OAUTHBEARER = "OAUTHBEARER"
_ACKNOWLEDGED = b"\x01"
_SASLNAME = r"(?:[\x01-\x2b\x2d-\x3c\x3e-\x7f]|=2C|=3D)+"
_VALUE = r"[\x21-\x7e \t\r\n]+"
_MESSAGE = re.compile(rf"n,(?:a=(?P<authzid>{_SASLNAME}))?,\x01(?P<pairs>(?:[A-Za-z]+={_VALUE}\x01)*)\x01")
_AUTH = re.compile(r"(?P<scheme>[A-Za-z0-9_]+) +(?P<token>[-_.a-zA-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token that holds: whose it is, and until when."""

    user: str
    expires_at_ms: int


class BadToken(ValueError):
    """A token that does not hold. `scope` is what it lacks, if it lacks that alone. Nothing of it is in the text."""

    def __init__(self, why: str, scope: str | None = None) -> None:
        super().__init__(why)
        self.scope = scope


Validate = Callable[[str, int], BearerToken]
"""A token and the time, to whose it is. BadToken."""


class BearerLogin:
    """One login."""

    def __init__(self, validate: Validate) -> None:
        self._validate = validate
        self._refusal: str | None = None

    def evaluate(self, token: bytes, now_ms: int) -> Step:
        """The client is known, or told why its token does not hold. LoginFailed."""
        refusal, self._refusal = self._refusal, None
        if refusal is not None and token == _ACKNOWLEDGED:
            raise told(refusal)
        authorization_id, bearer = _parse(token)
        try:
            known = self._validate(bearer, now_ms)
        except BadToken as error:
            self._refusal = _as_json(error)
            return Challenge(self._refusal.encode(), refused=str(error))
        if authorization_id not in ("", known.user):
            raise told(
                f"Authentication failed: Client requested an authorization id ({authorization_id}) that is different "
                f"from the token's principal name ({known.user})"
            )
        return LoggedIn(b"", known.user, known.expires_at_ms)


def _parse(message: bytes) -> tuple[str, str]:
    """The authorization id, and the token."""
    found = _MESSAGE.fullmatch(message.decode("utf-8", "replace"))
    if found is None:
        raise LoginFailed("Invalid OAUTHBEARER client first message")
    pairs = dict(pair.split("=", 1) for pair in found["pairs"].split("\x01") if pair)
    if "auth" not in pairs:
        raise LoginFailed("Invalid OAUTHBEARER client first message: 'auth' not specified")
    auth = _AUTH.fullmatch(pairs["auth"])
    if auth is None or auth["scheme"].lower() != "bearer":
        raise LoginFailed("Invalid OAUTHBEARER client first message: invalid 'auth' format")
    return found["authzid"] or "", auth["token"]


def _as_json(error: BadToken) -> str:
    if error.scope is None:
        return '{"status":"invalid_token"}'
    return f'{{"status":"insufficient_scope", "scope":"{error.scope}"}}'
