"""Where one connection stands on its way to a principal: what it may send, and what becomes of it. Pure.

The states are those of Kafka's SaslServerAuthenticator. An optional ApiVersions, one SaslHandshake, then tokens until
the mechanism knows the client: in SaslAuthenticate requests after a handshake of version 1, bare ones after version 0.
Whoever is logged in for a time only may begin again with a handshake on the same connection (KIP-368).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ....protocol.api_keys import ApiKey, api_name
from ...deferred import Disconnect
from .mechanism import LoggedIn, Mechanism, told

RAW_HANDSHAKE = 0  # the version after which tokens come without a header
# KafkaChannel: whoever begins again more often gets an ordinary SaslHandshake refused.
LEAST_BETWEEN_LOGINS_S = 1.0


class State(Enum):
    """What comes next."""

    VERSIONS_OR_HANDSHAKE = auto()
    HANDSHAKE = auto()
    TOKEN_REQUESTS = auto()
    RAW_TOKENS = auto()
    BAD_MECHANISM = auto()
    COMPLETE = auto()
    FAILED = auto()


@dataclass(slots=True)
class _Known:
    """A login that has succeeded."""

    user: str
    mechanism: str
    expires_at: float | None
    is_by_delegation_token: bool


class Authentication:
    """The login of one connection of a listener with SASL, and its logins anew."""

    def __init__(self, mechanisms: Sequence[str]) -> None:
        self.mechanisms = mechanisms  # that the listener offers
        self.state = State.VERSIONS_OR_HANDSHAKE
        self.mechanism = ""
        self.login: Mechanism | None = None
        self._known: _Known | None = None
        self._began_again: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether requests are served."""
        return self.state is State.COMPLETE

    @property
    def is_raw(self) -> bool:
        """Whether the next frame is a token without a header."""
        return self.state is State.RAW_TOKENS

    @property
    def is_pending(self) -> bool:
        """Whether the client has never been logged in."""
        return self._known is None

    @property
    def is_by_delegation_token(self) -> bool:
        """Whether the client is known by a delegation token: it may make none then."""
        return self._known is not None and self._known.is_by_delegation_token

    def check(self, key: int, now: float) -> str:
        """Why a request of this API is to be answered with ILLEGAL_SASL_STATE, or "". Disconnect where none is due."""
        match self.state:
            case State.COMPLETE:
                self._check_session(key, now)
            case State.VERSIONS_OR_HANDSHAKE:
                _check(key, ApiKey.API_VERSIONS, ApiKey.SASL_HANDSHAKE)
            case State.HANDSHAKE:
                _check(key, ApiKey.SASL_HANDSHAKE)
            case State.TOKEN_REQUESTS if key != ApiKey.SASL_AUTHENTICATE:
                return f"Unexpected Kafka request of type {ApiKey(key).name} during SASL authentication."
            case State.BAD_MECHANISM:
                raise Disconnect(self._why_bad_mechanism())
            case State.FAILED:
                raise Disconnect("a request after a login that failed")
            case _:
                pass
        return ""

    def _check_session(self, key: int, now: float) -> None:
        assert self._known is not None
        expires_at = self._known.expires_at
        if expires_at is None:
            return
        if key == ApiKey.SASL_HANDSHAKE and self._may_begin_again(now):
            self._began_again = now
            self.state = State.HANDSHAKE
        elif now > expires_at:
            raise Disconnect("its session has expired, and it has not logged in again")

    def _may_begin_again(self, now: float) -> bool:
        return self._began_again is None or now - self._began_again >= LEAST_BETWEEN_LOGINS_S

    def _why_bad_mechanism(self) -> str:
        before = "" if self._known is None else self._known.mechanism
        return (
            f"SASL mechanism '{self.mechanism}' requested by client is not supported for re-authentication of "
            f"mechanism '{before}'"
        )

    def note_api_versions(self) -> None:
        """ApiVersions was answered: no second one before the login."""
        if self.state is State.VERSIONS_OR_HANDSHAKE:
            self.state = State.HANDSHAKE

    def choose(self, mechanism: str, version: int) -> bool:
        """The client's handshake; whether its mechanism is one of those offered."""
        if mechanism not in self.mechanisms:
            self.state = State.FAILED
            return False
        if self._known is not None and mechanism != self._known.mechanism:
            self.mechanism = mechanism
            self.state = State.BAD_MECHANISM
            return True
        self.mechanism = mechanism
        self.state = State.RAW_TOKENS if version == RAW_HANDSHAKE else State.TOKEN_REQUESTS
        return True

    def complete(self, done: LoggedIn, max_reauth_ms: int, now_ms: int, now: float) -> int:
        """The mechanism knows the client; returns how long, in milliseconds, 0 for ever. LoginFailed for another.

        `now_ms` is the time by the calendar, as what the client showed has it; `now` the time of `check`.
        """
        if self._known is not None and done.user != self._known.user:
            self.state = State.FAILED
            raise told(
                f"Cannot change principals during re-authentication from User.{self._known.user}: User.{done.user}"
            )
        limits = [max_reauth_ms] if max_reauth_ms > 0 else []
        if done.expires_at_ms is not None:
            limits.append(max(done.expires_at_ms - now_ms, 0))
        lifetime_ms = min(limits, default=0)
        expires_at = now + lifetime_ms / 1000 if limits else None
        self._known = _Known(done.user, self.mechanism, expires_at, done.is_by_delegation_token)
        self.login = None
        self.state = State.COMPLETE
        return lifetime_ms

    def fail(self) -> None:
        """The login has failed: nothing more is taken."""
        self.login = None
        self.state = State.FAILED

    def generic_refusal(self) -> str:
        """What a client is told that may not know more."""
        when = "authentication" if self.is_pending else "re-authentication"
        return f"Authentication failed during {when} due to invalid credentials with SASL mechanism {self.mechanism}"


def _check(key: int, *allowed: ApiKey) -> None:
    if key not in allowed:
        raise Disconnect(f"{api_name(key)} before a login; next is {' or '.join(one.name for one in allowed)}")
