"""PLAIN (RFC 4616): one message with name and password. Pure, and in Kafka's words."""

import hmac
from collections.abc import Mapping

from .mechanism import LoggedIn, told

PLAIN = "PLAIN"
_PARTS = 3
_MOST_PARTS = 4  # Kafka counts no further


class PlainLogin:
    """One login against a table of passwords."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def evaluate(self, token: bytes, now_ms: int) -> LoggedIn:
        """The client is known, or LoginFailed."""
        parts = token.decode("utf-8", "replace").split("\0", _MOST_PARTS - 1)
        if len(parts) != _PARTS:
            raise told(f"Invalid SASL/PLAIN response: expected {_PARTS} tokens, got {len(parts)}")
        authorization_id, user, password = parts
        if not user:
            raise told("Authentication failed: username not specified")
        if not password:
            raise told("Authentication failed: password not specified")
        expected = self._passwords.get(user)
        # An unknown user takes as long as a wrong password.
        is_right = hmac.compare_digest(password.encode("utf-8", "replace"), (expected or "").encode())
        if expected is None or not is_right:
            raise told("Authentication failed: Invalid username or password")
        if authorization_id not in ("", user):
            raise told("Authentication failed: Client requested an authorization id that is different from username")
        return LoggedIn(b"", user)
