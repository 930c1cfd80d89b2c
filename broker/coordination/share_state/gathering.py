"""The share partitions of one request, asked one by one and answered together."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from ....protocol.errors import ErrorCode, KafkaError
from ...deferred import Deferred
from ...slices import Steps
from ..result import ResponseFuture
from .requests import SharePartitionKey
from .service import ShareStateService

R = TypeVar("R")
A = TypeVar("A")

Results = Mapping[bytes, Mapping[int, R]]
"""By topic id and partition: one that was named twice is done twice, and answered with what came of it last."""


class PartitionAsked(Protocol):
    """A partition of a request about share partitions."""

    @property
    def partition(self) -> int: ...


P_co = TypeVar("P_co", bound=PartitionAsked, covariant=True)
P = TypeVar("P", bound=PartitionAsked)


class TopicAsked(Protocol[P_co]):
    """A topic of a request about share partitions."""

    @property
    def topic_id(self) -> bytes: ...

    @property
    def partitions(self) -> Sequence[P_co]: ...


def names_nothing(group_id: str, topics: Sequence[TopicAsked[PartitionAsked]]) -> bool:
    """Whether a request is answered with nothing, as Kafka does where a part of it is empty."""
    return not group_id or not topics or any(not topic.partitions for topic in topics)


class Gathering(Generic[R, A]):
    """Asks the stored state, and answers with `respond` when everything asked for has been answered.

    `what` stands in the message of an error that is not of the state itself, `refused` makes an answer of it.
    """

    def __init__(
        self,
        share_state: ShareStateService,
        what: str,
        refused: Callable[[ErrorCode, str | None], R],
        respond: Callable[[Results[R]], A],
    ) -> None:
        self._share_state = share_state
        self._what = what
        self._refused = refused
        self._results: dict[bytes, dict[int, R]] = {}
        self._asked = 0
        self._answered = 0
        self._is_closed = False
        self._respond = respond
        self._deferred: Deferred[A] = Deferred()

    def ask_each(
        self,
        group_id: str,
        topics: Sequence[TopicAsked[P]],
        do: Callable[[SharePartitionKey, P, ResponseFuture[R]], None],
    ) -> Steps[Deferred[A]]:
        """Ask for every share partition of a request, one a step; the answer to all of them."""
        for topic in topics:
            for asked in topic.partitions:
                key = SharePartitionKey(group_id, bytes(topic.topic_id), asked.partition)
                self.ask(key, partial(do, key, asked))
                yield
        return self.all_asked()

    def ask(self, key: SharePartitionKey, do: Callable[[ResponseFuture[R]], None]) -> None:
        """Ask for one share partition."""
        self._asked += 1
        future = ResponseFuture(partial(self._note, key), self._refusal)
        try:
            self._share_state.check_served(key)
        except KafkaError as error:
            future.refuse(error.code)
            return
        do(future)

    def all_asked(self) -> Deferred[A]:
        """There are no more to be asked: the answer to all of them."""
        self._is_closed = True
        self._complete()
        return self._deferred

    def _refusal(self, code: ErrorCode) -> R:
        return self._refused(code, f"Unable to {self._what}: {code.message}")

    def _note(self, key: SharePartitionKey, result: R) -> None:
        self._results.setdefault(key.topic_id, {})[key.partition] = result
        self._answered += 1
        self._complete()

    def _complete(self) -> None:
        if self._is_closed and self._answered == self._asked:
            self._deferred.answer(self._respond(self._results))
