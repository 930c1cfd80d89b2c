"""Operations that wait: for a change at one of their keys, or for their deadline.

A key is what changes: a partition now, a group or a share partition later; a change may come from anywhere. The rule:
an operation that fails is answered with an error, and nothing else notices: neither the request whose change woke it
nor any other operation.
"""

import heapq
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .deferred import Deferred
from .log_output import get_logger
from .runtime import Runtime, Timer

logger = get_logger("purgatory")

R = TypeVar("R")

FEW = 32  # operations that are over and still listed by deadline: not worth a pass to remove them


class DelayedOperation(Protocol):
    """A request that has no answer yet. It is completed once, or failed once."""

    @property
    def keys(self) -> Collection[Hashable]:
        """What it waits at; the same for as long as it waits."""
        ...

    @property
    def deadline(self) -> float:
        """The monotonic second at which it is completed, ready or not."""
        ...

    def is_ready(self) -> bool:
        """Whether a change at one of its keys was the one it waits for."""
        ...

    def complete(self) -> None:
        """Answer: it is ready, or late."""
        ...

    def fail(self, error: Exception) -> None:
        """Answer with an error: `is_ready` or `complete` raised this one, which has been logged."""
        ...


class Purgatory:
    """Every operation that waits, found by key and by deadline."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._timer = Timer(runtime.timers, self._complete_late)
        self._waiting: set[DelayedOperation] = set()
        self._by_key: dict[Hashable, dict[DelayedOperation, None]] = {}  # in the order in which they came
        self._by_deadline: list[tuple[float, int, DelayedOperation]] = []  # a heap
        self._watched_so_far = 0
        self._changed: dict[Hashable, None] = {}
        self._is_called_soon = False
        self._is_held = False  # a request is being served, whose end looks at what it has changed
        self._after_request: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def watch(self, operation: DelayedOperation) -> None:
        """Keep an operation until a change makes it ready, its deadline passes, or it is dropped."""
        self._waiting.add(operation)
        for key in operation.keys:
            self._by_key.setdefault(key, {})[operation] = None
        self._watched_so_far += 1
        heapq.heappush(self._by_deadline, (operation.deadline, self._watched_so_far, operation))
        self._timer.set(self.next_deadline())

    def drop(self, operation: DelayedOperation) -> None:
        """The client has gone."""
        if operation not in self._waiting:
            return
        self._waiting.remove(operation)
        for key in operation.keys:
            watching = self._by_key.get(key)
            if watching is not None:
                watching.pop(operation, None)
                if not watching:
                    del self._by_key[key]
        if len(self._by_deadline) > 2 * len(self._waiting) + FEW:
            self._by_deadline = [entry for entry in self._by_deadline if entry[2] in self._waiting]
            heapq.heapify(self._by_deadline)

    def notify_changed(self, key: Hashable) -> None:
        """What waits at this key is looked at when the request has ended, or as soon as the loop is free."""
        if key in self._by_key:
            self._changed[key] = None
            if not self._is_held and not self._is_called_soon:
                self._is_called_soon = True
                self._timers.call_soon(self._on_called_soon)

    def hold(self) -> None:
        """A request begins: what it changes is looked at when `complete_ready` is called at its end."""
        self._is_held = True

    def after_request(self, action: Callable[[], None]) -> None:
        """Do this once the request that is being served has been answered; at once if there is none."""
        if self._is_held:
            self._after_request.append(action)
        else:
            action()

    def complete_ready(self) -> None:
        """Complete the operations that the changes so far made ready."""
        self._is_held = False
        if self._after_request:
            actions, self._after_request = self._after_request, []
            for action in actions:
                action()
        while self._changed:
            changed, self._changed = self._changed, {}
            for key in changed:
                for operation in list(self._by_key.get(key, ())):
                    if operation in self._waiting and self._is_ready(operation):
                        self._complete(operation)

    def next_deadline(self) -> float | None:
        """When the next operation is late, in monotonic seconds."""
        while self._by_deadline and self._by_deadline[0][2] not in self._waiting:
            heapq.heappop(self._by_deadline)
        return self._by_deadline[0][0] if self._by_deadline else None

    def _on_called_soon(self) -> None:
        self._is_called_soon = False
        self.complete_ready()

    def _complete_late(self) -> None:
        now = self._clock.now()
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            self._complete(heapq.heappop(self._by_deadline)[2])
        self._timer.set(deadline)

    def _is_ready(self, operation: DelayedOperation) -> bool:
        try:
            return operation.is_ready()
        except Exception as error:
            self._fail(operation, error)
            return False

    def _complete(self, operation: DelayedOperation) -> None:
        self.drop(operation)
        try:
            operation.complete()
        except Exception as error:
            self._fail(operation, error)

    def _fail(self, operation: DelayedOperation, error: Exception) -> None:
        kind = type(operation).__name__
        logger.error("a delayed operation failed", operation=kind, exc_info=error)
        self.drop(operation)
        try:
            operation.fail(error)
        except Exception:
            logger.exception("a delayed operation could not be answered with an error", operation=kind)


@dataclass(slots=True, eq=False)
class DelayedAnswer:
    """An answer that comes at its deadline, unless it is dropped before."""

    deadline: float
    respond: Callable[[], None]
    on_failed: Callable[[Exception], None]
    keys: Collection[Hashable] = ()

    def is_ready(self) -> bool:
        return False

    def complete(self) -> None:
        self.respond()

    def fail(self, error: Exception) -> None:
        self.on_failed(error)


def answer_in_time(
    deferred: Deferred[R], purgatory: Purgatory, deadline: float, late: Callable[[], R]
) -> Callable[[R], None]:
    """What is to be called with the answer; where that does not come by the deadline, it is what `late` gives."""
    delayed = DelayedAnswer(deadline, lambda: deferred.answer(late()), deferred.fail)
    purgatory.watch(delayed)

    def answer(response: R) -> None:
        purgatory.drop(delayed)
        deferred.answer(response)

    deferred.on_dropped = lambda: purgatory.drop(delayed)
    return answer
