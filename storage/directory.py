"""The data directory: whose it is, which partitions it holds, up to where they are safe, and how it was left.

The rule: what the directory says of itself is checked before a log is opened. One process owns it at a time, and the
clean-shutdown mark is believed once: it goes before anything is appended (`begin_writing`).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..protocol.crc32c import crc32c
from .checkpoints import MalformedCheckpoint, TopicPartition, read_offsets, write_offsets
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
    """The directory cannot be used; the text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a data directory belongs to; ids are uuids in URL-safe base64 without padding (22 characters)."""

    cluster_id: str
    directory_id: str
    node_id: int


class DataDirectory:
    """One `log.dirs` entry, locked for as long as it is open."""

    def __init__(self, files: Files, path: str, identity: Identity, unlock: Callable[[], None], is_clean: bool) -> None:
        self.files = files
        self.path = path
        self.identity = identity
        self.is_clean = is_clean
        self._unlock = unlock
        self.recovery_points = self._read(RECOVERY_POINTS)
        self.log_starts = self._read(LOG_STARTS)
        self.cleaner_offsets = self._read_cleaner_offsets()

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

    def _read_cleaner_offsets(self) -> dict[TopicPartition, int]:
        """Where compaction has got to. Nothing is lost with it: what is not known to be clean is cleaned again."""
        try:
            return read_offsets(self.files, f"{self.path}/{CLEANER_OFFSETS}")
        except MalformedCheckpoint:
            return {}

    # Starting and stopping

    def begin_writing(self) -> None:
        """Take the clean-shutdown mark away: from now on a stop is clean only if `close_cleanly` says so."""
        self.files.remove(f"{self.path}/{CLEAN_SHUTDOWN}")
        self.files.sync_handle(self.path)()

    def write_checkpoints(
        self,
        recovery_points: Mapping[TopicPartition, int],
        log_starts: Mapping[TopicPartition, int],
        high_watermarks: Mapping[TopicPartition, int] | None = None,
    ) -> None:
        """Write down what opened logs have reached; partitions not named keep what was known of them."""
        self.recovery_points.update(recovery_points)
        self.log_starts.update(log_starts)
        write_offsets(self.files, f"{self.path}/{RECOVERY_POINTS}", self.recovery_points)
        write_offsets(self.files, f"{self.path}/{LOG_STARTS}", self.log_starts)
        if high_watermarks is not None:
            write_offsets(self.files, f"{self.path}/{HIGH_WATERMARKS}", high_watermarks)

    def write_log_start(self, topic: str, partition: int, offset: int) -> None:
        """Write one log start down at once: a crash must not bring deleted records back."""
        log_starts = {**self.log_starts, (topic, partition): offset}
        write_offsets(self.files, f"{self.path}/{LOG_STARTS}", log_starts)
        self.log_starts = log_starts

    def write_cleaner_offset(self, topic: str, partition: int, offset: int) -> None:
        """Write down up to where a log is compacted. Not synced: an older file costs work, and nothing else."""
        self.cleaner_offsets[topic, partition] = offset
        write_offsets(self.files, f"{self.path}/{CLEANER_OFFSETS}", self.cleaner_offsets, is_synced=False)

    def checkpointed(self) -> set[TopicPartition]:
        """Every partition that a checkpoint names."""
        return {*self.recovery_points, *self.log_starts, *self.cleaner_offsets}

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Partitions have gone: their namesakes must not inherit their offsets. Each file is written once for all.

        When this returns it is durable that no directory is called after them any more.
        """
        has_point = has_start = is_compacted = False
        for gone in partitions:
            has_point |= self.recovery_points.pop(gone, None) is not None
            has_start |= self.log_starts.pop(gone, None) is not None
            is_compacted |= self.cleaner_offsets.pop(gone, None) is not None
        if has_point:
            write_offsets(self.files, f"{self.path}/{RECOVERY_POINTS}", self.recovery_points)
        if has_start:
            write_offsets(self.files, f"{self.path}/{LOG_STARTS}", self.log_starts)
        if is_compacted:
            write_offsets(self.files, f"{self.path}/{CLEANER_OFFSETS}", self.cleaner_offsets, is_synced=False)
        self.files.sync_handle(self.path)()

    def close_cleanly(self, broker_epoch: int = -1) -> None:
        """Leave the clean-shutdown mark, after every log was closed and checkpointed, and let the directory go."""
        mark = json.dumps({"version": 0, "brokerEpoch": broker_epoch}, separators=(",", ":"))
        self.files.write_whole(f"{self.path}/{CLEAN_SHUTDOWN}", mark.encode())
        self.close()

    def close(self) -> None:
        """Let the directory go as it is; without the mark the next start recovers."""
        self.files.close()
        self._unlock()

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
        path = self.partition_path(topic, partition)
        self.files.make_directory(path)
        self.files.write_whole(
            f"{path}/{PARTITION_METADATA}", f"version: 0\ntopic_id: {topic_id}".encode(), is_synced=False
        )
        return path

    def find_topic_id(self, topic: str, partition: int) -> str | None:
        """The topic id (22 characters) that a partition's directory says it belongs to.

        None where nobody said so yet: a power cut may leave the file empty, since it was not synced. OSError for
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
        """Rename a partition's directory out of sight, and `forget` it next; `unique` is 32 hexadecimal digits.

        Returns the new path.
        """
        return self._mark(topic, partition, f".{unique}{_DELETED_SUFFIX}")

    def mark_stray(self, topic: str, partition: int, unique: str) -> str:
        """Rename the directory of a partition that no topic has; it is never removed. Otherwise as `mark_deleted`."""
        return self._mark(topic, partition, f".{unique}{_STRAY_SUFFIX}")

    def _mark(self, topic: str, partition: int, suffix: str) -> str:
        name = f"{topic}-{partition}"[: _LONGEST_NAME - len(suffix)] + suffix
        self.files.rename(self.partition_path(topic, partition), f"{self.path}/{name}")
        return f"{self.path}/{name}"

    def remove_deleted(self) -> int:
        """Delete the partitions that were marked before the last stop; returns how many."""
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


def _is_deleted(name: str) -> bool:
    unique = name.removesuffix(_DELETED_SUFFIX).rpartition(".")[2]
    return name.endswith(_DELETED_SUFFIX) and len(unique) == 32 and all(c in "0123456789abcdef" for c in unique)


def encode_properties(properties: Mapping[str, object]) -> bytes:
    """The bytes of meta.properties, with a checksum of all that is no comment."""
    body = "".join(f"{key}={value}\n" for key, value in properties.items()).encode()
    return b"#\n%s%08x\n%s" % (_CHECKSUM, crc32c(body), body)


def decode_properties(data: bytes, path: str) -> dict[str, str]:
    """What meta.properties says. DirectoryError where it has a checksum that does not hold."""
    lines = data.split(b"\n")
    body = [line for line in lines if not line.startswith(b"#")]
    for line in lines:
        if line.startswith(_CHECKSUM) and line != b"%s%08x" % (_CHECKSUM, crc32c(b"\n".join(body))):
            raise DirectoryError(f"{path} is damaged: its checksum is wrong; restore it from a copy")
    pairs = (line.decode(errors="replace").partition("=") for line in body)
    return {key.strip(): value.strip() for key, found, value in pairs if found}


def _make_lasting(files: Files, path: str) -> None:
    """Make a directory whose name survives a power cut, and so do those of the parents made with it."""
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
