"""IdleLogs: a log that nobody uses gets its recovery and its retention all the same.

A log is opened when it is first used, so that a start takes no longer for many of them. What a crash left behind, and
what grows old, is seen to in the background: each such log is opened, and closed again, in slices between requests.
Only what would take long to recover is recovered before the broker is ready, so that no request waits for it.
"""

from collections.abc import Callable, Iterator

from ...protocol.errors import KafkaError
from ...storage.log import PartitionLog
from ..log_manager import LogManager
from ..log_output import get_logger
from ..runtime import Clock, Schedule, TimerHandle
from ..topics.partition import Partition

logger = get_logger("visits")

LARGE_BYTES = 64 << 20  # about a twentieth of a second
FIRST_AFTER_CRASH_S = 1.0  # those who waited for the broker come first
SLICE_S = 0.002
PAUSE_S = 0.02


class IdleLogs:
    """The round through all logs, every `log.retention.check.interval.ms`."""

    def __init__(
        self,
        interval_s: float,
        clock: Clock,
        schedule: Schedule,
        partitions: Callable[[], Iterator[Partition]],
        store: LogManager,
    ) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._schedule = schedule
        self._partitions = partitions
        self._store = store
        self._round: Iterator[Partition] = iter(())
        self._not_before: dict[Partition, float] = {}  # wall milliseconds at which something gets too old
        self._timer: TimerHandle | None = None
        self._retention_from = clock.now() + interval_s  # as for the logs in use: nothing goes right after a start

    def recover_large(self) -> None:
        """Before the broker is ready: recover the logs that take long."""
        for partition in self._partitions():
            size = self._store.unrecovered_bytes(partition.topic, partition.index)
            if size >= LARGE_BYTES and partition.opened_log is None:
                logger.info("recovering a large log", partition=partition.name, bytes=size)
                self._open(partition)

    def start(self) -> None:
        """Begin the first round: soon after a crash, else when something may have become too old."""
        is_urgent = self._store.has_unrecovered
        self._arm(FIRST_AFTER_CRASH_S if is_urgent else self._interval_s, self._begin_round)

    def stop(self) -> None:
        """Nobody is visited after this."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, seconds: float, call: Callable[[], None]) -> None:
        self._timer = self._schedule(self._clock.now() + seconds, call)

    def _begin_round(self) -> None:
        self._round = iter(list(self._partitions()))
        self._go_on()

    def _go_on(self) -> None:
        ends = self._clock.now() + SLICE_S
        for partition in self._round:
            if self._is_due(partition):
                self._visit(partition)
            if self._clock.now() >= ends:
                self._arm(PAUSE_S, self._go_on)
                return
        self._arm(self._interval_s, self._begin_round)

    def _is_due(self, partition: Partition) -> bool:
        if partition.opened_log is not None or partition.is_deleted or partition.is_offline:
            self._not_before.pop(partition, None)
            return False
        return self._clock.now_ms() >= self._not_before.get(partition, 0) and self._store.has_directory(
            partition.topic, partition.index
        )

    def _visit(self, partition: Partition) -> None:
        """Open a log, which recovers it, let go of what is too old, and close it again."""
        visited = self._open(partition)
        if visited is None:
            return
        now_ms = self._clock.now_ms()
        try:
            if self._clock.now() >= self._retention_from:
                deleted = visited.delete_old_segments(now_ms)
                if deleted:
                    logger.info("segments deleted", partition=partition.name, count=len(deleted))
            if visited.last_stable_offset < visited.high_watermark:
                return  # it waits for its transactions' ends: those who know of them are looking at it
            expiry_ms = visited.next_expiry_ms
            self._store.close_log(partition.topic, partition.index)
        except OSError as error:
            # It stays open, and is seen to like any other that is.
            logger.error("a log could not be closed", partition=partition.name, error=str(error))
            if visited.failure is not None:
                partition.take_offline(visited.failure)
            return
        partition.forget_log()
        self._not_before[partition] = float("inf") if expiry_ms is None else expiry_ms

    def _open(self, partition: Partition) -> PartitionLog | None:
        try:
            return partition.open_log()
        except KafkaError as error:
            # Told already, where it happened; whoever uses the partition is told again.
            self._not_before[partition] = self._clock.now_ms() + self._interval_s * 1000
            logger.debug("a log cannot be visited", partition=partition.name, error=error.why)
            return None
