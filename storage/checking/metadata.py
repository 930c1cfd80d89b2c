"""What a directory's metadata log holds, and its topics: ids, how many partitions, whether they are compacted.

Read from the newest snapshot and what comes behind it, as the broker does. The rule: if any of it is damaged nothing is
said at all, for a topic that is missing here would be called stray.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...protocol.batch import RecordBatch
from ...protocol.control import ControlType, control_type
from ...protocol.metadata_records import (
    AbortTransactionRecord,
    BeginTransactionRecord,
    ConfigRecord,
    ConfigResourceType,
    EndTransactionRecord,
    MetadataRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
    decode_metadata_record,
)
from ...protocol.records import read_records
from ...protocol.wire import CorruptFrame
from ..files.read_only_files import ReadableFiles
from .batches import BatchWalk
from .findings import Findings

_SNAPSHOT = re.compile(r"(\d{20})-(\d{10})\.checkpoint")
_LOG = re.compile(r"(\d{20})\.log")


@dataclass(slots=True)
class KnownTopic:
    """A topic of the metadata log."""

    name: str
    topic_id: bytes
    partitions: set[int] = field(default_factory=set[int])
    is_compacted: bool = False


def read_topics(files: ReadableFiles, directory: str) -> dict[str, KnownTopic] | None:
    """Every topic by name; None where the log cannot be read as a whole. OSError."""
    replay = _Replay()
    try:
        for value in stored_records(files, directory):
            replay.see(decode_metadata_record(value))
    except (CorruptFrame, KeyError):
        return None
    return replay.topics


def stored_records(files: ReadableFiles, directory: str) -> Iterator[bytes]:
    """Every record of the newest snapshot and of what comes behind it. OSError, CorruptFrame."""
    names = files.list_directory(directory)
    snapshots = sorted(match[0] for name in names if (match := _SNAPSHOT.fullmatch(name)))
    logs = sorted(match[0] for name in names if (match := _LOG.fullmatch(name)))
    start = 0
    if snapshots:
        start = int(snapshots[-1][:20])
        yield from _records_of(files, f"{directory}/{snapshots[-1]}", 0)
    elif logs and int(logs[0][:20]) > 0:
        raise CorruptFrame(f"{directory} begins at offset {int(logs[0][:20])}, and there is no snapshot")
    for at, name in enumerate(logs):
        if at + 1 == len(logs) or int(logs[at + 1][:20]) > start:
            yield from _records_of(files, f"{directory}/{name}", start)


def check_snapshots(files: ReadableFiles, directory: str, prefix: str, findings: Findings) -> None:
    """Whether each snapshot of the metadata log is whole."""
    for name in sorted(files.list_directory(directory)):
        if _SNAPSHOT.fullmatch(name) and (problem := problem_of_snapshot(files, f"{directory}/{name}")):
            findings.add(
                prefix + name, problem, "an older snapshot and the log serve instead, if they reach back far enough"
            )


def problem_of_snapshot(files: ReadableFiles, path: str) -> str | None:
    """What is wrong with a snapshot, if anything is: its batches, its header or its footer."""
    kinds: list[int] = []
    walk = BatchWalk(files, path, 0, files.size(path))
    for seen in walk:
        if not seen.is_intact:
            return f"a wrong checksum at byte {seen.position}"
        kinds.append(_control_type(seen.batch) if seen.batch.is_control and seen.is_whole else -1)
    if walk.problem is not None:
        return f"{walk.problem} at byte {walk.position}"
    if not kinds or (kinds[0], kinds[-1]) != (ControlType.SNAPSHOT_HEADER, ControlType.SNAPSHOT_FOOTER):
        return "it does not begin with a header record and end with a footer record"
    return None


def _control_type(batch: RecordBatch) -> int:
    """The kind of a control batch, by its first or its last record (a header may have companions); -1 for none."""
    try:
        found = [control_type(record.key) for record in read_records(batch)]
    except CorruptFrame:
        return -1
    ends = {ControlType.SNAPSHOT_HEADER, ControlType.SNAPSHOT_FOOTER}
    return next((kind for kind in found if kind in ends), -1)


def _records_of(files: ReadableFiles, path: str, start: int) -> Iterator[bytes]:
    walk = BatchWalk(files, path, 0, files.size(path))
    for seen in walk:
        if not (seen.is_intact and seen.is_whole):
            raise CorruptFrame(f"{path}: a batch at byte {seen.position} is damaged")
        if not seen.batch.is_control and seen.batch.last_offset >= start:
            for record in read_records(seen.batch):
                if record.value is not None:
                    yield record.value


class _Replay:
    """Applies records; those between Begin and End count together, or not at all (KIP-868)."""

    def __init__(self) -> None:
        self.topics: dict[str, KnownTopic] = {}
        self._by_id: dict[bytes, KnownTopic] = {}
        self._waiting: list[MetadataRecord] | None = None

    def see(self, record: MetadataRecord) -> None:
        if isinstance(record, BeginTransactionRecord):
            self._waiting = []
        elif isinstance(record, AbortTransactionRecord):
            self._waiting = None
        elif isinstance(record, EndTransactionRecord):
            waiting, self._waiting = self._waiting or [], None
            for one in waiting:
                self._apply(one)
        elif self._waiting is not None:
            self._waiting.append(record)
        else:
            self._apply(record)

    def _apply(self, record: MetadataRecord) -> None:
        if isinstance(record, TopicRecord):
            topic = KnownTopic(record.name, record.topic_id)
            self.topics[record.name] = self._by_id[record.topic_id] = topic
        elif isinstance(record, PartitionRecord):
            self._by_id[record.topic_id].partitions.add(record.partition_id)
        elif isinstance(record, RemoveTopicRecord):
            self.topics.pop(self._by_id.pop(record.topic_id).name, None)
        elif isinstance(record, ConfigRecord) and record.resource_type == ConfigResourceType.TOPIC:
            found = self.topics.get(record.resource_name)
            if found is not None and record.name == "cleanup.policy":
                found.is_compacted = "compact" in (record.value or "")
