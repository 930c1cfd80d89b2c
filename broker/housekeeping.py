"""What a broker does by the clock, unasked: old segments go, producers expire, checkpoints are written."""

from collections.abc import Callable, Iterator

from .clock import Clock, Schedule, TimerHandle
from .config import BrokerConfig
from .logs import get_logger
from .partition import Partition
from .store import LogStore

log = get_logger("housekeeping")


class Housekeeping:
    """Chores at Kafka's intervals. A partition that nobody has used since the start is left alone."""

    def __init__(
        self,
        config: BrokerConfig,
        clock: Clock,
        schedule: Schedule,
        partitions: Callable[[], Iterator[Partition]],
        store: LogStore,
    ) -> None:
        self._clock = clock
        self._schedule = schedule
        self._partitions = partitions
        self._timers: dict[str, TimerHandle] = {}
        self._chores: tuple[tuple[str, int, Callable[[], None]], ...] = (
            ("retention", config.log_retention_check_interval_ms, self.delete_old_segments),
            ("producer expiry", config.producer_id_expiration_check_interval_ms, self.expire_producers),
            ("checkpoints", config.log_flush_offset_checkpoint_interval_ms, store.write_checkpoints),
            ("file removal", config.log_segment_delete_delay_ms, store.purge),
        )

    def add(self, name: str, interval_ms: int, chore: Callable[[], None]) -> None:
        """A chore of another part; to be called before `start`."""
        self._chores += ((name, interval_ms, chore),)

    def start(self) -> None:
        """Arm every chore for the first time."""
        for name, interval_ms, chore in self._chores:
            self._arm(name, interval_ms / 1000, chore)

    def stop(self) -> None:
        """No chore runs after this."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def delete_old_segments(self) -> None:
        """Retention by time, size and log start."""
        now_ms = self._clock.now_ms()
        for partition in self._partitions():
            opened = partition.opened_log
            if opened is not None:
                deleted = opened.delete_old_segments(now_ms)
                if deleted:
                    log.info("segments deleted", partition=partition.name, count=len(deleted))
                    partition.note_change()

    def expire_producers(self) -> None:
        """Forget producers that wrote nothing for `producer.id.expiration.ms`."""
        now_ms = self._clock.now_ms()
        for partition in self._partitions():
            opened = partition.opened_log
            if opened is not None:
                opened.expire_producers(now_ms)

    def _arm(self, name: str, interval_s: float, chore: Callable[[], None]) -> None:
        def run() -> None:
            try:
                chore()
            except Exception:
                log.exception("a chore failed", chore=name)  # and is tried again in time
            self._arm(name, interval_s, chore)

        self._timers[name] = self._schedule(self._clock.now() + interval_s, run)
