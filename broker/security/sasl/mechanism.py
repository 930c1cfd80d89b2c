"""What every SASL mechanism is: tokens of the client in, tokens of the server out, until the client is known.

A mechanism has no clock and does no I/O. What would take it milliseconds it hands back as work for a thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Challenge:
    """The client is to send another token. `refused` is why it will not be let in if it does not, for the log alone."""

    token: bytes
    refused: str = ""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The client is known. What it showed may end by itself: then its session does."""

    token: bytes
    user: str
    expires_at_ms: int | None = None
    is_by_delegation_token: bool = False


@dataclass(frozen=True, slots=True)
class Heavy:
    """The answer takes milliseconds: `run` makes it, on a thread, and touches nothing but its own mechanism."""

    run: Callable[[], "Step"]


Step: TypeAlias = Challenge | LoggedIn
Outcome: TypeAlias = Step | Heavy


class LoginFailed(Exception):
    """The client is refused. `told` is what it may know; None where that would tell whether the user exists.

    The text is for the log, and has nothing secret in it either.
    """

    def __init__(self, why: str, told: str | None = None) -> None:
        super().__init__(why)
        self.told = told


class LoginBroken(Exception):
    """A token that Kafka's mechanism stumbles over: the connection is closed at once, unanswered."""


class Mechanism(Protocol):
    """The server's side of one login."""

    def evaluate(self, token: bytes, now_ms: int) -> Outcome:
        """What is answered to a token of the client. LoginFailed, LoginBroken."""
        ...


def told(why: str) -> LoginFailed:
    """A refusal whose reason the client may know."""
    return LoginFailed(why, why)
