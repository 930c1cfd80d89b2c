"""The worked example of docs/data-directory.md: a small data directory, made by storage, and how the page shows it."""

import struct
from collections.abc import Iterator
from typing import TypeAlias

from odradek.protocol.batch import HEADER_BYTES, RecordBatch
from odradek.protocol.metadata_records import MetadataRecord, PartitionRecord, TopicRecord, encode_metadata_record
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.protocol.uuid_text import encode_uuid
from odradek.storage.directory import DataDirectory, Identity
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig

TOP = "/data"
NOW_MS = 1_700_000_000_000
TOPIC_ID = bytes(range(16))
# Tiny, so that there is something to see in every file.
CONFIG = LogConfig(segment_bytes=360, index_interval_bytes=100)
IDENTITY = Identity("b2RyYWRlay1leGFtcGxlLQ", "ZXhhbXBsZS1kaXJlY3Rvcg", 1)

Spec: TypeAlias = tuple[tuple[str, str], ...]

_BATCH: Spec = (
    ("base offset", "q"),
    ("batch length: the bytes after this field", "i"),
    ("partition leader epoch", "i"),
    ("magic", "b"),
    ("CRC-32C of everything from byte 21 on", "I"),
    ("attributes", "h"),
    ("last offset delta", "i"),
    ("base timestamp", "q"),
    ("max timestamp", "q"),
    ("producer id", "q"),
    ("producer epoch", "h"),
    ("base sequence", "i"),
    ("records count", "i"),
)
_OFFSET_ENTRY: Spec = (("last offset of a batch, less 0", "i"), ("where that batch stands", "i"))
_TIME_ENTRY: Spec = (("largest timestamp so far", "q"), ("last offset of its batch, less 0", "i"))
_ABORTED: Spec = (
    ("version", "h"),
    ("producer id", "q"),
    ("first offset", "q"),
    ("offset of the marker", "q"),
    ("last stable offset", "q"),
)
_SNAPSHOT: Spec = (("version", "h"), ("CRC-32C of everything from byte 6 on", "I"), ("producers", "i"))
_PRODUCER: Spec = (
    ("producer id", "q"),
    ("producer epoch", "h"),
    ("last sequence", "i"),
    ("last offset", "q"),
    ("offset delta: last offset less first offset of that batch", "i"),
    ("timestamp", "q"),
    ("coordinator epoch", "i"),
    ("first offset of the open transaction", "q"),
)
_HEXADECIMAL = ("attributes", "CRC")


def write_example() -> MemoryFiles:
    """A directory that was stopped cleanly: one topic of one partition, two segments, an aborted transaction."""
    files = MemoryFiles()
    directory = DataDirectory.open(files, TOP, IDENTITY)
    directory.begin_writing()
    metadata = _write_metadata(files, directory)
    orders = _write_orders(files, directory)
    orders.delete_records_before(1)
    logs = {("__cluster_metadata", 0): metadata, ("orders", 0): orders}
    for log in logs.values():
        log.close()
    directory.write_checkpoints(
        {name: log.recovery_point for name, log in logs.items()},
        {name: log.log_start_offset for name, log in logs.items() if log.log_start_offset},
        {name: log.high_watermark for name, log in logs.items()},
    )
    directory.close_cleanly(broker_epoch=5)
    return files


def _write_metadata(files: MemoryFiles, directory: DataDirectory) -> PartitionLog:
    log = _open(files, directory.partition_path("__cluster_metadata", 0), "__cluster_metadata")
    records: list[MetadataRecord] = [
        TopicRecord(name="orders", topic_id=TOPIC_ID),
        PartitionRecord(
            partition_id=0, topic_id=TOPIC_ID, replicas=(1,), isr=(1,), leader=1, leader_epoch=0, partition_epoch=0
        ),
    ]
    values = [NewRecord(None, encode_metadata_record(record), NOW_MS) for record in records]
    log.append([RecordBatch(build_batch(values))], NOW_MS, leader_epoch=0, is_from_client=False)
    return log


def _write_orders(files: MemoryFiles, directory: DataDirectory) -> PartitionLog:
    log = _open(files, directory.create_partition("orders", 0, encode_uuid(TOPIC_ID)), "orders")
    first = [
        NewRecord(b"blue", b"3 spools", NOW_MS, (("from", b"web"),)),
        NewRecord(b"red", b"1 spool", NOW_MS + 5),
    ]
    _append(log, build_batch(first))
    second = [NewRecord(b"blue", b"2 spools", NOW_MS + 10)]
    _append(log, build_batch(second, producer=ProducerStamp(1000, 0, 0, is_transactional=True)))
    log.append_marker(1000, 0, 0, False, NOW_MS + 15, 0)
    _append(log, build_batch([NewRecord(b"red", None, NOW_MS + 20)]))
    third = [NewRecord(b"green", b"9 spools", NOW_MS + 25)]
    _append(log, build_batch(third, producer=ProducerStamp(1001, 0, 0)))
    return log


def _open(files: MemoryFiles, path: str, topic: str) -> PartitionLog:
    return PartitionLog.open(LogLocation(files, path, topic, 0), CONFIG, NOW_MS, LogCheckpoints(is_clean=True))


def _append(log: PartitionLog, batch: bytes) -> None:
    log.append([RecordBatch(batch)], NOW_MS, leader_epoch=0)


def shown(files: MemoryFiles, name: str) -> str:
    """A file as the page shows it; of a log, the batch at the byte behind the `#` in its name."""
    path, _, position = name.partition("#")
    data = files.read(f"{TOP}/{path}", 0, files.size(f"{TOP}/{path}"))
    if path.endswith(".log"):
        return _batch_at(data, int(position))
    if path.endswith(".snapshot"):
        return "\n".join([*_fields_of(data, 0, _SNAPSHOT), *_entries_of(data, 10, _PRODUCER)])
    for suffix, spec in ((".index", _OFFSET_ENTRY), (".timeindex", _TIME_ENTRY), (".txnindex", _ABORTED)):
        if path.endswith(suffix):
            return "\n".join(_entries_of(data, 0, spec))
    return data.decode().rstrip("\n")


def _batch_at(data: bytes, position: int) -> str:
    batch = bytes(RecordBatch(data, position).view)
    return "\n".join([*_fields_of(batch, 0, _BATCH), *_hexdump(batch, HEADER_BYTES)])


def _entries_of(data: bytes, at: int, spec: Spec) -> Iterator[str]:
    size = struct.calcsize(">" + "".join(code for _, code in spec))
    for start in range(at, len(data), size):
        yield from _fields_of(data, start, spec)


def _fields_of(data: bytes, at: int, spec: Spec) -> Iterator[str]:
    """A line a field: its place, its bytes, its name and its value."""
    for name, code in spec:
        size = struct.calcsize(f">{code}")
        (value,) = struct.unpack_from(f">{code}", data, at)
        text = f"{value:#x}" if name.startswith(_HEXADECIMAL) else str(value)
        yield f"{at:4d}  {data[at : at + size].hex(' '):25}  {name} = {text}"
        at += size


def _hexdump(data: bytes, start: int) -> Iterator[str]:
    for at in range(start, len(data), 16):
        piece = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        yield f"{at:4d}  {piece.hex(' '):47}  {text}"
