"""The data directory: whose it is, which partitions it holds, up to where they are safe, and how it was left.

The rule: what is on record of the directory is checked before a log is opened. One process owns it at a time, and the
clean-shutdown mark is believed once: it goes before anything is appended (`begin_writing`).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..protocol.crc32c import crc32c
from .checkpoints import MalformedCheckpoint, TopicPartition, offsets_writer, read_offsets
from .disk_job import DiskJob
from .file_names import LOG_SUFFIX, offset_name
from .files.files import Files
from .swap_completion import find_offset

META_PROPERTIES = "meta.properties"
PARTITION_METADATA = "partition.metadata"
RECOVERY_POINTS = "recovery-point-offset-checkpoint"
LOG_STARTS = "log-start-offset-checkpoint"
HIGH_WATERMARKS = "replication-offset-checkpoint"
CLEANER_OFFSETS = "cleaner-offset-checkpoint"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
LOCK = ".lock"

_DELETED_SUFFIX = "-delete"
_STRAY_SUFFIX = "-stray"
_PARTITION_METADATA_TEXT = re.compile(rb"version: 0\ntopic_id: ([A-Za-z0-9_-]{22})\n?")
# A comment to Java, and to Apache Kafka, which leaves it out when it writes the file anew.
_CHECKSUM = b"#crc32c="
_LONGEST_NAME = 255


class DirectoryError(Exception):
    """The directory cannot be used; the text names it and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a data directory belongs to; ids are uuids in URL-safe base64 without padding (22 characters)."""

    cluster_id: str
    directory_id: str
    node_id: int


class LogStartWrite(DiskJob):
    """Makes it durable where partitions begin, with one file for all of them."""

    __slots__ = ("starts",)

    def __init__(self, starts: dict[TopicPartition, int], calls: Sequence[Callable[[], None]]) -> None:
        super().__init__(calls)
        self.starts = starts


class DataDirectory:
    """One `log.dirs` entry, locked for as long as it is open."""

    def __init__(self, files: Files, path: str, identity: Identity, unlock: Callable[[], None], is_clean: bool) -> None:
        self.files = files
        self.path = path
        self.identity = identity
        self.is_clean = is_clean
        self._unlock = unlock
        self._is_closed = False
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
            identity = _checked_identity(files, path, new_identity)
            is_clean = files.exists(f"{path}/{CLEAN_SHUTDOWN}")
            return cls(files, path, identity, unlock, is_clean)
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

    def close_cleanly(self, broker_epoch: int = -1) -> None:
        """Leave the clean-shutdown mark, after every log was closed and checkpointed, and close the directory."""
        self._check_open()
        self.files.write_whole(f"{self.path}/{CLEAN_SHUTDOWN}", _clean_mark(broker_epoch))
        self.close()

    def complete_copy(
        self, copy: Files, ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int], *, is_clean: bool
    ) -> None:
        """Leave in a copy of the files what a clean stop leaves, where logs were open that end and start there."""
        records = {RECOVERY_POINTS: {**self.recovery_points, **ends}, HIGH_WATERMARKS: {**self.high_watermarks, **ends}}
        records |= {LOG_STARTS: {**self._log_starts_to_write(), **starts}, CLEANER_OFFSETS: self.cleaner_offsets}
        for name, offsets in records.items():
            offsets_writer(copy, f"{self.path}/{name}", offsets)()
        if is_clean:
            copy.write_whole(f"{self.path}/{CLEAN_SHUTDOWN}", _clean_mark())

    def close(self) -> None:
        """Give the directory back as it is; without the mark the next start recovers. No use of it follows."""
        self._is_closed = True
        self.files.close()
        self._unlock()

    def _check_open(self) -> None:
        if self._is_closed:
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
        return {*self.recovery_points, *self.log_starts, *self.high_watermarks, *self.cleaner_offsets}

    def begin_drop(self, partitions: Iterable[TopicPartition]) -> Callable[[], None]:
        """Strike partitions off that have gone: their namesakes must not inherit their offsets.

        Each file is written once for all. When the job has run, it is durable that no directory is called after them.
        """
        self._check_open()
        has_point = has_start = has_end = is_compacted = False
        for gone in partitions:
            has_point |= self.recovery_points.pop(gone, None) is not None
            has_start |= self.log_starts.pop(gone, None) is not None
            has_end |= self.high_watermarks.pop(gone, None) is not None
            is_compacted |= self.cleaner_offsets.pop(gone, None) is not None
            for write in self._log_start_writes:
                has_start |= write.starts.pop(gone, None) is not None
        calls: list[Callable[[], None]] = []
        if has_point:
            calls.append(self._writer(RECOVERY_POINTS, self.recovery_points))
        if has_start:
            calls.append(self._writer(LOG_STARTS, self._log_starts_to_write()))
        if has_end:
            calls.append(self._writer(HIGH_WATERMARKS, self.high_watermarks, is_synced=False))
        if is_compacted:
            calls.append(self._writer(CLEANER_OFFSETS, self.cleaner_offsets, is_synced=False))
        return DiskJob([*calls, self.files.sync_handle(self.path)]).run

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


def _clean_mark(broker_epoch: int = -1) -> bytes:
    return json.dumps({"version": 0, "brokerEpoch": broker_epoch}, separators=(",", ":")).encode()


def _is_deleted(name: str) -> bool:
    unique = name.removesuffix(_DELETED_SUFFIX).rpartition(".")[2]
    return name.endswith(_DELETED_SUFFIX) and len(unique) == 32 and all(c in "0123456789abcdef" for c in unique)


def encode_properties(properties: Mapping[str, object]) -> bytes:
    """The bytes of meta.properties, with a checksum of all that is no comment."""
    body = "".join(f"{key}={value}\n" for key, value in properties.items()).encode()
    return b"#\n%s%08x\n%s" % (_CHECKSUM, crc32c(body), body)


def decode_properties(data: bytes, path: str) -> dict[str, str]:
    """The pairs of meta.properties. DirectoryError where it has a checksum that does not hold."""
    lines = data.split(b"\n")
    body = [line for line in lines if not line.startswith(b"#")]
    for line in lines:
        if line.startswith(_CHECKSUM) and line != b"%s%08x" % (_CHECKSUM, crc32c(b"\n".join(body))):
            raise DirectoryError(f"{path} is damaged: its checksum is wrong; restore it from a copy")
    pairs = (line.decode(errors="replace").partition("=") for line in body)
    return {key.strip(): value.strip() for key, found, value in pairs if found}


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


def _checked_identity(files: Files, path: str, new: Identity) -> Identity:
    """The identity in meta.properties, which is written when there is none."""
    meta = f"{path}/{META_PROPERTIES}"
    try:
        properties = decode_properties(files.read(meta, 0, files.size(meta)), meta)
    except FileNotFoundError:
        properties = {
            "node.id": str(new.node_id),
            "directory.id": new.directory_id,
            "version": "1",
            "cluster.id": new.cluster_id,
        }
        files.write_whole(meta, encode_properties(properties))
        return new
    if properties.get("version") not in ("0", "1") or "cluster.id" not in properties:
        raise DirectoryError(f"{meta} has no version or cluster.id that we know")
    node_id = properties.get("node.id", properties.get("broker.id", ""))
    if node_id != str(new.node_id):
        raise DirectoryError(f"the data directory {path} belongs to node {node_id or '?'}, not to node {new.node_id}")
    return Identity(properties["cluster.id"], properties.get("directory.id", new.directory_id), new.node_id)
