"""The data directory: whose it is, which partitions it holds, up to where they are safe, and how it was left.

The rule: what is on record of the directory is checked before a log is opened. One process owns it at a time, and the
clean-shutdown mark is believed once: it goes before anything is appended (`begin_writing`).
"""

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from .checkpoints import MalformedCheckpoint, TopicPartition, offsets_writer, read_offsets
from .disk_job import DiskJob
from .file_names import LOG_SUFFIX, offset_name
from .files.files import Files
from .meta_properties import META_PROPERTIES, checked_identity
from .meta_properties import DirectoryError as DirectoryError
from .meta_properties import Identity as Identity
from .swap_completion import find_offset

PARTITION_METADATA = "partition.metadata"
RECOVERY_POINTS = "recovery-point-offset-checkpoint"
LOG_STARTS = "log-start-offset-checkpoint"
HIGH_WATERMARKS = "replication-offset-checkpoint"
CLEANER_OFFSETS = "cleaner-offset-checkpoint"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
LOCK = ".lock"
NO_BROKER_EPOCH = -1

_DELETED_SUFFIX = "-delete"
_STRAY_SUFFIX = "-stray"
_PARTITION_METADATA_TEXT = re.compile(rb"version: 0\ntopic_id: ([A-Za-z0-9_-]{22})\n?")
_LONGEST_NAME = 255


class LogStartWrite(DiskJob):
    """Makes it durable where partitions begin, with one file for all of them."""

    __slots__ = ("starts",)

    def __init__(self, starts: dict[TopicPartition, int], calls: Sequence[Callable[[], None]]) -> None:
        super().__init__(calls)
        self.starts = starts


