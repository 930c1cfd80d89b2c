"""What a handler gives when it has no answer now: Deferred (it comes later) or Disconnect (it never comes)."""

from collections.abc import Callable
from typing import Generic, TypeVar

R = TypeVar("R")


class Disconnect(Exception):
    """Close the connection without an answer, where Kafka does; the reason goes to the log."""


class Deferred(Generic[R]):
    """A long poll, a join that waits for the others, a write that waits for its fsync.

    The connection stays quiet, and reads nothing further, until `answer` is called; the first call counts.
    """

    __slots__ = ("_answer", "_deliver", "_is_done", "on_dropped")

    def __init__(self) -> None:
        self._answer: R | None = None
        self._deliver: Callable[[R], None] | None = None
        self._is_done = False
        self.on_dropped: Callable[[], None] | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was answered or dropped."""
        return self._is_done

    def answer(self, response: R) -> None:
        """Send `response`; ignored once answered or when the client has gone."""
        if self._is_done:
            return
        self._is_done = True
        if self._deliver is None:
            self._answer = response
        else:
            self._deliver(response)

    def deliver_to(self, deliver: Callable[[R], None]) -> None:
        """Where the answer goes; at once if it is already there."""
        self._deliver = deliver
        if self._answer is not None:
            deliver(self._answer)

    def drop(self) -> None:
        """The client has gone: forget the answer and tell whoever waits for it."""
        if self._is_done:
            return
        self._is_done = True
        if self.on_dropped is not None:
            self.on_dropped()
