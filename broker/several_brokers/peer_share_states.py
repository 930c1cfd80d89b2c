"""PeerShareStates: the stored state of share partitions, asked of the broker that keeps each: KIP-932's persister.

The rule: what is asked about one share partition is done in the order in which it was asked, though it be tried again:
what is stored later must not be overtaken by what was to be stored before.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ...protocol.errors import ErrorCode
from ..coordination.result import ResponseFuture
from ..coordination.share_state.requests import ReadState, SharePartitionKey, StateError, StateSummary, WriteState
from ..coordination.share_state.service import ShareStateService
from ..coordination.state_machine import Then
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..runtime import Runtime, TimerHandle
from ..topic_names import SHARE_TOPIC
from .peer_calls import PeerCalls

if TYPE_CHECKING:
    from ..context import Context

R = TypeVar("R")
Do = Callable[[ShareStateService, ResponseFuture[R]], None]

BACKOFF_S = 0.1  # doubled with each try
MOST_TRIES = 8

_TRIED_AGAIN = frozenset(
    {
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    }
)


class _Answer(Protocol):
    """Of any kind: with an error of its own."""

    @property
    def error(self) -> ErrorCode: ...


class _Asked:
    """One question, however often it is put."""

    def __init__(self, key: SharePartitionKey, do: Do[Any], future: ResponseFuture[Any]) -> None:
        self.key = key
        self.do = do
        self.future = future
        self.tries = 0
        self.retry: TimerHandle | None = None


class PeerShareStates:
    """As ShareStateService, for the share groups and share partitions of one broker."""

    def __init__(self, calls: PeerCalls, runtime: Runtime) -> None:
        self._calls = calls
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._asked: dict[SharePartitionKey, deque[_Asked]] = {}  # the first of each is on its way

    def when_ready(self, then: Then) -> None:
        """Call `then` once `__share_group_state` is there."""
        self._calls.own.share_state.when_ready(then)

    def initialize(
        self, key: SharePartitionKey, state_epoch: int, start_offset: int, future: ResponseFuture[StateError]
    ) -> None:
        """InitializeShareGroupState of one share partition."""
        self._ask(key, lambda states, then: states.initialize(key, state_epoch, start_offset, then), future)

    def read(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[ReadState]) -> None:
        """ReadShareGroupState of one share partition, by a leader of this epoch."""
        self._ask(key, lambda states, then: states.read(key, leader_epoch, then), future)

    def write(self, key: SharePartitionKey, write: WriteState, future: ResponseFuture[StateError]) -> None:
        """WriteShareGroupState of one share partition."""
        self._ask(key, lambda states, then: states.write(key, write, then), future)

    def delete(self, key: SharePartitionKey, future: ResponseFuture[StateError]) -> None:
        """DeleteShareGroupState of one share partition."""
        self._ask(key, lambda states, then: states.delete(key, then), future)

    def summary(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[StateSummary]) -> None:
        """ReadShareGroupStateSummary of one share partition."""
        self._ask(key, lambda states, then: states.summary(key, leader_epoch, then), future)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Other brokers may coordinate by now what could not be had."""
        if delta.changed_partitions or delta.created_topics or delta.changed_brokers:
            for waiting in list(self._asked.values()):
                if waiting[0].retry is not None:
                    waiting[0].retry.cancel()
                    self._try(waiting[0])

    def _ask(self, key: SharePartitionKey, do: Do[R], future: ResponseFuture[R]) -> None:
        asked = _Asked(key, do, future)
        waiting = self._asked.setdefault(key, deque())
        waiting.append(asked)
        if len(waiting) == 1:
            self._try(asked)

    def _try(self, asked: _Asked) -> None:
        asked.retry = None
        asked.tries += 1
        index = self._calls.own.share_state.partition_of(asked.key)
        leader = self._calls.leader_of(SHARE_TOPIC, index)
        if leader is None:
            self._take(asked, None)
        else:
            self._calls.call(leader, partial(_do, asked), partial(self._take, asked))

    def _take(self, asked: _Asked, answer: object | None) -> None:
        found = cast(_Answer, asked.future.refusal(ErrorCode.COORDINATOR_NOT_AVAILABLE) if answer is None else answer)
        if found.error in _TRIED_AGAIN and asked.tries < MOST_TRIES:
            backoff_s = BACKOFF_S * 2 ** (asked.tries - 1)
            asked.retry = self._timers.call_at(self._clock.now() + backoff_s, partial(self._try, asked))
            return
        waiting = self._asked[asked.key]
        waiting.popleft()
        if waiting:
            self._timers.call_soon(partial(self._try, waiting[0]))
        else:
            del self._asked[asked.key]
        asked.future.complete(found)


def _do(asked: _Asked, context: "Context", answer: Callable[[object], None]) -> None:
    """At the coordinator."""
    asked.do(context.share_state, ResponseFuture(answer, asked.future.refusal))
