"""Slices: long work done a few milliseconds at a time, so that whoever comes meanwhile is served in between.

A handler whose work grows with its request is a generator: it yields wherever others may be let in, and returns its
response. Short work ends in its first slice, as if it were no generator. The rule: between two yields nothing takes
longer than a fraction of a slice, and whatever was looked up before a yield may have changed after it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any, Generic, TypeAlias, TypeGuard, TypeVar, cast

from ..protocol.errors import KafkaError
from .deferred import Deferred, Disconnect
from .log_output import get_logger
from .runtime import Clock, Runtime, SystemClock

logger = get_logger("slices")

R = TypeVar("R")

Steps: TypeAlias = Generator[None, None, R]
"""Work that yields where it may pause, and returns its result."""

SLICE_S = 0.005


class Slices:
    """Runs `Steps`: one slice for each turn of the loop, of each piece of work in turn."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._waiting: deque[_Sliced[Any]] = deque()
        self._is_called_soon = False

    def __len__(self) -> int:
        return len(self._waiting)

    def run(self, steps: "Steps[R | Deferred[R]]", *, ends_with_client: bool) -> R | Deferred[R]:
        """The result, if one slice brings it, and else a Deferred one; what the first slice raises is raised.

        The work goes on when its client has gone, unless it `ends_with_client`: what only reads may end.
        """
        ended = run_slice(steps, self._clock)
        if ended is not None:
            return ended[0]
        deferred: Deferred[R] = Deferred()
        sliced = _Sliced(steps, deferred)
        if ends_with_client:
            deferred.on_dropped = sliced.abandon
        self._waiting.append(sliced)
        self._call_soon()
        return deferred

    def start(
        self,
        steps: "Steps[R | Deferred[R]]",
        then: Callable[[R], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        """Run work that has no client of its own: `then` gets its result, `on_failed` what it raised."""
        try:
            result = self.run(steps, ends_with_client=False)
        except Exception as error:
            on_failed(error)
            return
        deferred: Deferred[R] = Deferred()
        deferred.follow(result)
        deferred.deliver_to(then, on_failed)

    def _call_soon(self) -> None:
        if self._waiting and not self._is_called_soon:
            self._is_called_soon = True
            self._timers.call_soon(self._on_turn)

    def _on_turn(self) -> None:
        self._is_called_soon = False
        sliced = self._waiting.popleft()
        try:
            if not sliced.go_on(self._clock):
                self._waiting.append(sliced)
        finally:
            self._call_soon()


class _Sliced(Generic[R]):
    """One piece of work that did not end in its first slice."""

    def __init__(self, steps: "Steps[R | Deferred[R]]", deferred: Deferred[R]) -> None:
        self._steps = steps
        self._deferred = deferred

    def abandon(self) -> None:
        """Its client has gone."""
        self._steps.close()

    def go_on(self, clock: Clock) -> bool:
        """Do one more slice; whether the work has ended."""
        try:
            ended = run_slice(self._steps, clock)
            if ended is not None:
                self._deferred.follow(ended[0])
        except Exception as error:
            if not isinstance(error, Disconnect | KafkaError):
                logger.error("a request failed", exc_info=error)
            self._deferred.fail(error)
            return True
        return ended is not None


def run_slice(steps: "Steps[R]", clock: Clock) -> tuple[R] | None:
    """Go on until the work ends or the slice is over: its result, or None while there is more to do."""
    until = clock.now() + SLICE_S
    try:
        next(steps)
        while clock.now() < until:
            next(steps)
    except StopIteration as end:
        result: R = end.value
        return (result,)
    return None


async def slice_by_slice(steps: "Steps[R]") -> R:
    """What the work brings, or raises: a slice in each turn of the loop, whatever time a cluster's clock shows."""
    clock = SystemClock()
    while (ended := run_slice(steps, clock)) is None:
        await asyncio.sleep(0)
    return ended[0]


def run_to_end(steps: "Steps[R]") -> R:
    """The result, in one go: for a start, where there is no other to be served."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        result: R = end.value
        return result


def in_steps(result: "R | Steps[R]") -> "Steps[R]":
    """The result, or what the work brings: for callers that take either."""
    if are_steps(result):
        brought: R = yield from result
        return brought
    return cast(R, result)


def are_steps(answer: object) -> "TypeGuard[Steps[Any]]":
    """Whether a handler has given work to be done in slices."""
    return type(answer) is GeneratorType
