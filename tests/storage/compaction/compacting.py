"""Logs to be compacted, and what is left of them, for the tests of compaction."""

from collections.abc import Sequence
from typing import NamedTuple

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch, read_records
from odradek.storage.compaction.cleaning import Cleaning
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.log import PartitionLog
from odradek.storage.log_api import Log
from odradek.storage.log_config import LogConfig

from ..builders import END, NOW_MS

PLENTY = 1 << 30
COMPACTED = LogConfig(
    cleanup_policy=frozenset({"compact"}),
    segment_bytes=100_000,
    index_interval_bytes=100,
    delete_retention_ms=1000,
    file_delete_delay_ms=0,
)

Pairs = Sequence[tuple[str | None, str | None]]


class Left(NamedTuple):
    """A batch as compaction leaves it."""

    base_offset: int
    last_offset: int
    offsets: tuple[int, ...]


def keyed(
    pairs: Pairs,
    *,
    pid: int = -1,
    epoch: int = 0,
    sequence: int = 0,
    is_transactional: bool = False,
    codec: int = 0,
    timestamp: int = NOW_MS,
    append_time_ms: int | None = None,
) -> RecordBatch:
    """A batch of keys and values; None is a null."""
    records = [
        NewRecord(None if key is None else key.encode(), None if value is None else value.encode(), timestamp + n)
        for n, (key, value) in enumerate(pairs)
    ]
    has_producer = pid >= 0
    return RecordBatch(
        build_batch(
            records,
            codec=codec,
            producer=ProducerStamp(
                pid, epoch if has_producer else -1, sequence if has_producer else -1, is_transactional=is_transactional
            ),
            append_time_ms=append_time_ms,
        )
    )


def write(log: PartitionLog, pairs: Pairs, **how: int | bool) -> int:
    """Append one batch, unchecked; returns its base offset."""
    batch = keyed(pairs, **how)  # type: ignore[arg-type]
    return log.append([batch], NOW_MS, leader_epoch=0, is_from_client=False).base_offset


def clean(
    log: PartitionLog, *, checkpoint: int | None = None, now_ms: int = NOW_MS, most_key_bytes: int = PLENTY
) -> Cleaning:
    """One whole pass."""
    cleaning = log.begin_cleaning(log.find_cleanable(checkpoint, now_ms), now_ms, most_key_bytes)
    run_to_end(cleaning.steps())
    return cleaning


def roll_and_clean(log: PartitionLog, *, checkpoint: int | None = None, now_ms: int = NOW_MS) -> Cleaning:
    """Seal what there is, so that all of it is cleaned."""
    log.roll(NOW_MS)
    return clean(log, checkpoint=checkpoint, now_ms=now_ms)


def batches_in(log: Log, upper_offset: int = END) -> list[RecordBatch]:
    """Every batch a reader from the log's start gets, each one checked."""
    found: list[RecordBatch] = []
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        part = log.read(offset, 1 << 20, upper_offset=upper_offset)
        if not part.data:
            break
        found += whole_batches(part.data)
        offset = part.next_offset
    assert all(batch.is_intact() for batch in found)
    return found


def left_in(log: PartitionLog) -> list[Left]:
    """The batches and the offsets of their records."""
    return [
        Left(batch.base_offset, batch.last_offset, tuple(record.offset for record in read_records(batch)))
        for batch in batches_in(log)
    ]


def pairs_in(log: Log) -> list[tuple[int, str, str | None]]:
    """The records that a consumer of everything sees: offset, key, value."""
    return [
        (record.offset, (record.key or b"").decode(), None if record.value is None else record.value.decode())
        for batch in batches_in(log)
        if not batch.is_control
        for record in read_records(batch)
    ]
