"""The one shell under every coordinator: it logs, replays, answers, and keeps one timer.

The rule: records are logged, then replayed, then answered. What cannot be logged has changed nothing and is refused. A
failure in one operation, whatever it is, is answered with an error to those it concerns, and harms no other.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from ...protocol.batch import RecordBatch
from ...protocol.control import find_marker
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.records import read_records
from ...protocol.wire import CorruptFrame
from ..log_output import get_logger
from ..runtime import Runtime, Timer
from ..slices import SLICE_S
from .coordinator_errors import coordinator_error
from .result import Answer, CoordinatorResult, Instant, Operation, Record, ResponseFuture

logger = get_logger("coordinator")

RELOAD_S = 5.0  # after which a partition is read again that the disk would not give

R = TypeVar("R")
Then = Callable[[KafkaError | None], None]
Seen = Callable[[Exception | None], None]
"""Given what refused an operation, or None."""


class StateMachine(Protocol):
    """The pure part of a coordinator: the state that its log amounts to."""

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        """Take over one record, in the order of the log; `producer_id` is that of a transactional batch.

        Keys of an unknown kind are skipped. CorruptFrame for bytes that do not parse in their version.
        """
        ...

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """A transaction has ended in this partition."""
        ...

    def unload(self, partition: int) -> Iterable[ResponseFuture[Any]]:
        """Drop what was replayed of a partition: the requests that have waited there."""
        ...


class TimedOperations(Protocol):
    """What a coordinator does by the clock."""

    def next_deadline(self) -> float | None:
        """When `take_due` is to be called next, in monotonic seconds."""
        ...

    def take_due(self, at: Instant) -> Operation[Any] | None:
        """The next operation whose time has come."""
        ...


class CoordinatorLog(Protocol):
    """The partitions of a coordinator's topic; a PartitionWriter is one."""

    def when_ready(self, then: Then) -> None:
        """Call `then` once the topic is there, at once if it is."""
        ...

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int, producer_epoch: int
    ) -> int:
        """Append one batch, transactional unless `producer_id` is -1: the offset of its first record, or KafkaError."""
        ...

    def when_durable(self, partition: int, then: Then) -> None:
        """Call `then` once what was appended may be acknowledged: at once, or after an fsync."""
        ...

    def schedule_flush(self, partition: int) -> None:
        """Begin what the settings ask for in the background."""
        ...

    def batches(self, partition: int) -> Iterable[RecordBatch]:
        """What a partition holds, in the order of the log; KafkaError, OSError while it is read."""
        ...

    def is_offline(self, partition: int) -> bool:
        """Whether its disk failed: what it kept cannot be acknowledged any more."""
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
        self._timers = runtime.timers
        self._timer = Timer(runtime.timers, self._on_time)
        self._unreadable: set[int] = set()
        self._moved: dict[int, ErrorCode] = {}  # partitions that are not served for now, and why
        # What is to be done once a partition is loaded that could not be read at the start.
        self.on_loaded_late: Callable[[int], None] = lambda partition: None
        self.watcher: OperationWatcher | None = None

    # Partitions

    def load(self, partition: int, batches: Iterable[RecordBatch]) -> None:
        """Replay what a partition holds; call `start` after the last one.

        If it cannot be read, what it keeps has no coordinator, as in Kafka: half of a log is a wrong state. The other
        partitions are not concerned. If it is the disk that refuses, it is tried again.
        """
        try:
            for batch in batches:
                self._load_batch(partition, batch)
        except (OSError, KafkaError, CorruptFrame) as error:
            if partition not in self._unreadable:
                logger.error(f"{self._name} cannot be read, and are not served", partition=partition, error=str(error))
            self._unreadable.add(partition)
            self._moved.pop(partition, None)
            self._machine.unload(partition)
            if _is_of_disk(error):
                self._timers.call_at(self._clock.now() + RELOAD_S, partial(self._load_again, partition))
            return
        if partition in self._unreadable or partition in self._moved:
            if partition in self._unreadable:
                logger.info(f"{self._name} can be read again", partition=partition)
            self._unreadable.discard(partition)
            self._moved.pop(partition, None)
            self.on_loaded_late(partition)
            self._arm()

    def lead(self, partition: int) -> None:
        """This broker leads the partition now: it is served as soon as its log has been replayed."""
        self.come_back(partition, 0)

    def resign(self, partition: int) -> None:
        """Another broker leads it, or none: what waits here is refused (NOT_COORDINATOR)."""
        self._moved.pop(partition, None)
        self._unreadable.discard(partition)
        for future in self._machine.unload(partition):
            _refuse(future, ErrorCode.NOT_COORDINATOR)

    def _load_again(self, partition: int) -> None:
        if self._moved.get(partition) is not ErrorCode.COORDINATOR_LOAD_IN_PROGRESS and (
            partition not in self._unreadable
        ):
            return  # it has been lost again meanwhile
        self.load(partition, self._log.batches(partition))

    def move(self, partition: int) -> bool:
        """Serve a partition no more, as when another broker has been elected; what waits is refused (NOT_COORDINATOR).

        `come_back` is to follow. False: it is not served as it is, and nothing follows.
        """
        if partition in self._unreadable or partition in self._moved or self._log.is_offline(partition):
            return False
        self._moved[partition] = ErrorCode.NOT_COORDINATOR
        for future in self._machine.unload(partition):
            _refuse(future, ErrorCode.NOT_COORDINATOR)
        return True

    def come_back(self, partition: int, load_s: float) -> None:
        """Be elected again: COORDINATOR_LOAD_IN_PROGRESS until the log has been replayed, `load_s` from now."""
        self._moved[partition] = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
        load = partial(self._load_again, partition)
        if load_s > 0:
            self._timers.call_at(self._clock.now() + load_s, load)
        else:
            self._timers.call_soon(load)

    def start(self) -> None:
        """Everything is loaded: watch the time from now on."""
        self._arm()

    def watch_time(self) -> None:
        """Deadlines may have been set outside of an operation."""
        self._arm()

    def check_served(self, partition: int) -> None:
        """NOT_COORDINATOR where the log could not be read, or is offline; COORDINATOR_LOAD_IN_PROGRESS."""
        if self._moved and partition in self._moved:
            raise KafkaError(self._moved[partition])
        if partition in self._unreadable or self._log.is_offline(partition):
            raise KafkaError(ErrorCode.NOT_COORDINATOR)

    @property
    def has_unreadable(self) -> bool:
        """Whether there is a partition whose log is not known."""
        return bool(self._unreadable or self._moved)

    def _load_batch(self, partition: int, batch: RecordBatch) -> None:
        if batch.is_control:
            marker = find_marker(batch)
            if marker is not None:
                self._machine.replay_marker(partition, batch.producer_id, marker.is_commit)
            return
        producer_id = batch.producer_id if batch.is_transactional else -1
        for record in read_records(batch):
            try:
                self._machine.replay(record.key or b"", record.value, record.offset, producer_id)
            except Exception as error:
                # One record that cannot be read, or makes no sense, must not keep all the others from coming back.
                at = {"partition": partition, "offset": record.offset}
                logger.warning(f"a stored record of {self._name} was skipped", **at, error=repr(error))

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
            self.check_served(operation.partition)
        except Exception as failure:
            _refuse(operation.future, _code_of(failure, operation))
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
            _refuse(operation.future, _code_of(failure, operation))

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
            _refuse(operation.future, code)
            _refuse_all(result.answers, code)
            return None if result.on_refused is None else result.on_refused(code)
        try:
            self._replay(result, offset)
            further = None if result.on_logged is None else result.on_logged()
        except Exception as failure:
            _refuse_all(result.answers, _code_of(failure, operation))
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
            _refuse_all(result.answers, code)
            if result.response is not None:
                _refuse(operation.future, code)
            return
        if operation.future is not None and result.response is not None:
            _deliver(operation.future, result.response)
        for answer in result.answers:
            _deliver(answer.future, answer.response)

    # Time

    def _on_time(self) -> None:
        """Do what is due, for one slice: the rest comes in the next turn of the loop."""
        try:
            at = self._instant()
            until = at.now + SLICE_S
            while (operation := self._timed.take_due(at)) is not None:
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


def _is_of_disk(error: Exception) -> bool:
    """Whether the files may be well, and only cannot be had now."""
    return isinstance(error, OSError) or (isinstance(error, KafkaError) and error.code is ErrorCode.KAFKA_STORAGE_ERROR)


def _refuse(future: ResponseFuture[Any] | None, code: ErrorCode) -> None:
    if future is not None:
        _deliver(future, future.refusal(code))


def _refuse_all(answers: Iterable[Answer[Any]], code: ErrorCode) -> None:
    for answer in answers:
        _refuse(answer.future, code)


def _deliver(future: ResponseFuture[R], response: R) -> None:
    """Give one answer; a client that cannot be answered keeps no other from its own."""
    try:
        future.complete(response)
    except Exception:
        logger.exception("an answer could not be delivered")