class DataDirectory:
    """One `log.dirs` entry, locked for as long as it is open."""

    def __init__(self, files: Files, path: str, identity: Identity, unlock: Callable[[], None]) -> None:
        self.files = files
        self.path = path
        self.identity = identity
        self.is_clean = files.exists(f"{path}/{CLEAN_SHUTDOWN}")
        # The broker epoch in which it was left (KIP-966): a broker alone, and a crash, leave none.
        self.left_in_epoch = _epoch_of_mark(files, f"{path}/{CLEAN_SHUTDOWN}") if self.is_clean else NO_BROKER_EPOCH
        self._unlock = unlock
        self.is_closed = False
        self._log_start_writes: list[LogStartWrite] = []  # under way, in the order in which they run
        self.recovery_points = self._read(RECOVERY_POINTS)
        self.log_starts = self._read(LOG_STARTS)
        self.high_watermarks = self._read_if_whole(HIGH_WATERMARKS)
        self.cleaner_offsets = self._read_if_whole(CLEANER_OFFSETS)

    @classmethod
    def open(cls, files: Files, path: str, new_identity: Identity) -> "DataDirectory":
        """Lock the directory and check whose it is; an unused one becomes ours, under `new_identity`.

        The ids of an existing directory win over those given; another node id is an error, as is a second broker.
        """
        path = path.rstrip("/") or "/"
        try:
            _make_lasting(files, path)
            unlock = files.lock(f"{path}/{LOCK}")
        except BlockingIOError as error:
            raise DirectoryError(f"the data directory {path} is in use by another broker") from error
        except OSError as error:
            raise DirectoryError(f"the data directory {path} cannot be used: {error}") from error
        try:
            identity = checked_identity(files, path, new_identity)
            return cls(files, path, identity, unlock)
        except BaseException:
            unlock()
            raise

    def _read(self, name: str) -> dict[TopicPartition, int]:
        try:
            return read_offsets(self.files, f"{self.path}/{name}")
        except MalformedCheckpoint as error:
            raise DirectoryError(
                f"{error}. It tells where unsafe data begins; restore it, or remove it to have all logs recovered"
            ) from error

    def _read_if_whole(self, name: str) -> dict[TopicPartition, int]:
        """What is lost without harm: where compaction has got to, and what only bears out the recovery points."""
        try:
            return read_offsets(self.files, f"{self.path}/{name}")
        except MalformedCheckpoint:
            return {}

    # Starting and stopping

    def begin_writing(self) -> None:
        """Take the clean-shutdown mark away: from now on a stop is clean only by `close_cleanly`."""
        self._check_open()
        self.files.remove(f"{self.path}/{CLEAN_SHUTDOWN}")
        self.files.sync_handle(self.path)()

    def close_cleanly(self, broker_epoch: int = NO_BROKER_EPOCH) -> None:
        """Leave the clean-shutdown mark, after every log was closed and checkpointed, and close the directory."""
        self._check_open()
        self.files.write_whole(f"{self.path}/{CLEAN_SHUTDOWN}", _clean_mark(broker_epoch))
        self.close()

    def complete_copy(
        self,
        copy: Files,
        ends: Mapping[TopicPartition, int],
        starts: Mapping[TopicPartition, int],
        high_watermarks: Mapping[TopicPartition, int],
        *,
        is_clean: bool,
        broker_epoch: int = NO_BROKER_EPOCH,
    ) -> None:
        """Leave in a copy of the files what a clean stop leaves, where logs were open that end and start there."""
        of_open = {RECOVERY_POINTS: ends, LOG_STARTS: {**self._log_starts_under_way(), **starts}}
        of_open |= {HIGH_WATERMARKS: high_watermarks, CLEANER_OFFSETS: {}}
        for name, offsets in self._on_record():
            offsets_writer(copy, f"{self.path}/{name}", {**offsets, **of_open[name]})()
        if is_clean:
            copy.write_whole(f"{self.path}/{CLEAN_SHUTDOWN}", _clean_mark(broker_epoch))

    def close(self) -> None:
        """Give the directory back as it is; without the mark the next start recovers. No use of it follows."""
        self.is_closed = True
        self.files.close()
        self._unlock()

    def _check_open(self) -> None:
        if self.is_closed:
            raise OSError(f"the data directory {self.path} is closed")

    # What is on record of the logs. What is begun is a job for any thread; those of one directory must be run, and
    # finished, in the order of their beginnings.

    def begin_write_checkpoints(
        self,
        recovery_points: Mapping[TopicPartition, int],
        log_starts: Mapping[TopicPartition, int],
        high_watermarks: Mapping[TopicPartition, int] | None = None,
    ) -> Callable[[], None]:
        """Prepare to write down what opened logs have reached; partitions not named keep what was known of them."""
        self._check_open()
        self.recovery_points.update(recovery_points)
        self.log_starts.update(log_starts)
        calls = [
            self._writer(RECOVERY_POINTS, self.recovery_points),
            self._writer(LOG_STARTS, self._log_starts_to_write()),
        ]
        if high_watermarks is not None:
            self.high_watermarks.update(high_watermarks)
            calls.append(self._writer(HIGH_WATERMARKS, self.high_watermarks))
        return DiskJob(calls).run

    def known_end(self, at: TopicPartition) -> int:
        """What the log of a partition has had on the disk at least, as two files agree that have no checksum."""
        return min(self.recovery_points.get(at, 0), self.high_watermarks.get(at, 0))

    def write_checkpoints(
        self,
        recovery_points: Mapping[TopicPartition, int],
        log_starts: Mapping[TopicPartition, int],
        high_watermarks: Mapping[TopicPartition, int] | None = None,
    ) -> None:
        """The same here and now."""
        self.begin_write_checkpoints(recovery_points, log_starts, high_watermarks)()

    def begin_write_log_starts(self, starts: Mapping[TopicPartition, int]) -> LogStartWrite:
        """Prepare to write log starts down at once: a crash must not bring deleted records back."""
        self._check_open()
        known = self._log_starts_under_way()
        later = {at: max(offset, known.get(at, offset)) for at, offset in starts.items()}
        write = LogStartWrite(later, [self._writer(LOG_STARTS, {**self.log_starts, **known, **later})])
        self._log_start_writes.append(write)
        return write

    def finish_write_log_starts(self, write: LogStartWrite) -> None:
        """It is known now that the logs begin there, unless that could not be written."""
        self._log_start_writes.remove(write)
        if write.is_done:
            self.log_starts.update(write.starts)

    def _log_starts_under_way(self) -> dict[TopicPartition, int]:
        return {at: offset for write in self._log_start_writes for at, offset in write.starts.items()}

    def _log_starts_to_write(self) -> dict[TopicPartition, int]:
        """Those known and those on their way: a file written behind one of these must not undo it."""
        return {**self.log_starts, **self._log_starts_under_way()}

    def write_cleaner_offset(self, topic: str, partition: int, offset: int) -> None:
        """Write down up to where a log is compacted. Not synced: an older file costs work, and nothing else."""
        self._check_open()
        self.cleaner_offsets[topic, partition] = offset
        self._writer(CLEANER_OFFSETS, self.cleaner_offsets, is_synced=False)()

    def checkpointed(self) -> set[TopicPartition]:
        """Every partition that a checkpoint names."""
        return {at for _, offsets in self._on_record() for at in offsets}

    def _on_record(self) -> Sequence[tuple[str, dict[TopicPartition, int]]]:
        """Each checkpoint's name and what it has of the logs; those whose loss costs something come first."""
        return (
            (RECOVERY_POINTS, self.recovery_points),
            (LOG_STARTS, self.log_starts),
            (HIGH_WATERMARKS, self.high_watermarks),
            (CLEANER_OFFSETS, self.cleaner_offsets),
        )

    def _writers(self, names: Container[str]) -> list[Callable[[], None]]:
        guarding = (RECOVERY_POINTS, LOG_STARTS)
        records = {**dict(self._on_record()), LOG_STARTS: self._log_starts_to_write()}
        return [self._writer(name, records[name], is_synced=name in guarding) for name in records if name in names]

    def begin_lower(self, ends: Mapping[TopicPartition, int]) -> DiskJob:
        """Prepare to write down, before logs are truncated, that nothing of them is on record beyond these ends.

        A start would else refuse a log that is shorter than it is known to be, and would take other batches, which came
        in the place of those that were cut, for durable or compacted. Has no work where nothing is on record there.
        """
        self._check_open()
        lowered: set[str] = set()
        for name, offsets in [*self._on_record(), *((LOG_STARTS, write.starts) for write in self._log_start_writes)]:
            too_high = {at: end for at, end in ends.items() if offsets.get(at, end) > end}
            offsets.update(too_high)
            lowered |= {name} if too_high else set()
        return DiskJob(self._writers(lowered))

    def begin_drop(self, partitions: Iterable[TopicPartition]) -> Callable[[], None]:
        """Strike partitions off that have gone: their namesakes must not inherit their offsets.

        Each file is written once for all. When the job has run, it is durable that no directory is called after them.
        """
        self._check_open()
        changed: set[str] = set()
        for gone in partitions:
            changed.update(name for name, offsets in self._on_record() if offsets.pop(gone, None) is not None)
            if any([write.starts.pop(gone, None) is not None for write in self._log_start_writes]):
                changed.add(LOG_STARTS)
        return DiskJob([*self._writers(changed), self.files.sync_handle(self.path)]).run

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        """The same here and now."""
        self.begin_drop(partitions)()

    def _writer(
        self, name: str, offsets: Mapping[TopicPartition, int], *, is_synced: bool = True
    ) -> Callable[[], None]:
        write = offsets_writer(self.files, f"{self.path}/{name}", offsets, is_synced=is_synced)

        def run() -> None:
            self._check_open()  # a job that comes too late finds the directory in other hands
            write()

        return run

    # Partitions

    def partition_path(self, topic: str, partition: int) -> str:
        """Where a partition's files are."""
        return f"{self.path}/{topic}-{partition}"

    def find_partitions(self) -> list[TopicPartition]:
        """Every partition with a directory, sorted; what is not one of ours is left alone."""
        return sorted(
            found for name in self.files.list_directory(self.path) if (found := split_partition(name)) is not None
        )

    def create_partition(self, topic: str, partition: int, topic_id: str) -> str:
        """Make a partition's directory, with `partition.metadata`; returns its path.

        Not synced: the topic itself is on record elsewhere, and the next start creates what is missing.
        """
        self._check_open()
        path = self.partition_path(topic, partition)
        self.files.make_directory(path)
        self.files.write_whole(
            f"{path}/{PARTITION_METADATA}", f"version: 0\ntopic_id: {topic_id}".encode(), is_synced=False
        )
        return path

    def find_topic_id(self, topic: str, partition: int) -> str | None:
        """The topic id (22 characters) that a partition's directory belongs to.

        None where there is none yet: a power loss may leave the file empty, since it was not synced. OSError for
        anything else that is no such file.
        """
        path = f"{self.partition_path(topic, partition)}/{PARTITION_METADATA}"
        try:
            data = self.files.read(path, 0, self.files.size(path))
        except FileNotFoundError:
            return None
        if not data.strip(b"\0"):
            return None
        found = _PARTITION_METADATA_TEXT.fullmatch(data)
        if found is None:
            raise MalformedCheckpoint(f"{path} is malformed; remove it if the directory is in its right place")
        return found[1].decode()

    def segment_sizes(self, topic: str, partition: int) -> list[tuple[int, int]]:
        """Base offset and bytes of each segment of a log, by its files alone: it need not be open."""
        path = self.partition_path(topic, partition)
        bases = [find_offset(name, LOG_SUFFIX) for name in self.files.list_directory(path)]
        return [
            (base, self.files.size(f"{path}/{offset_name(base)}{LOG_SUFFIX}"))
            for base in sorted(base for base in bases if base is not None)
        ]

    def mark_deleted(self, topic: str, partition: int, unique: str) -> str:
        """Rename a partition's directory out of sight, and `drop` it next; `unique` is 32 hexadecimal digits.

        Returns the new path.
        """
        return self._mark(topic, partition, f".{unique}{_DELETED_SUFFIX}")

    def mark_stray(self, topic: str, partition: int, unique: str) -> str:
        """Rename the directory of a partition that no topic has; it is never removed. Otherwise as `mark_deleted`."""
        return self._mark(topic, partition, f".{unique}{_STRAY_SUFFIX}")

    def _mark(self, topic: str, partition: int, suffix: str) -> str:
        self._check_open()
        name = f"{topic}-{partition}"[: _LONGEST_NAME - len(suffix)] + suffix
        self.files.rename(self.partition_path(topic, partition), f"{self.path}/{name}")
        return f"{self.path}/{name}"

    def remove_deleted(self) -> int:
        """Delete the partitions that were marked before the last stop; returns how many."""
        self._check_open()
        gone = [name for name in self.files.list_directory(self.path) if _is_deleted(name)]
        for name in gone:
            self.files.removal(f"{self.path}/{name}")()
        return len(gone)


