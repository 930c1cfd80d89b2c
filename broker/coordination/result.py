"""What a coordinator decides: records to log, answers to give, and what follows when they are logged or refused.

The one rule: a coordinator describes, the runtime does. Whatever is in the log changes by the replay of its records,
so records that cannot be logged have changed nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from ...protocol.errors import ErrorCode
from ...protocol.records import OpenBatch

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Record = tuple[bytes, bytes | None]
"""Key and value of one record of a coordinator's topic; a value of None is a tombstone."""


class BuiltRecords(list[Record]):
    """Records whose batch is built with them: many are encoded in steps, before anything is decided."""

    def __init__(self, now_ms: int) -> None:
        super().__init__()
        self.batch = OpenBatch(now_ms)

    def add(self, record: Record) -> None:
        """One more."""
        self.append(record)
        self.batch.add(*record)


class Instant(NamedTuple):
    """When an operation is decided: monotonic seconds for deadlines, wall milliseconds for timestamps."""

    now: float
    now_ms: int


class ResponseFuture(Generic[R]):
    """The response that a request awaits; the first one counts.

    `deliver` takes it to the client, `refusal` builds the response that carries nothing but an error.
    """

    __slots__ = ("_deliver", "is_done", "refusal")

    def __init__(self, deliver: Callable[[R], None], refusal: Callable[[ErrorCode], R]) -> None:
        self._deliver = deliver
        self.refusal = refusal
        self.is_done = False

    def complete(self, response: R) -> None:
        """Deliver the response, if there has been none."""
        if not self.is_done:
            self.is_done = True
            self._deliver(response)

    def refuse(self, code: ErrorCode) -> None:
        """Deliver an error, if there has been no response."""
        self.complete(self.refusal(code))


@dataclass(slots=True)
class Answer(Generic[R]):
    """The response for a request that has been waiting."""

    future: ResponseFuture[R]
    response: R

    def give(self) -> None:
        """Answer the request."""
        self.future.complete(self.response)


@dataclass(slots=True)
class CoordinatorResult(Generic[R_co]):
    """What one operation does: logged, replayed and answered by the runtime, in that order.

    The records go into one batch, transactional when `producer_id` is not -1. `response` is for the request that
    was made, None if it waits or there is none; `answers` are for others that have been waiting. `replay` takes the
    records over, given the offset of the first, where the coordinator has what they were encoded from; without it
    they are decoded. `on_logged` is called when the records were replayed and returns what follows; `on_refused`
    when they could not be logged, with the error that all of them are answered: for what Kafka does then, not to
    take anything back.
    """

    records: list[Record] = field(default_factory=list[Record])
    response: R_co | None = None
    answers: list[Answer[Any]] = field(default_factory=list[Answer[Any]])
    producer_id: int = -1
    producer_epoch: int = -1
    replay: Callable[[int], None] | None = None
    on_logged: "Callable[[], CoordinatorResult[R_co] | None] | None" = None
    on_refused: "Callable[[ErrorCode], CoordinatorResult[R_co] | None] | None" = None

    def answer(self, future: ResponseFuture[R] | None, response: R) -> None:
        """Answer a request that has been waiting, if there is one."""
        if future is not None:
            self.answers.append(Answer(future, response))

    def refuse(self, future: ResponseFuture[R] | None, code: ErrorCode) -> None:
        """Answer a request that has been waiting, if there is one, with nothing but an error."""
        if future is not None:
            self.answers.append(Answer(future, future.refusal(code)))


@dataclass(slots=True)
class Operation(Generic[R]):
    """A request or a timer that one partition of a coordinator is to deal with.

    `name` and `key` are for the log. `decide` raises KafkaError to refuse, and then has changed nothing. Without
    `needs_fsync` the response does not wait for the disk. `cause` is what asked for it, as whoever watches knows it.
    """

    name: str
    key: str
    partition: int
    decide: Callable[[Instant], CoordinatorResult[R]]
    future: ResponseFuture[R] | None = None
    needs_fsync: bool = True
    cause: object | None = None
