"""The logs of this broker's partitions in its data directory: opened when first used, recovered when need be."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from ..protocol.uuid_text import encode_uuid
from ..storage.directory import DataDirectory
from ..storage.files import Files
from ..storage.log import FlushJob, PartitionLog
from ..storage.log_config import LogConfig
from .clock import Clock
from .logs import get_logger

log = get_logger("store")

FSYNCS_AT_ONCE = 16
LOGS_AT_ONCE = 64  # each holds a few descriptors while it is being closed


class LogStore:
    """Every log of the data directory that is open, and what is needed to open the others."""

    def __init__(self, files: Files, directory: DataDirectory, clock: Clock, new_hex: Callable[[], str]) -> None:
        self._files = files
        self._directory = directory
        self._clock = clock
        self._new_hex = new_hex
        self._opened: dict[tuple[str, int], PartitionLog] = {}
        self._doomed: list[tuple[int, str]] = []  # (when, path) of renamed directories
        # After a crash a log that nobody opens stays unrecovered: the directory cannot be called clean then.
        self._unrecovered: set[tuple[str, int]] = set()
        if not directory.is_clean:
            self._unrecovered.update(directory.find_partitions())

    @property
    def directory(self) -> DataDirectory:
        """Where it all lies."""
        return self._directory

    def open_log(
        self,
        topic: str,
        index: int,
        topic_id: bytes,
        config: LogConfig,
        *,
        leader_epoch: int,
        log_start_offset: int = 0,
    ) -> PartitionLog:
        """Open or create the log of a partition, recovering it after a crash.

        It begins at `log_start_offset` at the earliest. An epoch of -1 is one that the log itself will tell.
        """
        path = self._directory.partition_path(topic, index)
        self._ensure_directory(topic, index, path, encode_uuid(topic_id))
        at = (topic, index)
        opened = PartitionLog.open(
            self._files,
            path,
            topic,
            index,
            config,
            self._clock.now_ms(),
            is_clean=self._directory.is_clean,
            recovery_point=self._directory.recovery_points.get(at, 0),
            log_start_offset=max(self._directory.log_starts.get(at, 0), log_start_offset),
            leader_epoch=leader_epoch,
            on_damage=lambda what: log.warning("damage was found", partition=f"{topic}-{index}", what=what),
        )
        self._unrecovered.discard(at)
        self._opened[at] = opened
        report = opened.recovery_report
        if report.truncated_bytes or report.damaged_bytes or report.segments_dropped:
            log.warning(
                "a log was damaged",
                partition=f"{topic}-{index}",
                why=report.why,
                cut_bytes=report.truncated_bytes,
                dropped_segments=report.segments_dropped,
                unreadable_bytes=report.damaged_bytes,
                end_offset=opened.log_end_offset,
            )
        return opened

    def write_log_start(self, topic: str, index: int, offset: int) -> None:
        """Make a partition's new start durable; OSError leaves what was known."""
        self._directory.write_log_start(topic, index, offset)

    def delete_logs(self, topic: str, partitions: int) -> None:
        """Take the directories of a topic's partitions out of sight; `purge` removes them after the topic's delay."""
        for index in range(partitions):
            opened = self._opened.pop((topic, index), None)
            self._unrecovered.discard((topic, index))
            delay_ms = opened.config.file_delete_delay_ms if opened is not None else 0
            try:
                if self._files.exists(self._directory.partition_path(topic, index)):
                    path = self._directory.mark_deleted(topic, index, self._new_hex())
                    self._doomed.append((self._clock.now_ms() + delay_ms, path))
            except OSError as error:
                # It is gone for clients all the same; a topic of this name will set the directory aside.
                log.error("a directory could not be put away", partition=f"{topic}-{index}", error=str(error))
        try:
            self._directory.forget((topic, index) for index in range(partitions))
        except OSError as error:
            log.error("the checkpoints could not be written", topic=topic, error=str(error))

    def opened_logs(self) -> Sequence[PartitionLog]:
        """The logs that somebody has used since the start."""
        return list(self._opened.values())

    def purge(self) -> None:
        """Remove what was deleted long enough ago."""
        now_ms = self._clock.now_ms()
        for due_ms, path in [doomed for doomed in self._doomed if doomed[0] <= now_ms]:
            self._directory.remove_tree(path)
            self._doomed.remove((due_ms, path))
        for opened in self.opened_logs():
            opened.purge(now_ms)

    def write_checkpoints(self) -> None:
        """Write down how far each opened log is durable, and where it starts."""
        logs = self.opened_logs()
        self._directory.write_checkpoints(
            {(log.topic, log.partition): log.recovery_point for log in logs},
            {(log.topic, log.partition): log.log_start_offset for log in logs if log.log_start_offset > 0},
            {(log.topic, log.partition): log.high_watermark for log in logs},
        )

    def _close_logs(self) -> bool:
        """Close every log, many fsyncs at a time: one after the other they would outlast a service's patience.

        Whether all of them are durable.
        """
        logs = self.opened_logs()
        starts = range(0, len(logs), LOGS_AT_ONCE)
        with ThreadPoolExecutor(FSYNCS_AT_ONCE, thread_name_prefix="odradek-close") as threads:
            return all([_close_some(logs[start : start + LOGS_AT_ONCE], threads) for start in starts])

    def abandon(self) -> None:
        """Let the directory go without a word on its logs: the next start recovers them."""
        self._directory.close()

    def close(self) -> None:
        """Make everything durable and say so, so that the next start can trust the files."""
        is_clean = self._close_logs() and not self._unrecovered
        try:
            self.write_checkpoints()
            for _, path in self._doomed:
                self._directory.remove_tree(path)
            if is_clean:
                self._directory.close_cleanly()
                return
        except OSError as error:
            log.error("the data directory could not be closed", error=str(error))
        self._directory.close()

    def _ensure_directory(self, topic: str, index: int, path: str, topic_id: str) -> None:
        if self._files.exists(path):
            found = self._directory.find_topic_id(topic, index)
            if found is None or found == topic_id:
                return
            # Left by a topic of this name that was deleted just before a crash.
            log.warning("the directory of a deleted topic was set aside", partition=f"{topic}-{index}")
            self._doomed.append((self._clock.now_ms(), self._directory.mark_deleted(topic, index, self._new_hex())))
            self._directory.forget([(topic, index)])
        self._directory.create_partition(topic, index, topic_id)


def _close_some(logs: Sequence[PartitionLog], threads: Executor) -> bool:
    """Close a few logs at once; whether all of them are durable."""
    syncing: list[tuple[PartitionLog, FlushJob, Future[None]]] = []
    is_durable = True
    for opened in logs:
        try:
            job = opened.begin_close()
        except OSError as error:
            is_durable = False
            _say_unclosed(opened, error)
        else:
            if job is not None:
                syncing.append((opened, job, threads.submit(job.run)))
    for opened, job, synced in syncing:
        try:
            synced.result()
            opened.finish_close(job)
        except OSError as error:
            is_durable = False
            _say_unclosed(opened, error)
    return is_durable


def _say_unclosed(opened: PartitionLog, error: OSError) -> None:
    log.error("a log could not be closed", partition=f"{opened.topic}-{opened.partition}", error=str(error))
