"""SCRAM-SHA-256 and SCRAM-SHA-512: a client proves that it has a password without sending it (RFC 5802, RFC 7677).

Pure. As Kafka's server does: no channel binding, the client's `c=` is not compared, and a user that does not exist is
refused at the first message with the text that a wrong password has.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from .mechanism import Challenge, Heavy, LoggedIn, LoginBroken, LoginFailed, Outcome, Step, told
from .scram_credentials import MIN_ITERATIONS, ScramCredential, ScramMechanism, is_proof, server_signature
from .scram_messages import BadMessage, ClientFirst, parse_client_final, parse_client_first, server_final, server_first


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """What a delegation token is to a login: whose it is, until when, and its credential, which takes milliseconds."""

    owner: str
    expires_at_ms: int
    credential: Callable[[], ScramCredential]


FindUser = Callable[[str], ScramCredential | None]
FindToken = Callable[[str], TokenLogin | None]


class ScramLogin:
    """One login. `nonce` is the server's part of the nonce: nobody can guess it."""

    def __init__(self, mechanism: ScramMechanism, nonce: str, find_user: FindUser, find_token: FindToken) -> None:
        self._mechanism = mechanism
        self._server_nonce = nonce
        self._find_user = find_user
        self._find_token = find_token
        self._first: ClientFirst | None = None
        self._challenge = ""
        self._nonce = ""
        self._credential: ScramCredential | None = None
        self._user = ""
        self._expires_at_ms: int | None = None

    def evaluate(self, token: bytes, now_ms: int) -> Outcome:
        """LoginFailed; LoginBroken for a proof that is no proof of this mechanism."""
        try:
            return self._begin(parse_client_first(token)) if self._first is None else self._end(token)
        except BadMessage as error:
            raise LoginFailed(str(error)) from None

    def _begin(self, first: ClientFirst) -> Outcome:
        self._first = first
        if not first.is_by_token:
            self._user = first.user
            return self._challenge_with(self._find_user(first.user))
        token = self._find_token(first.user)
        if token is None:
            raise LoginFailed("there is no such delegation token")
        self._user, self._expires_at_ms = token.owner, token.expires_at_ms
        return Heavy(lambda: self._challenge_with(token.credential()))

    def _challenge_with(self, credential: ScramCredential | None) -> Step:
        assert self._first is not None
        if credential is None:
            raise LoginFailed("Authentication failed: Invalid user credentials")
        if self._first.authorization_id not in ("", self._first.user):
            raise told("Authentication failed: Client requested an authorization id that is different from username")
        if credential.iterations < MIN_ITERATIONS:
            raise LoginFailed(f"Iterations {credential.iterations} is less than the minimum {MIN_ITERATIONS}")
        self._credential = credential
        self._nonce = self._first.nonce + self._server_nonce
        self._challenge = server_first(self._nonce, credential.salt, credential.iterations)
        return Challenge(self._challenge.encode())

    def _end(self, token: bytes) -> Step:
        assert self._first is not None
        assert self._credential is not None
        final = parse_client_final(token)
        if not hmac.compare_digest(final.nonce, self._nonce):
            raise LoginFailed("Invalid client nonce in the final client message.")
        auth_message = f"{self._first.bare},{self._challenge},{final.without_proof}".encode()
        try:
            is_right = is_proof(self._mechanism, self._credential, final.proof, auth_message)
        except ValueError:
            raise LoginBroken("a proof of another length than the mechanism's") from None
        if not is_right:
            raise LoginFailed("Invalid client credentials")
        signature = server_signature(self._mechanism, self._credential, auth_message)
        is_by_token = self._expires_at_ms is not None
        return LoggedIn(server_final(signature).encode(), self._user, self._expires_at_ms, is_by_token)
