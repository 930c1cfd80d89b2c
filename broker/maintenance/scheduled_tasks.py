"""What a broker does by the clock, unasked: old segments go, producers expire, checkpoints are written."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..config.broker_config import BrokerConfig
from ..log_manager import LogManager
from ..log_output import get_logger
from ..runtime import Runtime, TimerHandle
from ..slices import Slices, Steps, in_steps
from ..topics.partition import Partition
from .retention import delete_old_segments

logger = get_logger("scheduled tasks")

EARLY_CHECKPOINT_MS = 1000
# Every topic has a file.delete.delay.ms of its own, which may be changed: files go at most so much later.
FILE_REMOVAL_MS = 1000

Task: TypeAlias = Callable[[], Steps[None] | None]
"""What is done: at once, or in steps where it looks at every partition."""


class ScheduledTasks:
    """Tasks at Kafka's intervals. A partition that nobody has used since the start is left alone."""

    def __init__(
        self,
        config: BrokerConfig,
        runtime: Runtime,
        partitions: Callable[[], Iterator[Partition]],
        log_manager: LogManager,
        slices: Slices,
    ) -> None:
        self._slices = slices
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._threads = runtime.threads
        self._partitions = partitions
        self._log_manager = log_manager
        self._armed: dict[str, TimerHandle] = {}
        self._tasks: tuple[tuple[str, int, Task], ...] = (
            ("retention", config.log_retention_check_interval_ms, self.delete_old_segments),
            ("producer expiry", config.producer_id_expiration_check_interval_ms, self.expire_producers),
            ("checkpoints", config.log_flush_offset_checkpoint_interval_ms, log_manager.write_checkpoints),
            # Apache Kafka leaves a gigabyte that is on the disk to be recovered for up to a minute.
            ("early checkpoints", EARLY_CHECKPOINT_MS, log_manager.write_checkpoints_if_sealed),
            ("file removal", min(config.log_segment_delete_delay_ms, FILE_REMOVAL_MS), self.remove_deleted),
        )

    def add(self, name: str, interval_ms: int, task: Task) -> None:
        """A task of another part; to be called before `start`."""
        self._tasks += ((name, interval_ms, task),)

    def start(self) -> None:
        """Arm every task for the first time."""
        for name, interval_ms, task in self._tasks:
            self._arm(name, interval_ms / 1000, task)

    def stop(self) -> None:
        """No task runs after this."""
        for timer in self._armed.values():
            timer.cancel()
        self._armed.clear()

    def delete_old_segments(self) -> Steps[None]:
        """Retention by time, size and log start."""
        for partition in self._partitions():
            opened = partition.opened_log
            if opened is not None:
                try:
                    delete_old_segments(partition, opened, self._log_manager, self._clock.now_ms(), lambda error: None)
                except OSError as error:
                    logger.error("old segments cannot be deleted yet", partition=partition.name, error=str(error))
            yield

    def remove_deleted(self) -> None:
        """Free the space of what was deleted, off the loop: a file of a gigabyte takes its time."""
        removals = self._log_manager.begin_purge()
        if removals:
            self._threads.run(lambda: _run_all(removals), _report_leftovers)

    def expire_producers(self) -> Steps[None]:
        """Forget producers that wrote nothing for `producer.id.expiration.ms`."""
        now_ms = self._clock.now_ms()
        for partition in self._partitions():
            opened = partition.opened_log
            if opened is not None:
                opened.expire_producers(now_ms)
            yield

    def _arm(self, name: str, interval_s: float, task: Task) -> None:
        def again(_: object) -> None:
            if name in self._armed:
                self._arm(name, interval_s, task)

        def failed(error: Exception) -> None:
            logger.error("a scheduled task failed", task=name, exc_info=error)  # and is tried again in time
            again(None)

        def run() -> None:
            try:
                steps = in_steps(task())
            except Exception as error:
                failed(error)
            else:
                self._slices.start(steps, again, failed)

        self._armed[name] = self._timers.call_at(self._clock.now() + interval_s, run)


def _run_all(removals: Sequence[Callable[[], None]]) -> None:
    """Try each of them; the first failure comes out."""
    failure: OSError | None = None
    for remove in removals:
        try:
            remove()
        except OSError as error:
            failure = failure or error
    if failure is not None:
        raise failure


def _report_leftovers(error: Exception | None) -> None:
    if error is not None:
        logger.error("what was deleted could not be removed, and will be at the next start", error=str(error))
