"""fsync off the event loop, shared by everyone who waits for it.

While one fsync of a log runs, later appends gather; the next one covers them all (group commit). Kafka fsyncs
only where `flush.messages` or `flush.ms` say so, and so do we. One that could not be begun is never lost: it is tried
again, soon for those who wait, and in the background until it has been done.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...storage.log import FlushJob, PartitionLog
from ..config.broker_config import NO_LIMIT
from ..countdown import Countdown
from ..log_output import get_logger
from ..runtime import Runtime, Stopped, TimerHandle
from .partition import Partition

logger = get_logger("log flusher")

Durable = Callable[[Exception | None], None]

SOON_S = 0.1
MOST_REFUSALS = 20  # then those who wait are answered with an error, and may ask again
LATER_S = 1.0


@dataclass(slots=True)
class _Flushing:
    """One log's fsync under way, and who came too late for it."""

    waiting: list[Durable]
    latecomers: list[Durable] = field(default_factory=list[Durable])
    refusals: int = 0  # a file could not be opened, one time after the other


class LogFlusher:
    """Makes logs durable when their topic's settings ask for it."""

    def __init__(self, runtime: Runtime, note_sealed: Callable[[], None], make_room: Callable[[], None]) -> None:
        """`note_sealed` is called when a sealed segment has reached the disk, `make_room` for want of descriptors."""
        self._note_sealed = note_sealed
        self._make_room = make_room
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._threads = runtime.threads
        self._flushing: dict[Partition, _Flushing] = {}
        self._flush_timers: dict[Partition, TimerHandle] = {}
        self._retries: dict[Partition, TimerHandle] = {}
        # How much later what was appended is answered, where a test has its disk be slow; each append is asked for.
        self.slowness_s: Callable[[Partition], float] | None = None
        self._late: dict[Partition, float] = {}  # when that is

    def is_due(self, partition: Partition) -> bool:
        """Whether what was just appended must be on the disk before it is acknowledged."""
        opened = partition.opened_log
        if opened is None:
            return partition.is_offline  # `flush` reports the failure
        if not opened.needs_flush(self._clock.now_ms()):
            return False
        return opened.config.flush_ms < NO_LIMIT or opened.unflushed_messages >= opened.config.flush_messages

    def schedule(self, partition: Partition, *, may_be_slow: bool = True) -> bool:
        """Begin what the settings ask for in the background: the timer of `flush.ms`, the fsync of a sealed segment.

        Returns what `is_due` does: whether more is asked for, which is for the caller to begin, with `flush`.
        """
        is_due = self._schedule(partition)
        if not may_be_slow or self.slowness_s is None or not (slowness_s := self.slowness_s(partition)):
            return is_due
        self._late[partition] = self._clock.now() + slowness_s
        return True

    def _schedule(self, partition: Partition) -> bool:
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

    def when_durable(self, partitions: Iterable[Partition], durable: Durable, *, may_be_slow: bool = True) -> None:
        """Call back once what was appended to all of them may be acknowledged, with the last failure if there is one.

        At once where no setting asks for an fsync.
        """
        due = [partition for partition in partitions if self.schedule(partition, may_be_slow=may_be_slow)]
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
        if self._late and (deadline := self._late.pop(partition, None)) is not None:
            durable = self._later(deadline, durable)
            if not self.is_due(partition):
                durable(None)
                return
        running = self._flushing.get(partition)
        if running is not None:
            running.latecomers.append(durable)
        else:
            self._start(partition, _Flushing([durable]))

    def _later(self, deadline: float, durable: Durable) -> Durable:
        """The same, but not before the deadline."""

        def later(error: Exception | None) -> None:
            self._timers.call_at(deadline, lambda: durable(error))

        return later

    def _on_timer(self, partition: Partition) -> None:
        del self._flush_timers[partition]
        if not partition.is_deleted:
            self.flush(partition, lambda error: None)

    def _start(self, partition: Partition, flushing: _Flushing) -> None:
        self._flushing[partition] = flushing
        flushing.waiting += flushing.latecomers
        flushing.latecomers = []
        flushed = partition.opened_log
        if flushed is None and not partition.is_offline:  # closed meanwhile, which makes durable, or deleted
            del self._flushing[partition]
            _report(flushing.waiting, None, partition)
            return
        try:
            if flushed is None:
                raise OSError(f"{partition.name} is offline")
            job = flushed.begin_flush()
        except OSError as error:
            self._give_up(partition, flushing, error)
            return
        self._threads.run(job.run, lambda error: self._finish(partition, flushed, job, error))

    def _finish(self, partition: Partition, flushed: PartitionLog, job: FlushJob, error: Exception | None) -> None:
        done = self._flushing[partition]
        if isinstance(error, Stopped):
            job.refuse(str(error))  # nothing is wrong with the disk, and nothing follows
            flushed.finish_flush(job)
            del self._flushing[partition]
            _report([*done.waiting, *done.latecomers], error, partition)
            return
        if error is not None and job.failure is None and not job.is_refused:
            job.failure = error if isinstance(error, OSError) else OSError(f"an fsync failed: {error!r}")
        flushed.finish_flush(job)
        self._take_offline_if_failed(partition, flushed)
        if error is not None and job.is_refused:
            done.refusals += 1
            if partition.is_deleted:
                error = None  # what was to be synced has gone
            elif done.refusals <= MOST_REFUSALS:
                self._try_soon(partition, done, error)
                return
            else:
                self._give_up(partition, done, error)
                return
        # An answer may bring the next request of its client at once: that one is a latecomer, too.
        _report(done.waiting, error, partition)
        del self._flushing[partition]
        if done.latecomers:
            self._start(partition, _Flushing(done.latecomers))

    def _give_up(self, partition: Partition, refused: _Flushing, error: Exception) -> None:
        """Answer those who wait with an error, and go on without them."""
        del self._flushing[partition]
        log = partition.opened_log
        if log is not None and not partition.is_deleted:
            logger.error("an fsync cannot be begun", partition=partition.name, error=str(error))
            self._take_offline_if_failed(partition, log)
            self._try_later(partition, log)
        _report([*refused.waiting, *refused.latecomers], error, partition)  # the latter came during a refused try

    def _try_soon(self, partition: Partition, refused: _Flushing, error: Exception) -> None:
        """A file could not be opened: whoever waits goes on waiting for a while."""
        logger.warning("an fsync found no descriptor; it is tried again", partition=partition.name, error=str(error))
        self._make_room()
        self._timers.call_at(self._clock.now() + SOON_S, lambda: self._start(partition, refused))

    def _try_later(self, partition: Partition, flushed: PartitionLog) -> None:
        """What was acknowledged without waiting is to reach the disk all the same, whether or not more is appended."""

        def again() -> None:
            self._retries.pop(partition, None)
            if partition.opened_log is flushed and not partition.is_deleted and flushed.unflushed_messages:
                self.flush(partition, lambda error: None)

        if partition not in self._retries and partition.opened_log is flushed:
            self._retries[partition] = self._timers.call_at(self._clock.now() + LATER_S, again)

    @staticmethod
    def _take_offline_if_failed(partition: Partition, flushed: PartitionLog) -> None:
        if flushed.failure is not None:
            partition.take_offline(flushed.failure)


def _report(waiting: Iterable[Durable], error: Exception | None, partition: Partition) -> None:
    for durable in waiting:
        try:
            durable(error)
        except Exception:
            logger.exception("an append could not be answered after its fsync", partition=partition.name)
