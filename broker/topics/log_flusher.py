"""fsync off the event loop, shared by everyone who waits for it.

While one fsync of a log runs, later appends gather; the next one covers them all (group commit). Of many logs a few
are at it at a time, for each takes descriptors. Kafka fsyncs only where `flush.messages` or `flush.ms` say so, and so
do we.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...storage.log import FlushJob, PartitionLog
from ..config.broker_config import NO_LIMIT
from ..countdown import Countdown
from ..log_output import get_logger
from ..runtime import Runtime, TimerHandle
from .partition import Partition

logger = get_logger("log flusher")

LOGS_AT_ONCE = 16

Durable = Callable[[Exception | None], None]


@dataclass(slots=True)
class _Flushing:
    """One log's fsync under way, and who came too late for it."""

    waiting: list[Durable]
    latecomers: list[Durable] = field(default_factory=list[Durable])


class LogFlusher:
    """Makes logs durable when their topic's settings ask for it."""

    def __init__(self, runtime: Runtime, note_sealed: Callable[[], None]) -> None:
        """`note_sealed` is called whenever a sealed segment has reached the disk."""
        self._note_sealed = note_sealed
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._threads = runtime.threads
        self._flushing: dict[Partition, _Flushing] = {}
        self._queued: dict[Partition, list[Durable]] = {}  # in the order in which they came
        self._flush_timers: dict[Partition, TimerHandle] = {}

    def is_due(self, partition: Partition) -> bool:
        """Whether what was just appended must be on the disk before it is acknowledged."""
        opened = partition.opened_log
        if opened is None:
            return partition.is_offline  # `flush` reports the failure
        if not opened.needs_flush(self._clock.now_ms()):
            return False
        return opened.config.flush_ms < NO_LIMIT or opened.unflushed_messages >= opened.config.flush_messages

    def schedule(self, partition: Partition) -> bool:
        """Begin what the settings ask for in the background: the timer of `flush.ms`, the fsync of a sealed segment.

        Returns what `is_due` does: whether more is asked for, which is for the caller to begin, with `flush`.
        """
        opened = partition.opened_log
        if opened is None:
            return partition.is_offline
        config = opened.config
        if not opened.needs_flush(self._clock.now_ms()):
            if config.flush_ms < NO_LIMIT and partition not in self._flush_timers:
                deadline = self._clock.now() + config.flush_ms / 1000
                self._flush_timers[partition] = self._timers.call_at(deadline, lambda: self._on_timer(partition))
            return False
        if config.flush_ms < NO_LIMIT or opened.unflushed_messages >= config.flush_messages:
            return True
        # Only a sealed segment asks: it goes to the disk in the background, as in Kafka.
        self.flush(partition, lambda error: None if error else self._note_sealed())
        return False

    def when_durable(self, partitions: Iterable[Partition], durable: Durable) -> None:
        """Call back once what was appended to all of them may be acknowledged, with the last failure if there is one.

        At once where no setting asks for an fsync.
        """
        due = [partition for partition in partitions if self.schedule(partition)]
        if not due:
            durable(None)
            return
        failure: Exception | None = None
        countdown = Countdown(len(due), lambda: durable(failure))

        def one_is_durable(error: Exception | None) -> None:
            nonlocal failure
            failure = error or failure
            countdown.count_down()

        for partition in due:
            self.flush(partition, one_is_durable)

    def flush(self, partition: Partition, durable: Durable) -> None:
        """Call back once everything appended so far is on the disk."""
        running = self._flushing.get(partition)
        if running is not None:
            running.latecomers.append(durable)
            return
        self._queued.setdefault(partition, []).append(durable)
        self._start_queued()

    def _start_queued(self) -> None:
        while self._queued and len(self._flushing) < LOGS_AT_ONCE:
            partition = next(iter(self._queued))
            self._start(partition, self._queued.pop(partition))

    def _on_timer(self, partition: Partition) -> None:
        del self._flush_timers[partition]
        if not partition.is_deleted:
            self.flush(partition, lambda error: None)

    def _start(self, partition: Partition, waiting: list[Durable]) -> None:
        flushed = partition.opened_log
        if flushed is None and not partition.is_offline:  # closed meanwhile, which makes durable, or deleted
            _report(waiting, None, partition)
            return
        try:
            if flushed is None:
                raise OSError(f"{partition.name} is offline")
            job = flushed.begin_flush()
        except OSError as error:
            if flushed is not None:
                logger.error("an fsync cannot be begun", partition=partition.name, error=str(error))
                self._take_offline_if_failed(partition, flushed)
            _report(waiting, error, partition)
            return
        self._flushing[partition] = _Flushing(waiting)
        self._threads.run(job.run, lambda error: self._finish(partition, flushed, job, error))

    def _finish(self, partition: Partition, flushed: PartitionLog, job: FlushJob, error: Exception | None) -> None:
        done = self._flushing[partition]
        if error is not None and job.failure is None:
            job.failure = error if isinstance(error, OSError) else OSError(f"an fsync failed: {error!r}")
        flushed.finish_flush(job)
        self._take_offline_if_failed(partition, flushed)
        # An answer may bring the next request of its client at once: that one is a latecomer, too.
        _report(done.waiting, error, partition)
        del self._flushing[partition]
        if done.latecomers:
            self._queued[partition] = done.latecomers
        self._start_queued()

    @staticmethod
    def _take_offline_if_failed(partition: Partition, flushed: PartitionLog) -> None:
        if flushed.failure is not None:
            partition.take_offline(flushed.failure)


def _report(waiting: Iterable[Durable], error: Exception | None, partition: Partition) -> None:
    """Call back everyone; one that cannot be answered keeps no other from its answer."""
    for durable in waiting:
        try:
            durable(error)
        except Exception:
            logger.exception("an append could not be answered after its fsync", partition=partition.name)
