"""What a coordinator asks of the shell that runs it.

The one rule: effects are obeyed in a fixed order (log the records, replay them, answer, arm the timer), and when the
records cannot be logged nothing has changed yet: the answers become refusals.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ...protocol.errors import ErrorCode

R = TypeVar("R")
Record = tuple[bytes, bytes | None]
"""Key and value of one record of `__consumer_offsets`; a value of None is a tombstone."""


class Ticket(Generic[R]):
    """One request that awaits its answer. Coordinators pass it on; only the shell delivers.

    `refusal` builds the answer that carries nothing but an error.
    """

    __slots__ = ("deliver", "refusal")

    def __init__(self, deliver: Callable[[R], None], refusal: Callable[[ErrorCode], R]) -> None:
        self.deliver = deliver
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """A ticket and what its request is answered."""

    ticket: Ticket[R]
    result: R


@dataclass(slots=True)
class Effects:
    """What one request or one deadline does to one group, at one instant.

    `now` is monotonic seconds, `now_ms` wall milliseconds. The records go into one batch, transactional when
    `producer_id` is not -1. `after_failure` is what to do besides refusing when that batch cannot be logged.
    """

    group_id: str
    now: float
    now_ms: int
    records: list[Record] = field(default_factory=list[Record])
    answers: list[Answer[Any]] = field(default_factory=list[Answer[Any]])
    producer_id: int = -1
    producer_epoch: int = -1
    after_failure: Callable[["Effects"], None] | None = None

    def answer(self, ticket: Ticket[R] | None, result: R) -> None:
        """Answer the ticket with `result`; None means that nobody is waiting."""
        if ticket is not None:
            self.answers.append(Answer(ticket, result))

    def refuse(self, ticket: Ticket[R] | None, code: ErrorCode) -> None:
        """Answer the ticket with nothing but an error."""
        if ticket is not None:
            self.answers.append(Answer(ticket, ticket.refusal(code)))
