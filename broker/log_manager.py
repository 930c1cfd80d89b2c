"""The logs of this broker's partitions in its data directory: opened when first used, recovered when need be."""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import cast

from ..protocol.uuid_text import decode_uuid, encode_uuid
from ..storage.directory import NO_BROKER_EPOCH, DataDirectory
from ..storage.disk_job import DiskJob
from ..storage.files.files import Files, VolumeBytes
from ..storage.log import LogCheckpoints, LogLocation, PartitionLog
from ..storage.log_api import Log
from ..storage.log_config import LogConfig
from .log_closing import close_logs, prepare_copy
from .log_output import get_logger
from .log_truncations import LogTruncations
from .record_deletions import RecordDeletions
from .runtime import Runtime, SerialQueue, Then
from .slices import Steps, run_to_end

logger = get_logger("log manager")


class LogManager:
    """Every log of the data directory that is open, and what is needed to open the others."""

    def __init__(self, files: Files, directory: DataDirectory, runtime: Runtime) -> None:
        self._files = files
        self.directory = directory  # where it all lies
        self.holds_replicas = False  # of any log another broker may have been the leader
        self._clock = runtime.clock
        self._runtime = runtime
        # What is written to the files of the directory itself, off the loop and in this order: the metadata log too, so
        # that a topic is on record only after the checkpoints have lost what they knew of a namesake.
        self.directory_queue = SerialQueue(runtime.threads)
        self.make_room = files.make_room
        self._opened: dict[tuple[str, int], PartitionLog] = {}
        self._sound: set[tuple[str, int]] = set()  # closed since the start, and durable then
        self._closed_sizes: dict[tuple[str, int], int] = {}  # of logs that are not open, where it is known
        self._pending_deletes: list[tuple[int, str]] = []  # (when, path) of renamed directories
        self._removed: Container[bytes] = {}  # ids of topics that are known to be gone
        self._record_deletions = RecordDeletions(directory, self.directory_queue)
        self._truncations = LogTruncations(directory, self.directory_queue)
        self._deleted: list[tuple[str, int]] = []  # logs that the checkpoints still know
        self._has_sealed = False  # segments that reached the disk since the checkpoints were written
        # After a crash a log that nobody opens stays unrecovered: the directory cannot be called clean then.
        self._unrecovered: set[tuple[str, int]] = set()
        self._is_closed = False
        if not directory.is_clean:
            self._unrecovered.update(directory.find_partitions())

    def _check_open(self) -> None:
        if self._is_closed:
            raise OSError(f"the data directory {self.directory.path} is closed")

    def set_strays_aside(
        self, known: Mapping[str, int], removed: Mapping[bytes, str], ids: Mapping[str, bytes] | None = None
    ) -> None:
        """Take directories of no known topic (name -> partitions) out of the way, those of `removed` ids for good.

        What may be data is never deleted: it is renamed as Apache Kafka does it, and reported. `removed` (id -> name)
        may grow. Of several brokers one may have been away while a topic was deleted, and made anew with one of `ids`:
        what it has of the old one is a stray. Called at the start, while nothing else is under way.
        """
        self._removed = removed
        reused = set(removed.values())  # a namesake may have come after a deletion that a crash cut short
        # Such a deletion has left its offsets behind, for the next topic of that name to begin with.
        gone = [(topic, index) for topic, index in self.directory.checkpointed() if index >= known.get(topic, 0)]
        for topic, index in self.directory.find_partitions():
            is_known = index < known.get(topic, 0) and (ids is None or self._is_of(topic, index, ids))
            if is_known and not (topic in reused and self._is_of_removed(topic, index)):
                continue
            partition = f"{topic}-{index}"
            try:
                if is_known or self._is_of_removed(topic, index):
                    self._mark_for_deletion(topic, index, 0)
                    logger.info("the directory of a deleted topic goes", partition=partition)
                else:
                    path = self.directory.mark_stray(topic, index, self._runtime.new_uuid().hex)
                    logger.warning("a directory of no known topic was set aside", partition=partition, path=path)
                gone.append((topic, index))
            except OSError as error:
                logger.error("a directory could not be put away", partition=partition, error=str(error))
        self._unrecovered.difference_update(gone)
        try:
            self.directory.drop(gone)
        except OSError as error:
            _report_unwritten(error)

    def _is_of(self, topic: str, index: int, ids: Mapping[str, bytes]) -> bool:
        """Whether a directory belongs to the topic that has its name now; unless it says otherwise."""
        try:
            found = self.directory.find_topic_id(topic, index)
        except OSError:
            return True
        return found is None or topic not in ids or decode_uuid(found) == ids[topic]

    def _is_of_removed(self, topic: str, index: int) -> bool:
        try:
            topic_id = self.directory.find_topic_id(topic, index)
        except OSError:
            return False
        return topic_id is not None and decode_uuid(topic_id) in self._removed

    def _mark_for_deletion(self, topic: str, index: int, delay_ms: int) -> None:
        path = self.directory.mark_deleted(topic, index, self._runtime.new_uuid().hex)
        self._pending_deletes.append((self._clock.now_ms() + delay_ms, path))

    def _drop(self, partitions: Sequence[tuple[str, int]]) -> None:
        """Their namesakes inherit nothing; on record before any topic that is created from now on."""
        self._unrecovered.difference_update(partitions)
        try:
            self.directory_queue.run(self.directory.begin_drop(partitions), _report_unwritten)
        except OSError as error:
            _report_unwritten(error)

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
        """The same as `opening`, in one go: at a start, where there is no other to be served."""
        return run_to_end(
            self.opening(topic, index, topic_id, config, leader_epoch=leader_epoch, log_start_offset=log_start_offset)
        )

    def opening(
        self,
        topic: str,
        index: int,
        topic_id: bytes,
        config: LogConfig,
        *,
        leader_epoch: int,
        log_start_offset: int = 0,
    ) -> Steps[PartitionLog]:
        """Open or create the log of a partition, recovering it after a crash.

        It begins at `log_start_offset` at the earliest. An epoch of -1 is one that the log itself will tell. What is
        ended in a pause leaves the log to be recovered; nothing else may touch its files until then.
        """
        self._check_open()
        path = self.directory.partition_path(topic, index)
        self._ensure_directory(topic, index, path, encode_uuid(topic_id))
        at = (topic, index)
        steps = PartitionLog.opening(
            LogLocation(self._files, path, topic, index),
            config,
            self._clock.now_ms(),
            LogCheckpoints(
                is_clean=(self.directory.is_clean or at in self._sound) and at not in self._unrecovered,
                recovery_point=self.directory.recovery_points.get(at, 0),
                known_end=self.directory.known_end(at),
                log_start_offset=max(self.directory.log_starts.get(at, 0), log_start_offset),
                leader_epoch=leader_epoch,
                cleaned_below=self.directory.cleaner_offsets.get(at, 0),
                is_replica=self.holds_replicas,
                lower=partial(self._truncations.lower, at),
            ),
            on_damage=lambda what: logger.warning("damage was found", partition=f"{topic}-{index}", what=what),
        )
        opened: PartitionLog | None = None
        while opened is None:
            try:
                next(steps)
            except StopIteration as end:
                opened = cast(PartitionLog, end.value)
            else:
                self._unrecovered.add(at)  # whatever becomes of it: it may have lost its indexes by now
                yield
                self._check_open()
        self._unrecovered.discard(at)
        self._sound.discard(at)
        self._closed_sizes.pop(at, None)
        self._opened[at] = opened
        if self.directory.cleaner_offsets.get(at, 0) > opened.log_end_offset:  # its end was not on the disk yet
            self.directory.cleaner_offsets[at] = opened.log_end_offset
        report = opened.recovery_report
        if report.truncated_bytes or report.damaged_bytes or report.segments_dropped or report.missing_offsets:
            logger.warning(
                "a log was damaged",
                partition=f"{topic}-{index}",
                why=report.why,
                cut_bytes=report.truncated_bytes,
                dropped_segments=report.segments_dropped,
                unreadable_bytes=report.damaged_bytes,
                missing_offsets=report.missing_offsets,
                end_offset=opened.log_end_offset,
            )
        return opened

    def delete_records(self, topic: str, index: int, opened: Log, offset: int, then: Then) -> None:
        """Begin a log later, durably: first on record for the directory, then in the log itself.

        An error leaves the log as it was. OSError where it cannot be begun.
        """
        self._check_open()
        self._record_deletions.add(topic, index, opened, offset, then)

    def high_watermark(self, topic: str, index: int) -> int:
        """How far a log was known to be replicated when that was last written down; 0 if it never was."""
        return self.directory.high_watermarks.get((topic, index), 0)

    def delete_log(self, topic: str, index: int) -> None:
        """Take a partition's directory out of sight; `begin_purge` has it after the topic's delay.

        `drop_deleted` is to follow, once for all that are deleted together.
        """
        self._check_open()
        at = (topic, index)
        self._deleted.append(at)
        self._closed_sizes.pop(at, None)
        opened = self._opened.pop(at, None)
        if opened is not None:
            opened.abandon()
        delay_ms = opened.config.file_delete_delay_ms if opened is not None else 0
        try:
            if self._files.exists(self.directory.partition_path(topic, index)):
                self._mark_for_deletion(topic, index, delay_ms)
        except OSError as error:
            # It is gone for clients all the same; a topic of this name will set the directory aside.
            logger.error("a directory could not be put away", partition=f"{topic}-{index}", error=str(error))

    def drop_deleted(self) -> None:
        """Namesakes of the logs deleted since inherit nothing; on record before any topic that is created from now."""
        deleted, self._deleted = self._deleted, []
        self._drop(deleted)

    def close_log(self, topic: str, index: int, then: Callable[[bool, Exception | None], None]) -> None:
        """Make a log durable that nobody uses, and close it; whoever opens it again may trust it.

        `then` gets whether it is closed: not if it was changed meanwhile, or if an fsync failed. OSError where that
        cannot be begun.
        """
        self._check_open()
        at = (topic, index)
        opened = self._opened[at]
        job = opened.begin_close()

        def synced(error: Exception | None) -> None:
            is_closed = False
            if self._opened.get(at) is opened:  # else its topic has been deleted
                try:
                    is_closed = opened.finish_close(job)
                except OSError as failure:
                    error = failure
            if is_closed:
                del self._opened[at]
                self._sound.add(at)
                self._closed_sizes[at] = opened.size_bytes
                self.directory.recovery_points[at] = opened.recovery_point
            then(is_closed, error)

        self.run_job(job, synced)

    def run_job(self, job: DiskJob, then: Then) -> None:
        """Run what a log has begun on a thread, if there is anything to run."""
        if job.has_work:
            self._runtime.threads.run(job.run, then)
        else:
            job.run()
            then(None)

    def has_directory(self, topic: str, index: int) -> bool:
        """Whether there is anything of a partition yet."""
        return self._files.exists(self.directory.partition_path(topic, index))

    @property
    def has_unrecovered(self) -> bool:
        """Whether a crash left logs that nobody has opened since."""
        return bool(self._unrecovered)

    def unrecovered_bytes(self, topic: str, index: int) -> int:
        """How much of a log a recovery would read; 0 if it needs none."""
        at = (topic, index)
        if at not in self._unrecovered:
            return 0
        sizes = self.directory.segment_sizes(topic, index)
        point = self.directory.recovery_points.get(at, 0)
        first = max((base for base, _ in sizes if base <= point), default=0)
        return sum(size for base, size in sizes if base >= first)

    # The directory as clients see it

    @property
    def path(self) -> str:
        """The data directory's name."""
        return self.directory.path

    def size_bytes(self, topic: str, index: int) -> int:
        """Bytes of a log's segments. The files of one that nobody has used are looked at once; OSError."""
        at = (topic, index)
        opened = self._opened.get(at)
        if opened is not None:
            return opened.size_bytes
        if at not in self._closed_sizes:
            sizes = self.directory.segment_sizes(topic, index) if self.has_directory(topic, index) else ()
            self._closed_sizes[at] = sum(size for _, size in sizes)
        return self._closed_sizes[at]

    def volume_bytes(self) -> VolumeBytes | None:
        """The size of the volume that the data directory is on; None in memory. OSError."""
        return self._files.volume_bytes(self.directory.path)

    def opened_logs(self) -> Sequence[PartitionLog]:
        """The logs that somebody has used since the start."""
        return list(self._opened.values())

    def prepare_copy(self, broker_epoch: int = NO_BROKER_EPOCH) -> Callable[[Files], None]:
        """As `log_closing.prepare_copy`, of all logs that are open."""
        return prepare_copy(self.opened_logs(), self.directory, broker_epoch, is_clean=not self.has_unrecovered)

    def begin_purge(self) -> list[Callable[[], None]]:
        """What takes off the disk what was deleted long enough ago: calls for any thread; each may raise OSError.

        What cannot be removed is swept up at the next start.
        """
        self._check_open()
        now_ms = self._clock.now_ms()
        due = [path for due_ms, path in self._pending_deletes if due_ms <= now_ms]
        self._pending_deletes = [(due_ms, path) for due_ms, path in self._pending_deletes if due_ms > now_ms]
        for opened in self.opened_logs():
            due += opened.take_due(now_ms)
        return [self._files.removal(path) for path in due]

    def note_sealed(self) -> None:
        """A sealed segment has reached the disk: what a recovery would have to read became less."""
        self._has_sealed = True

    def write_checkpoints_if_sealed(self) -> None:
        """Write the checkpoints down early if they keep a recovery from reading whole segments."""
        if self._has_sealed:
            self.write_checkpoints()

    def write_checkpoints(self) -> None:
        """Write down how far each opened log is durable, and where it starts; a failure is reported."""
        self.directory_queue.run(self._begin_checkpoints(), _report_unwritten)

    def _begin_checkpoints(self) -> Callable[[], None]:
        self._has_sealed = False
        logs = self.opened_logs()
        return self.directory.begin_write_checkpoints(
            {(log.topic, log.partition): log.recovery_point for log in logs},
            {(log.topic, log.partition): log.log_start_offset for log in logs if log.log_start_offset > 0},
            {(log.topic, log.partition): log.high_watermark for log in logs},
        )

    def abandon(self) -> None:
        """Give the directory back as it is, with its logs: the next start recovers them."""
        self._end_use()
        self.directory.close()

    def _end_use(self) -> None:
        """Nothing is opened or written any more, by no log either: the directory may be somebody else's soon."""
        self._is_closed = True
        for opened in self.opened_logs():
            opened.abandon()

    def close(self, broker_epoch: int = NO_BROKER_EPOCH) -> None:
        """Make everything durable and say so, and in which epoch, so that the next start can trust the files."""
        is_clean = close_logs(self.opened_logs(), self._files) and not self._unrecovered
        self._end_use()
        try:
            self._begin_checkpoints()()
            for _, path in self._pending_deletes:
                self._files.removal(path)()
            if is_clean:
                self.directory.close_cleanly(broker_epoch)
                return
        except OSError as error:
            logger.error("the data directory could not be closed", error=str(error))
        self.directory.close()

    def _ensure_directory(self, topic: str, index: int, path: str, topic_id: str) -> None:
        if self._files.exists(path):
            found = self.directory.find_topic_id(topic, index)
            if found == topic_id:
                return
            if found is not None:
                if not self._is_of_removed(topic, index):
                    raise OSError(f"{path} belongs to topic id {found}, not to {topic_id}; it is left alone")
                # Left by a topic of this name that was deleted just before a crash.
                logger.info("the directory of a deleted topic goes", partition=f"{topic}-{index}")
                self._mark_for_deletion(topic, index, 0)
                self._drop([(topic, index)])
        self.directory.create_partition(topic, index, topic_id)


def _report_unwritten(error: Exception | None) -> None:
    if error is not None:
        logger.error("the checkpoints could not be written", error=str(error))
