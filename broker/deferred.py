"""What a handler gives when it has no answer now: Deferred (it comes later) or Disconnect (it never comes)."""

from collections.abc import Callable
from typing import Generic, TypeVar, cast

R = TypeVar("R")


class Disconnect(Exception):
    """Close the connection without an answer, where Kafka does; the reason goes to the log, unless it was there before.

    `is_repeated` is for what many clients would fill the log with.
    """

    def __init__(self, why: str, *, is_repeated: bool = False) -> None:
        super().__init__(why)
        self.is_repeated = is_repeated


class Deferred(Generic[R]):
    """A long poll, a join that waits for the others, a write that waits for its fsync.

    The connection stays quiet, and reads nothing further, until `answer` or `fail` is called; the first call counts.
    """

    __slots__ = ("_deliver", "_failure", "_is_done", "_on_failed", "_response", "on_dropped")

    def __init__(self) -> None:
        self._response: tuple[R] | None = None  # one that came before anyone asked for it
        self._failure: Exception | None = None  # likewise
        self._deliver: Callable[[R], None] | None = None
        self._on_failed: Callable[[Exception], None] | None = None
        self._is_done = False
        self.on_dropped: Callable[[], None] | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was answered, failed or dropped."""
        return self._is_done

    def answer(self, response: R) -> None:
        """Send `response`; ignored once answered or when the client has gone."""
        if self._is_done:
            return
        self._is_done = True
        if self._deliver is None:
            self._response = (response,)
        else:
            self._deliver(response)

    def fail(self, error: Exception) -> None:
        """Answer as if the handler had raised `error`, which was logged; ignored once answered or dropped."""
        if self._is_done:
            return
        self._is_done = True
        if self._on_failed is None:
            self._failure = error
        else:
            self._on_failed(error)

    def follow(self, answer: "R | Deferred[R]") -> None:
        """Answer with `answer`; if that is deferred itself, as it is answered, fails or is dropped."""
        if not isinstance(answer, Deferred):
            self.answer(answer)
            return
        followed = cast("Deferred[R]", answer)
        if self._is_done:
            followed.drop()
        else:
            self.on_dropped = followed.drop
            followed.deliver_to(self.answer, self.fail)

    def deliver_to(self, deliver: Callable[[R], None], on_failed: Callable[[Exception], None]) -> None:
        """Where the answer goes, or what kept it from being made; at once if it is already there."""
        self._deliver, self._on_failed = deliver, on_failed
        if self._response is not None:
            deliver(*self._response)
        elif self._failure is not None:
            on_failed(self._failure)

    def drop(self) -> None:
        """The client has gone: no answer is sent, and `on_dropped` ends what would have made it."""
        if self._is_done:
            return
        self._is_done = True
        if self.on_dropped is not None:
            self.on_dropped()
