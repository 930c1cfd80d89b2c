"""The log cleaner: compacts the dirtiest log, one at a time, in slices so short that no request waits for it.

The rule: whatever goes wrong with one log stays with that log. It is told, and left alone from then on if its records
are at fault, or for a minute if it was the disk; everything else goes on.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from ...protocol.errors import KafkaError
from ...protocol.metadata_records import ConfigResourceType
from ...protocol.wire import CorruptFrame
from ...storage.compaction.cleanable import Cleanable, may_be_due
from ...storage.compaction.cleaning import Cleaning, CleaningAborted
from ...storage.compaction.steps import Step, Steps
from ...storage.directory import DataDirectory
from ..config.broker_config import BrokerConfig
from ..config.topic_config import log_config
from ..log_output import get_logger
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..runtime import Runtime, TimerHandle
from ..topics.partition import Partition
from ..topics.topics import Topic

logger = get_logger("log cleaner")

SLICE_S = 0.0001  # a request may have to wait for that and one step more: as long as it takes by itself
RETRY_AFTER_S = 60.0
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class _Due:
    """A log that may be cleaned."""

    partition: Partition
    cleanable: Cleanable


class LogCleaner:
    """Compaction by Kafka's settings, for every topic whose cleanup.policy has `compact`."""

    def __init__(
        self,
        config: BrokerConfig,
        runtime: Runtime,
        topics: Iterable[Topic],
        directory: DataDirectory,
    ) -> None:
        self._config = config
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._threads = runtime.threads
        self._topics = topics
        self._directory = directory
        self._timer: TimerHandle | None = None
        self._round: Generator[Step, None, None] | None = None
        self._round_ended_at = 0.0
        self._is_stopped = False
        self._not_before: dict[Partition, float] = {}  # partitions to be left alone, and until when
        self._looked_at: set[Partition] = set()  # of those that nobody has opened
        self._pass: tuple[Cleaning, float] | None = None  # the one under way, and when it began

    def start(self) -> None:
        """Look for work from now on, `log.cleaner.backoff.ms` after each time that there was none."""
        if self._config.log_cleaner_enable:
            self._end_round()

    def stop(self) -> None:
        """Leave everything as it is; a pass under way is forgotten, and what it had not swapped in yet removed."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._round is not None:
            self._round.close()
            self._round = None

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Settings of brokers may have changed: a pause ends when it would have ended under the new ones."""
        is_about_brokers = any(kind == ConfigResourceType.BROKER for kind, _ in delta.changed_configs)
        if is_about_brokers and self._timer is not None:
            self._timer.cancel()
            self._rest()

    # Slices

    def _rest(self) -> None:
        """Go on when the settings allow it."""
        deadline = self._clock.now() + self._throttled_for()
        if self._round is None:
            deadline = self._round_ended_at + self._config.log_cleaner_backoff_ms / 1000
        self._timer = self._timers.call_at(deadline, self._run_slice)

    def _run_slice(self) -> None:
        """Go on with the round for a moment, and let the event loop in."""
        self._timer = None
        if self._is_stopped:
            return
        if self._round is None:
            self._round = self._clean_all_that_is_due()
        now = self._clock.now
        deadline = now() + SLICE_S
        try:
            for step in self._round:
                if step is not None:
                    self._threads.run(step, lambda _: self._run_slice())
                    return
                if now() >= deadline:
                    break
            else:
                self._end_round()
                return
        except Exception:
            logger.exception("looking for logs to compact failed")
            self._end_round()
            return
        if self._throttled_for() > 0:
            self._rest()
        else:
            self._timer = self._timers.call_soon(self._run_slice)

    def _end_round(self) -> None:
        self._round = None
        self._round_ended_at = self._clock.now()
        self._rest()

    def _throttled_for(self) -> float:
        """Seconds to rest for, by `log.cleaner.io.max.bytes.per.second`."""
        if self._pass is None:
            return 0.0
        cleaning, began_at = self._pass
        return began_at + cleaning.bytes_moved / self._config.log_cleaner_io_max_bytes_per_second - self._clock.now()

    # Rounds

    def _clean_all_that_is_due(self) -> Steps[None]:
        self._not_before = {one: until for one, until in self._not_before.items() if not one.is_deleted}
        while (due := (yield from self._find_dirtiest())) is not None:
            yield from self._clean(due)

    def _find_dirtiest(self) -> Steps[_Due | None]:
        """Of the logs that are due, the one of which the largest part is new."""
        dirtiest: _Due | None = None
        for topic in self._topics:
            config = log_config(topic.configs, self._config)
            if not config.is_compacted:
                continue
            for partition in topic.partitions:
                yield None
                if partition.is_deleted or self._not_before.get(partition, 0.0) > self._clock.now():
                    continue
                try:
                    if partition.opened_log is None:
                        if not self._is_worth_opening(partition, topic):
                            continue
                        partition.open_soon(lambda error: None)
                    due = None if partition.opened_log is None else self._look(partition)
                except (OSError, KafkaError) as error:
                    self._leave_alone(partition, error)
                    continue
                if due is not None and (dirtiest is None or due.cleanable.dirty_ratio > dirtiest.cleanable.dirty_ratio):
                    dirtiest = due
        return dirtiest

    def _is_worth_opening(self, partition: Partition, topic: Topic) -> bool:
        """Whether the files of a log that nobody has used since the start say that it was left dirty; asked once."""
        if partition in self._looked_at:
            return False
        self._looked_at.add(partition)
        at = (partition.topic, partition.index)
        try:
            sizes = self._directory.segment_sizes(*at)
        except FileNotFoundError:
            return False  # never written to
        config = log_config(topic.configs, self._config)
        return may_be_due(sizes, config, self._directory.cleaner_offsets.get(at, 0))

    def _look(self, partition: Partition) -> _Due | None:
        opened = partition.open_log()
        if opened.failure is not None:
            return None
        checkpoint = self._directory.cleaner_offsets.get((partition.topic, partition.index))
        cleanable = opened.find_cleanable(checkpoint, self._clock.now_ms())
        return _Due(partition, cleanable) if cleanable.is_due(opened.config) else None

    # One log

    def _clean(self, due: _Due) -> Steps[None]:
        """A pass over a log, as far as it gets."""
        partition, at = due.partition, (due.partition.topic, due.partition.index)
        budget = int(self._config.log_cleaner_dedupe_buffer_size * self._config.log_cleaner_io_buffer_load_factor)
        began_at = self._clock.now()
        cleaning = partition.open_log().begin_cleaning(
            due.cleanable, self._clock.now_ms(), budget, recovered_from=self._directory.recovery_points.get(at, 0)
        )
        self._pass = cleaning, began_at
        steps = cleaning.steps()
        try:
            for step in steps:
                yield step
                if partition.is_deleted:
                    return
            self._directory.write_cleaner_offset(*at, cleaning.end_offset)
        except CleaningAborted as end:
            logger.info("compaction ended early", partition=partition.name, why=str(end))
            self._not_before[partition] = self._clock.now() + self._config.log_cleaner_backoff_ms / 1000
            return
        except (OSError, KafkaError, CorruptFrame) as error:
            self._leave_alone(partition, error)
            return
        finally:
            self._pass = None
            steps.close()
        logger.info(
            "log compacted",
            partition=partition.name,
            first_dirty_offset=cleaning.first_dirty_offset,
            clean_below=cleaning.end_offset,
            keys=cleaning.keys,
            bytes_before=cleaning.bytes_before,
            bytes_after=cleaning.bytes_after,
            took_ms=round((self._clock.now() - began_at) * 1000),
        )

    def _leave_alone(self, partition: Partition, error: Exception) -> None:
        is_disk = isinstance(error, OSError)
        self._not_before[partition] = self._clock.now() + RETRY_AFTER_S if is_disk else NEVER
        logger.error(
            "a log cannot be compacted" if is_disk else "a log cannot be compacted and is left as it is",
            partition=partition.name,
            error=str(error),
        )