def split_partition(name: str) -> TopicPartition | None:
    """The topic and partition of a directory's name, split at the last dash; None for other names."""
    topic, dash, partition = name.rpartition("-")
    if not topic or not dash or not (partition.isascii() and partition.isdecimal()):
        return None
    if partition != str(int(partition)):
        return None
    return topic, int(partition)


def _clean_mark(broker_epoch: int) -> bytes:
    return json.dumps({"version": 0, "brokerEpoch": broker_epoch}, separators=(",", ":")).encode()


def _epoch_of_mark(files: Files, path: str) -> int:
    """What a mark says; that of an older Apache Kafka is empty."""
    try:
        found: object = json.loads(files.read(path, 0, files.size(path)))["brokerEpoch"]
    except (OSError, ValueError, KeyError, TypeError):
        return NO_BROKER_EPOCH
    return found if isinstance(found, int) else NO_BROKER_EPOCH


def _is_deleted(name: str) -> bool:
    unique = name.removesuffix(_DELETED_SUFFIX).rpartition(".")[2]
    return name.endswith(_DELETED_SUFFIX) and len(unique) == 32 and all(c in "0123456789abcdef" for c in unique)


def _make_lasting(files: Files, path: str) -> None:
    """Make a directory whose name survives a power loss, and so do those of the parents made with it."""
    if files.exists(f"{path}/{META_PROPERTIES}"):
        return
    names = [path]
    while (above := names[-1].rpartition("/")[0]) and not files.exists(above):
        names.append(above)
    files.make_directory(path)
    for name in names:
        files.sync_handle(name.rpartition("/")[0] or "/")()
