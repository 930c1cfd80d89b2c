"""IdleLogs: a log that nobody uses gets its recovery and its retention all the same.

A log is opened when it is first used, so that a start takes no longer for many of them. What a crash left behind, and
what grows old, is seen to in the background: each such log is opened, and closed again, in slices between requests.
Only what would take long to recover is recovered before the broker is ready, so that no request waits for it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from ...protocol.errors import KafkaError
from ...storage.log import PartitionLog
from ..log_manager import LogManager
from ..log_output import get_logger
from ..runtime import Runtime, TimerHandle
from ..slices import Steps
from ..topics.partition import Partition
from .retention import delete_old_segments

logger = get_logger("idle logs")

LARGE_BYTES = 64 << 20  # about a twentieth of a second
FIRST_AFTER_CRASH_S = 1.0  # those who waited for the broker come first
SLICE_S = 0.002
PAUSE_S = 0.02


class IdleLogs:
    """The round through all logs, every `log.retention.check.interval.ms`."""

    def __init__(
        self,
        interval_s: float,
        runtime: Runtime,
        partitions: Callable[[], Iterator[Partition]],
        log_manager: LogManager,
    ) -> None:
        self._interval_s = interval_s
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._partitions = partitions
        self._log_manager = log_manager
        self._round: Iterator[Partition] = iter(())
        self._not_before: dict[Partition, float] = {}  # wall milliseconds at which something gets too old
        self._timer: TimerHandle | None = None
        self._slice_ends = 0.0
        self._is_going_through = self._is_waiting = False
        self._retention_from = runtime.clock.now() + interval_s  # nothing goes right after a start

    def recover_large(self) -> Steps[None]:
        """Before the broker is ready: recover the logs that take long, in steps."""
        for partition in self._partitions():
            size = self._log_manager.unrecovered_bytes(partition.topic, partition.index)
            if size >= LARGE_BYTES and partition.opened_log is None:
                logger.info("recovering a large log", partition=partition.name, bytes=size)
                with suppress(KafkaError):  # reported where it happened
                    yield from partition.open_in_steps()

    def start(self) -> None:
        """Begin the first round: soon after a crash, else when something may have become too old."""
        is_urgent = self._log_manager.has_unrecovered
        self._arm(FIRST_AFTER_CRASH_S if is_urgent else self._interval_s, self._begin_round)

    def stop(self) -> None:
        """No log is opened after this."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, seconds: float, call: Callable[[], None]) -> None:
        self._timer = self._timers.call_at(self._clock.now() + seconds, call)

    def _begin_round(self) -> None:
        self._round = iter(list(self._partitions()))
        self._go_on()

    def _go_on(self) -> None:
        self._slice_ends = self._clock.now() + SLICE_S
        self._go_through()

    def _go_through(self) -> None:
        """Look after one log after the other until the slice is over, or one of them waits for its fsyncs."""
        self._is_going_through = True
        try:
            for partition in self._round:
                if self._is_due(partition):
                    self._look_after(partition)
                if self._is_waiting:
                    return
                if self._clock.now() >= self._slice_ends:
                    self._arm(PAUSE_S, self._go_on)
                    return
        finally:
            self._is_going_through = False
        self._arm(self._interval_s, self._begin_round)

    def _go_on_after(self) -> None:
        self._is_waiting = False
        if self._is_going_through:
            return
        if self._clock.now() >= self._slice_ends:
            self._arm(PAUSE_S, self._go_on)
        else:
            self._go_through()

    def _is_due(self, partition: Partition) -> bool:
        if partition.opened_log is not None or partition.is_deleted or partition.is_offline:
            self._not_before.pop(partition, None)
            return False
        return self._clock.now_ms() >= self._not_before.get(partition, 0) and self._log_manager.has_directory(
            partition.topic, partition.index
        )

    def _look_after(self, partition: Partition) -> None:
        """Open a log, which recovers it, let go of what is too old, and close it again."""
        self._is_waiting = True
        partition.open_soon(partial(self._opened, partition))

    def _opened(self, partition: Partition, failure: KafkaError | None) -> None:
        opened = partition.opened_log
        if failure is not None or opened is None:
            if not partition.is_deleted:  # reported already, where it happened; it may be better next time
                self._not_before[partition] = self._clock.now_ms() + self._interval_s * 1000
            self._go_on_after()
            return
        try:
            if self._clock.now() >= self._retention_from:
                close = partial(self._close, partition, opened)
                delete_old_segments(partition, opened, self._log_manager, self._clock.now_ms(), close)
            else:
                self._close(partition, opened, None)
        except OSError as error:
            self._report(partition, opened, error)

    def _close(self, partition: Partition, opened: PartitionLog, error: Exception | None) -> None:
        if error is not None:
            self._report(partition, opened, error)
        elif partition.opened_log is not opened or opened.last_stable_offset < opened.high_watermark:
            self._go_on_after()  # an open transaction: those who know of its end are looking at it
        elif opened.is_replicated:
            self._go_on_after()  # leader and followers use it all the time
        else:
            expiry_ms = opened.next_expiry_ms
            try:
                closed = partial(self._closed, partition, opened, expiry_ms)
                self._log_manager.close_log(partition.topic, partition.index, closed)
            except OSError as failure:
                self._report(partition, opened, failure)

    def _closed(
        self,
        partition: Partition,
        opened: PartitionLog,
        expiry_ms: int | None,
        is_closed: bool,
        error: Exception | None,
    ) -> None:
        if error is not None:
            self._report(partition, opened, error)
            return
        if is_closed:
            partition.drop_log()
            self._not_before[partition] = float("inf") if expiry_ms is None else expiry_ms
        self._go_on_after()

    def _report(self, partition: Partition, opened: PartitionLog, error: Exception) -> None:
        """It stays open, and is seen to like any other that is."""
        logger.error("a log could not be closed", partition=partition.name, error=str(error))
        if opened.failure is not None:
            partition.take_offline(opened.failure)
        self._go_on_after()
