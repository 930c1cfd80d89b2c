"""Offsets by time: the only reader that looks inside batches.

Timestamps need not ascend (they are the producers'), so the answer is the first record at or after the time in the
order of offsets, not the nearest in time. The time index only excludes where it cannot be.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.batch import RecordBatch
from ..protocol.records import read_records
from .read_batches import corrupt
from .segment import NO_TIMESTAMP, Segment


class TimestampOffset(NamedTuple):
    """A record: its timestamp in milliseconds, its offset, and the epoch it was written under."""

    timestamp: int
    offset: int
    leader_epoch: int


def find_at_or_after(
    segments: Sequence[Segment], timestamp: int, start_offset: int, upper_offset: int
) -> TimestampOffset | None:
    """The first record in [start_offset, upper_offset) that is not older than `timestamp`."""
    for at, segment in enumerate(segments):
        if at + 1 < len(segments) and segments[at + 1].base_offset <= start_offset:
            continue
        if segment.max_timestamp < timestamp:
            continue
        position = segment.indexes.position_of(max(start_offset, segment.indexes.offset_before(timestamp))).byte
        if segment is not segments[-1]:
            segment.indexes.release_memory()  # lookups are rare: what they read is not kept
        for _, batch in (scan := segment.records.scan(position)):
            if batch.base_offset >= upper_offset:
                return None
            if batch.max_timestamp >= timestamp:
                found = _first_in(batch, timestamp, start_offset)
                if found is not None:
                    return found if found.offset < upper_offset else None
        if scan.problem is not None:
            raise corrupt(segment.records.path, scan.position)
    return None


def find_latest(segments: Sequence[Segment], start_offset: int, upper_offset: int) -> TimestampOffset | None:
    """The first record that carries the largest timestamp of the log, if it lies below `upper_offset`."""
    latest = max(segments, key=lambda segment: segment.max_timestamp)
    if latest.max_timestamp <= NO_TIMESTAMP:
        return None
    position = latest.indexes.position_of(latest.indexes.max_timestamp_offset).byte
    if latest is not segments[-1]:
        latest.indexes.release_memory()
    for _, batch in latest.records.scan(position):
        found = _first_in(batch, batch.max_timestamp, start_offset)
        return found if found is not None and found.offset < upper_offset else None
    raise corrupt(latest.records.path, position)


def _first_in(batch: RecordBatch, timestamp: int, start_offset: int) -> TimestampOffset | None:
    epoch = batch.partition_leader_epoch
    for record in read_records(batch):
        # Under LogAppendTime every record has the batch's time (KIP-32).
        own = batch.max_timestamp if batch.has_log_append_time else record.timestamp
        if own >= timestamp and record.offset >= start_offset:
            return TimestampOffset(own, record.offset, epoch)
    return None
