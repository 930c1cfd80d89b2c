"""A whole data directory: what its own files have of it, each partition, and whether the one agrees with the other.

The rule: everything is looked at, whatever is wrong elsewhere. A file that cannot be read is a finding; only a
directory that cannot be listed is an error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...protocol.uuid_text import decode_uuid
from ..checkpoints import MalformedCheckpoint, TopicPartition, decode_lines
from ..directory import (
    CLEAN_SHUTDOWN,
    CLEANER_OFFSETS,
    HIGH_WATERMARKS,
    LOG_STARTS,
    PARTITION_METADATA,
    RECOVERY_POINTS,
    split_partition,
)
from ..files.read_only_files import ReadableFiles
from ..meta_properties import META_PROPERTIES, DirectoryError, decode_properties
from ..metadata_snapshot import BOOTSTRAP
from .entries import TooLarge, read_small
from .findings import STARTS_NOT, Findings
from .metadata import KnownTopic, problem_of_snapshot, read_topics
from .partition import METADATA_TOPIC, Known, check_partition

_CHECKPOINTS = (RECOVERY_POINTS, LOG_STARTS, HIGH_WATERMARKS, CLEANER_OFFSETS)
_WAITING = re.compile(r".+\.[0-9a-f]{32}-(delete|stray)")
_OF_NODE = re.compile(r"controller|node-[1-9][0-9]*")
_FUTURE = re.compile(r"(.+)\.[0-9a-f]{32}-future")


@dataclass(slots=True)
class Surroundings:
    """What the files at the top of a data directory hold."""

    is_clean: bool = False
    checkpoints: dict[str, dict[TopicPartition, int]] = field(
        default_factory=lambda: {name: dict[TopicPartition, int]() for name in _CHECKPOINTS}
    )
    topics: dict[str, KnownTopic] | None = None
    are_replicas: bool = False

    def of(self, partition: TopicPartition) -> Known:
        """What they have of one partition."""
        topic = (self.topics or {}).get(partition[0])
        return Known(
            self.is_clean,
            self.checkpoints[RECOVERY_POINTS].get(partition),
            self.checkpoints[CLEANER_OFFSETS].get(partition),
            topic is not None and topic.is_compacted,
            self.are_replicas,
        )


class DirectoryCheck:
    """A data directory, or one partition's directory in it, or a directory that has one for each of several nodes."""

    def __init__(self, files: ReadableFiles, path: str, *, is_deep: bool) -> None:
        self.findings = Findings()
        self._files, self._path, self._is_deep = files, path.rstrip("/") or "/", is_deep

    def run(self) -> Findings:
        """Look at everything. OSError if the directory itself cannot be read."""
        names = sorted(self._files.list_directory(self._path))
        nodes = self.nodes(names)
        if nodes:
            for name in nodes:
                check = DirectoryCheck(self._files, f"{self._path}/{name}", is_deep=self._is_deep)
                self.findings.include(name, check.run())
            return self.findings
        own_name = self._path.rpartition("/")[2]
        if META_PROPERTIES not in names and any(re.fullmatch(r"\d{20}\.log", name) for name in names):
            self._check_one(own_name)
        else:
            self._check_all(names)
        return self.findings

    def nodes(self, names: Sequence[str] | None = None) -> list[str]:
        """The directories in it of a controller and its brokers; none where it is the directory of one node."""
        if names is None:
            names = sorted(self._files.list_directory(self._path))
        if META_PROPERTIES in names:
            return []
        found = [name for name in names if _OF_NODE.fullmatch(name)]
        return [name for name in found if self._files.exists(f"{self._path}/{name}/{META_PROPERTIES}")]

    def _check_one(self, own_name: str) -> None:
        """A partition by itself: the files around it are believed if they are there, and not judged."""
        parent = self._path.rpartition("/")[0] or "/"
        around = Surroundings()
        if self._path.startswith("/") and self._files.exists(f"{parent}/{META_PROPERTIES}"):
            around = DirectoryCheck(self._files, parent, is_deep=False)._look_around()
        partition = split_partition(own_name) or (own_name, 0)
        check_partition(
            self._files, self._path, "", partition[0], around.of(partition), self.findings, is_deep=self._is_deep
        )

    def _check_all(self, names: list[str]) -> None:
        self._check_properties()
        around = self._look_around()
        ends: dict[TopicPartition, int] = {}
        for name in names:
            if _WAITING.fullmatch(name):
                self.findings.leftovers += 1
            elif name.endswith(".tmp"):
                self.findings.add(name, "it was not finished", "it is written over in time", is_explained=True)
            elif name == BOOTSTRAP:
                self._check_bootstrap()
            elif (future := _FUTURE.fullmatch(name)) and split_partition(future[1]):
                self._check_partition(name, split_partition(future[1]) or ("", 0), Known())
            elif (partition := split_partition(name)) is not None:
                end = self._check_partition(name, partition, around.of(partition))
                self._check_topic_id(name, partition, around)
                if end is not None:
                    ends[partition] = end
        present = {partition for name in names if (partition := split_partition(name)) is not None}
        for name in _CHECKPOINTS:
            self._check_offsets(name, around, present, ends)

    def _check_partition(self, name: str, partition: TopicPartition, known: Known) -> int | None:
        """Where the log ends; None if it cannot be read."""
        try:
            path = f"{self._path}/{name}"
            _, end = check_partition(
                self._files, path, f"{name}/", partition[0], known, self.findings, is_deep=self._is_deep
            )
        except OSError as error:
            self.findings.add(name, f"it cannot be read: {error}", "the broker takes the partition offline")
            return None
        return end

    # The top

    def _look_around(self) -> Surroundings:
        around = Surroundings(is_clean=self._files.exists(f"{self._path}/{CLEAN_SHUTDOWN}"))
        around.are_replicas = _OF_NODE.fullmatch(self._path.rpartition("/")[2]) is not None
        for name in _CHECKPOINTS:
            around.checkpoints[name] = self._read_offsets(name)
        metadata = f"{self._path}/{METADATA_TOPIC}-0"
        if self._files.exists(metadata):
            try:
                around.topics = read_topics(self._files, metadata)
            except OSError as error:
                self.findings.add(f"{METADATA_TOPIC}-0", f"it cannot be read: {error}", STARTS_NOT)
        return around

    def _read_offsets(self, name: str) -> dict[TopicPartition, int]:
        offsets: dict[TopicPartition, int] = {}
        path = f"{self._path}/{name}"
        try:
            for topic, partition, offset in decode_lines(read_small(self._files, path), path):
                offsets[topic, int(partition)] = int(offset)
        except FileNotFoundError:
            return {}
        except (MalformedCheckpoint, TooLarge, ValueError):
            consequence = "it counts as missing: all is compacted again" if name == CLEANER_OFFSETS else STARTS_NOT
            self.findings.add(name, "it is no checkpoint of version 0, or its count is wrong", consequence)
            return {}
        return offsets

    def _check_properties(self) -> None:
        try:
            data = read_small(self._files, f"{self._path}/{META_PROPERTIES}")
            properties = decode_properties(data, META_PROPERTIES)
        except FileNotFoundError:
            problem = "it is missing: this is no data directory, or nobody knows whose it is"
            self.findings.add(META_PROPERTIES, problem, "the next start takes the directory for its own")
            return
        except DirectoryError:
            self.findings.add(META_PROPERTIES, "its checksum is wrong", STARTS_NOT)
            return
        node_id = properties.get("node.id", properties.get("broker.id", ""))
        if properties.get("version") not in ("0", "1"):
            self.findings.add(META_PROPERTIES, f"version {properties.get('version')!r}", STARTS_NOT)
        if "cluster.id" not in properties or not node_id.isdecimal():
            self.findings.add(META_PROPERTIES, "it has no cluster.id, or no node.id that is a number", STARTS_NOT)
        if properties.get("version") == "1" and _find_uuid(properties.get("directory.id", "")) is None:
            self.findings.add(META_PROPERTIES, "it has no directory.id", "the next start gives it a new one")

    def _check_bootstrap(self) -> None:
        problem = problem_of_snapshot(self._files, f"{self._path}/{BOOTSTRAP}")
        if problem is not None:
            self.findings.add(BOOTSTRAP, problem, "it serves the first start of Apache Kafka, and nobody later")

    # The one against the other

    def _check_topic_id(self, name: str, partition: TopicPartition, around: Surroundings) -> None:
        path = f"{self._path}/{name}/{PARTITION_METADATA}"
        label = f"{name}/{PARTITION_METADATA}"
        try:
            data = read_small(self._files, path)
        except FileNotFoundError:
            data = b""
        if not data.strip(b"\0"):
            if partition[0] != METADATA_TOPIC:
                self.findings.add(label, "it is missing or empty", "the next start writes it anew", is_explained=True)
            return
        properties = _properties(data)
        topic_id = _find_uuid(properties.get("topic_id", ""))
        if properties.get("version") != "0" or topic_id is None:
            self.findings.add(label, "it has no version 0 and topic_id", "nobody knows which topic this belongs to")
        elif around.topics is not None and partition[0] != METADATA_TOPIC:
            topic = around.topics.get(partition[0])
            if topic is None or topic.topic_id != topic_id or partition[1] not in topic.partitions:
                problem = "the metadata log knows no such partition with this topic id"
                self.findings.add(label, problem, "the next start puts the directory aside", is_explained=True)

    def _check_offsets(
        self, name: str, around: Surroundings, present: set[TopicPartition], ends: dict[TopicPartition, int]
    ) -> None:
        for partition, offset in sorted(around.checkpoints[name].items()):
            label = f"{partition[0]}-{partition[1]}"
            end = ends.get(partition)
            if partition not in present:
                # A partition that was never used has neither: the directory is made with the log's first use.
                problem = f"{label} has an offset here, but no directory"
                self.findings.add(name, problem, "the next start drops it", offset=offset, is_explained=True)
            elif offset < 0:
                self.findings.add(name, f"{label} is at {offset}", "it counts as 0", offset=offset)
            elif end is not None and offset > end:
                known = min(around.checkpoints[which].get(partition, 0) for which in (RECOVERY_POINTS, HIGH_WATERMARKS))
                consequence = _beyond(
                    name, is_refused=max(end, around.checkpoints[LOG_STARTS].get(partition, 0)) < known
                )
                self.findings.add(name, f"{label} is at {offset}, its log ends at {end}", consequence, offset=offset)


def _beyond(name: str, *, is_refused: bool) -> str:
    if name == LOG_STARTS:
        return "the next start begins an empty log there"
    if is_refused:
        return "what was on the disk for good is lost; the next start refuses the log where a file has become shorter"
    if name == RECOVERY_POINTS:
        return "what was on the disk for good is lost; the next start recovers the log that is there"
    return "the next start moves it to the end of the log"


def _find_uuid(text: str) -> bytes | None:
    try:
        return decode_uuid(text)
    except ValueError:
        return None


def _properties(data: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in data.decode(errors="replace").splitlines())
    return {key.strip(): value.strip() for key, found, value in pairs if found}
