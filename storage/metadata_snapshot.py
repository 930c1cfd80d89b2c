"""Snapshots of the metadata log: `<20-digit end offset>-<10-digit epoch>.checkpoint` beside its segments (KIP-630).

A snapshot is a log of its own: a control batch that begins with a header record, batches of records, a control batch
with the footer. The rule: it is written beside, synced and renamed, and one that is not whole to the last byte is no
snapshot.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ..protocol.codec import encode_bytes
from ..protocol.control import ControlType, control_type
from ..protocol.quorum_records import SnapshotFooterRecord, SnapshotHeaderRecord
from ..protocol.records import NewRecord, build_batch, read_records
from ..protocol.wire import CorruptFrame
from .disk_job import DiskJob
from .files.files import Files
from .scan import BatchScan

SUFFIX = ".checkpoint"
UNFINISHED_SUFFIX = ".checkpoint.part"
BOOTSTRAP = "bootstrap.checkpoint"  # what `kafka-storage format` leaves in the data directory, not in the log's

RECORDS_IN_A_BATCH = 10_000
_KEY = struct.Struct(">hh")
_VERSION = 0

Control = tuple[int, bytes]
"""Type and value of a control record."""


class DamagedSnapshot(Exception):
    """A snapshot that cannot be used; the text names the file, the byte and the fault."""


class SnapshotId(NamedTuple):
    """Which records a snapshot stands for: all below an offset, the last of them of this epoch."""

    end_offset: int
    epoch: int

    @property
    def file_name(self) -> str:
        return f"{self.end_offset:020d}-{self.epoch:010d}{SUFFIX}"


class Snapshot(NamedTuple):
    """What a snapshot holds: the values of its records, and the control records between header and footer."""

    values: Sequence[bytes]
    controls: Sequence[Control] = ()


def find_snapshots(files: Files, directory: str) -> list[SnapshotId]:
    """The snapshots of a directory, newest first; one whose writing was cut short is removed."""
    found: list[SnapshotId] = []
    for name in files.list_directory(directory):
        if name.endswith(UNFINISHED_SUFFIX):
            files.remove(f"{directory}/{name}")
        elif (snapshot := _id_of(name)) is not None:
            found.append(snapshot)
    return sorted(found, reverse=True)


def _id_of(name: str) -> SnapshotId | None:
    offset, dash, epoch = name.removesuffix(SUFFIX).partition("-")
    if not name.endswith(SUFFIX) or not dash or (len(offset), len(epoch)) != (20, 10):
        return None
    if not (name.isascii() and offset.isdecimal() and epoch.isdecimal()):
        return None
    return SnapshotId(int(offset), int(epoch))


def read_snapshot(files: Files, path: str) -> Snapshot:
    """A whole snapshot; DamagedSnapshot if a batch is bad or header or footer are missing. OSError."""
    scan = BatchScan(files, path, 0, files.size(path))
    values: list[bytes] = []
    controls: list[Control] = []
    try:
        for _, batch in scan:
            for record in read_records(batch):
                if batch.is_control:
                    controls.append((control_type(record.key), record.value or b""))
                elif record.value is not None:
                    values.append(record.value)
    except CorruptFrame as error:
        raise DamagedSnapshot(f"{path}: {error} before byte {scan.position}") from error
    if scan.problem is not None:
        raise DamagedSnapshot(f"{path}: {scan.problem} at byte {scan.position}")
    kinds = [kind for kind, _ in controls]
    if kinds[:1] != [ControlType.SNAPSHOT_HEADER] or kinds[-1:] != [ControlType.SNAPSHOT_FOOTER]:
        raise DamagedSnapshot(f"{path}: no header, or no footer at its end")
    return Snapshot(values, controls[1:-1])


class SnapshotWrite(DiskJob):
    """Makes a snapshot durable under its name; a crash leaves the whole of it or nothing that a start would read."""

    __slots__ = ("id", "size_bytes")

    def __init__(self, snapshot_id: SnapshotId, size_bytes: int, calls: Sequence[Callable[[], None]]) -> None:
        super().__init__(calls)
        self.id = snapshot_id
        self.size_bytes = size_bytes


def begin_snapshot(
    files: Files, directory: str, snapshot_id: SnapshotId, snapshot: Snapshot, *, last_timestamp: int, now_ms: int
) -> SnapshotWrite:
    """Prepare to write a snapshot. `last_timestamp` is that of the last record it stands for."""
    data = b"".join(_batches(snapshot_id.epoch, snapshot, last_timestamp, now_ms))
    path = f"{directory}/{snapshot_id.file_name}"
    return SnapshotWrite(snapshot_id, len(data), [files.whole_writer(path, data)])


def _batches(epoch: int, snapshot: Snapshot, last_timestamp: int, now_ms: int) -> Iterator[bytes]:
    header = SnapshotHeaderRecord(last_contained_log_timestamp=last_timestamp)
    first = [(ControlType.SNAPSHOT_HEADER, encode_bytes(header, _VERSION)), *snapshot.controls]
    yield _control_batch(first, 0, epoch, now_ms)
    offset = len(first)
    for part in _parts(snapshot.values):
        records = [NewRecord(None, value, now_ms) for value in part]
        yield build_batch(records, base_offset=offset, partition_leader_epoch=epoch)
        offset += len(records)
    footer = encode_bytes(SnapshotFooterRecord(), _VERSION)
    yield _control_batch([(ControlType.SNAPSHOT_FOOTER, footer)], offset, epoch, now_ms)


def _parts(values: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(values)
    while part := list(islice(left, RECORDS_IN_A_BATCH)):
        yield part


def _control_batch(controls: Iterable[Control], base_offset: int, epoch: int, now_ms: int) -> bytes:
    return build_batch(
        [NewRecord(_KEY.pack(0, kind), value, now_ms) for kind, value in controls],
        base_offset=base_offset,
        partition_leader_epoch=epoch,
        is_control=True,
    )


def remove_snapshot(files: Files, directory: str, snapshot_id: SnapshotId) -> None:
    """Delete a snapshot that newer ones have made needless."""
    files.remove(f"{directory}/{snapshot_id.file_name}")
