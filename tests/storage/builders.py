"""Batches and logs for the tests of storage."""

import pytest

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.storage.files.files import Files
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.integrity import OnDamage, ignore_damage
from odradek.storage.log import PartitionLog
from odradek.storage.log_api import Log
from odradek.storage.log_config import LogConfig
from odradek.storage.log_location import LogCheckpoints, LogLocation

END = 1 << 60
SMALL = LogConfig(segment_bytes=500, index_interval_bytes=100)
NOW_MS = 1_700_000_000_000
DIRECTORY = "/data/t-0"
PATH = "a"


def batch(
    count: int = 1,
    *,
    pid: int = -1,
    epoch: int = -1,
    sequence: int = -1,
    is_transactional: bool = False,
    timestamp: int = NOW_MS,
    step_ms: int = 0,
    value_bytes: int = 10,
    codec: int = 0,
    append_time_ms: int | None = None,
    key: bytes | None = b"k",
) -> RecordBatch:
    """A batch of `count` records as a producer sends it."""
    records = [NewRecord(key, b"v" * value_bytes, timestamp + step_ms * n) for n in range(count)]
    return RecordBatch(
        build_batch(
            records,
            codec=codec,
            producer=ProducerStamp(
                pid,
                epoch if epoch >= 0 or pid < 0 else 0,
                sequence if sequence >= 0 or pid < 0 else 0,
                is_transactional=is_transactional,
            ),
            append_time_ms=append_time_ms,
        )
    )


def open_log(
    files: Files | None = None,
    config: LogConfig | None = None,
    *,
    is_clean: bool = False,
    recovery_point: int = 0,
    known_end: int = 0,
    log_start_offset: int = 0,
    now_ms: int = NOW_MS,
    path: str = DIRECTORY,
    leader_epoch: int = 0,
    cleaned_below: int = 0,
    on_damage: OnDamage = ignore_damage,
) -> PartitionLog:
    """A log in memory, unless files are given."""
    return PartitionLog.open(
        LogLocation(files or MemoryFiles(), path, "t", 0),
        config or LogConfig(),
        now_ms,
        LogCheckpoints(
            is_clean=is_clean,
            recovery_point=recovery_point,
            known_end=known_end,
            log_start_offset=log_start_offset,
            leader_epoch=leader_epoch,
            cleaned_below=cleaned_below,
        ),
        on_damage,
    )


def append(log: PartitionLog, *batches: RecordBatch, now_ms: int = NOW_MS) -> int:
    """Append each batch by itself; returns the last base offset."""
    base_offset = -1
    for one in batches:
        base_offset = log.append([one], now_ms, leader_epoch=0).base_offset
    return base_offset


def offsets_read(log: Log, start: int = 0, max_bytes: int = 1 << 20) -> list[int]:
    """The base offsets a reader passes, from `start` to the end."""
    found: list[int] = []
    while start < log.log_end_offset:
        part = log.read(start, max_bytes, upper_offset=END)
        assert part.first_offset >= 0
        found += [one.base_offset for one in whole_batches(part.data)]
        start = part.next_offset
    return found


def largest_timestamp(log: PartitionLog) -> int:
    """Of any record, -1 for none."""
    return max(segment.max_timestamp for segment in log._state.segments)


def bases_of(log: PartitionLog) -> tuple[int, ...]:
    """Where each segment of a log begins, by the names of its files; the active one last."""
    names = log._location.files.list_directory(log.path)
    return tuple(sorted(int(name.removesuffix(".log")) for name in names if name.endswith(".log")))


def refusal(log: PartitionLog, one: RecordBatch) -> ErrorCode:
    """The code a batch is refused with."""
    with pytest.raises(KafkaError) as refused:
        append(log, one)
    return refused.value.code


def reopen_clean(log: PartitionLog, files: Files) -> PartitionLog:
    """Stop the log as a broker does, and open it again."""
    log.close()
    return open_log(
        files,
        log.config,
        is_clean=True,
        recovery_point=log.recovery_point,
        log_start_offset=log.log_start_offset,
        leader_epoch=log.leader_epoch,
    )


def file_of(offset: int, suffix: str) -> str:
    """The path of a file of a segment."""
    return f"{DIRECTORY}/{offset:020d}{suffix}"


def aborting_log(files: Files) -> PartitionLog:
    """Five segments or more, with an aborted transaction in most of them."""
    log = open_log(files, SMALL)
    for n in range(8):
        append(log, batch(pid=1, sequence=n, is_transactional=True), batch(value_bytes=150))
        log.append_marker(1, 0, 0, False, NOW_MS, 0)
    return log


def cold_log(files: Files, config: LogConfig | None = None, batches: int = 1500) -> tuple[PartitionLog, int]:
    """A log that was stopped cleanly and opened again, and its end: two aborted transactions, many batches between."""
    log = open_log(files, config)
    for sequence in range(2):
        append(log, batch(pid=1, sequence=sequence, is_transactional=True))
        log.append_marker(1, 0, 0, False, NOW_MS, 0)
        if not sequence:
            append(log, *[batch() for _ in range(batches)])
    return reopen_clean(log, files), log.log_end_offset


def batches_file(*value_bytes: int, epoch: int = 0) -> tuple[MemoryFiles, bytes]:
    """A file at PATH that holds a batch of one record for each size of a value, from offset 0 on; and its bytes."""
    parts: list[bytes] = []
    for offset, size in enumerate(value_bytes):
        head, tail = batch(value_bytes=size).stamped(offset, epoch)
        parts.append(head + bytes(tail))
    files = MemoryFiles()
    files.write(PATH, [b"".join(parts)], 0)
    return files, b"".join(parts)
