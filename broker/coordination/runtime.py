"""The one shell under every coordinator: it logs, replays, answers, and keeps one timer.

The rule: records are logged, then replayed, then answered. What cannot be logged has changed nothing and is refused. A
failure in one operation, whatever it is, is answered with an error to those it concerns, and harms no other.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from ...protocol.errors import ErrorCode, KafkaError
from ..log_output import get_logger
from ..runtime import Runtime, Timer
from ..slices import SLICE_S
from .answering import deliver, refuse, refuse_all
from .coordinator_errors import coordinator_error
from .loaded_partitions import LoadedPartitions
from .result import CoordinatorResult, Instant, Operation
from .state_machine import CoordinatorLog, StateMachine

logger = get_logger("coordinator")

R = TypeVar("R")
Seen = Callable[[Exception | None], None]
"""Given what refused an operation, or None."""


class TimedOperations(Protocol):
    """What a coordinator does by the clock."""

    def next_deadline(self) -> float | None:
        """When `take_due` is to be called next, in monotonic seconds."""
        ...

    def take_due(self, at: Instant) -> Operation[Any] | None:
        """The next operation whose time has come."""
        ...


class OperationWatcher(Protocol):
    """Whoever wants to know why a coordinator decided what it did."""

    def asked(self, operation: Operation[Any]) -> None:
        """A request asks for it, and may have to wait until it is done."""
        ...

    def watch(self, operation: Operation[Any]) -> Seen | None:
        """It is about to be done; what it returns is called after each change, before the answers."""
        ...


class CoordinatorRuntime:
    """Runs a state machine over its log. Every operation's future is answered exactly once, now or later."""

    def __init__(
        self, name: str, machine: StateMachine, timed: TimedOperations, log: CoordinatorLog, runtime: Runtime
    ) -> None:
        """`name` is what the coordinator keeps, for the log lines."""
        self._name = name
        self._machine = machine
        self._timed = timed
        self._log = log
        self._clock = runtime.clock
        self._timer = Timer(runtime.timers, self._on_time)
        self.partitions = LoadedPartitions(name, machine, log, runtime)
        self.partitions.on_loaded = self._note_loaded
        # What is to be done once a partition is loaded that was not from the start.
        self.on_loaded: Callable[[int], None] = lambda partition: None
        self.watcher: OperationWatcher | None = None

    def start(self) -> None:
        """Everything is loaded: watch the time from now on."""
        self._arm()

    def watch_time(self) -> None:
        """Deadlines may have been set outside of an operation."""
        self._arm()

    def _note_loaded(self, partition: int) -> None:
        self.on_loaded(partition)
        self._arm()

    # Operations

    def write(self, operation: Operation[R]) -> None:
        """Do what a request asks for, as soon as the coordinator's topic is there."""
        if self.watcher is not None:
            self.watcher.asked(operation)
        self._log.when_ready(partial(self._begin, operation))

    def _begin(self, operation: Operation[R], error: KafkaError | None) -> None:
        try:
            if error is not None:
                raise KafkaError(coordinator_error(error.code), error.why)
            self.partitions.check_served(operation.partition)
        except Exception as failure:
            refuse(operation.future, _code_of(failure, operation))
            return
        self._run(operation)
        self._arm()

    def _run(self, operation: Operation[R]) -> None:
        seen = None if self.watcher is None else self.watcher.watch(operation)
        try:
            at = self._instant()
            result: CoordinatorResult[R] | None = operation.decide(at)
            while result is not None:
                result = self._perform(operation, result, at, seen)
        except Exception as failure:
            if seen is not None:
                seen(failure)
            refuse(operation.future, _code_of(failure, operation))

    def _perform(
        self, operation: Operation[R], result: CoordinatorResult[R], at: Instant, seen: Seen | None
    ) -> CoordinatorResult[R] | None:
        """Log, replay, answer; returns what follows."""
        try:
            offset = self._append(operation.partition, result, at.now_ms)
        except Exception as failure:
            code = _code_of(failure, operation)
            if isinstance(failure, KafkaError):
                what = {"operation": operation.name, "key": operation.key}
                logger.error(f"a change of {self._name} could not be logged", **what, error=str(failure))
                code = coordinator_error(code)
            refuse(operation.future, code)
            refuse_all(result.answers, code)
            return None if result.on_refused is None else result.on_refused(code)
        try:
            self._replay(result, offset)
            further = None if result.on_logged is None else result.on_logged()
        except Exception as failure:
            refuse_all(result.answers, _code_of(failure, operation))
            raise
        if seen is not None:
            seen(None)
        self._answer(operation, result)
        return further

    def _replay(self, result: CoordinatorResult[R], offset: int) -> None:
        if result.replay is not None:
            result.replay(offset)
            return
        for number, (key, value) in enumerate(result.records):
            self._machine.replay(key, value, offset + number, result.producer_id)

    def _append(self, partition: int, result: CoordinatorResult[R], now_ms: int) -> int:
        if not result.records:
            return -1
        return self._log.append(partition, result.records, now_ms, result.producer_id, result.producer_epoch)

    def _answer(self, operation: Operation[R], result: CoordinatorResult[R]) -> None:
        """Give the answers once the log they build on may be acknowledged."""
        if operation.needs_fsync:
            self._log.when_durable(operation.partition, partial(self._give, operation, result))
        else:
            self._log.schedule_flush(operation.partition)
            self._give(operation, result, None)

    @staticmethod
    def _give(operation: Operation[R], result: CoordinatorResult[R], error: KafkaError | None) -> None:
        if error is not None:
            code = coordinator_error(error.code)
            refuse_all(result.answers, code)
            if result.response is not None:
                refuse(operation.future, code)
            return
        if operation.future is not None and result.response is not None:
            deliver(operation.future, result.response)
        for answer in result.answers:
            deliver(answer.future, answer.response)

    # Time

    def _on_time(self) -> None:
        """Do what is due, for one slice: the rest comes in the next turn of the loop."""
        try:
            at = self._instant()
            until = at.now + SLICE_S
            while (operation := self._timed.take_due(at)) is not None:
                if self.partitions.is_loaded(operation.partition):  # else it is of a time before this
                    self._run(operation)
                if self._clock.now() >= until:
                    break
        finally:
            self._arm()

    def _instant(self) -> Instant:
        return Instant(self._clock.now(), self._clock.now_ms())

    def _arm(self) -> None:
        self._timer.set(self._timed.next_deadline())


def _code_of(failure: Exception, operation: Operation[Any]) -> ErrorCode:
    """What a failure is answered with: its own error, or UNKNOWN_SERVER_ERROR for a fault of ours, which is logged."""
    if isinstance(failure, KafkaError):
        return failure.code
    logger.error("an operation failed", operation=operation.name, key=operation.key, exc_info=failure)
    return ErrorCode.UNKNOWN_SERVER_ERROR
