"""Offsets by time: the only reader that looks inside batches.

Timestamps need not ascend (they are the producers'), so the answer is the first record at or after the time in the
order of offsets, not the nearest in time. The time index only excludes where it cannot be. A lookup is a generator: it
yields every few batches or records, and what it looks at may be deleted meanwhile (OSError).
"""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..protocol.batch import RecordBatch
from ..protocol.compression import decompressed_pieces
from ..protocol.record_walk import each_record
from .read_batches import corrupt
from .segment import NO_TIMESTAMP, Segment

BATCHES_A_PAUSE = 64
RECORDS_A_PAUSE = 64


class TimestampOffset(NamedTuple):
    """A record: its timestamp in milliseconds, its offset, and the epoch it was written under."""

    timestamp: int
    offset: int
    leader_epoch: int


Lookup: TypeAlias = Generator[None, None, TimestampOffset | None]


def find_at_or_after(segments: Sequence[Segment], timestamp: int, start_offset: int, upper_offset: int) -> Lookup:
    """The first record in [start_offset, upper_offset) that is not older than `timestamp`."""
    for at, segment in enumerate(segments):
        if at + 1 < len(segments) and segments[at + 1].base_offset <= start_offset:
            continue
        if segment.max_timestamp < timestamp:
            continue
        position = segment.indexes.position_of(max(start_offset, segment.indexes.offset_before(timestamp))).byte
        if segment is not segments[-1]:
            segment.indexes.release_memory()  # lookups are rare: what they read is not kept
        for n, (_, batch) in enumerate(scan := segment.records.scan(position), 1):
            if batch.base_offset >= upper_offset:
                return None
            if batch.max_timestamp >= timestamp:
                found = yield from _first_in(batch, timestamp, start_offset)
                if found is not None:
                    return found if found.offset < upper_offset else None
            if not n % BATCHES_A_PAUSE:
                yield
        if scan.problem is not None:
            raise corrupt(segment.records.path, scan.position)
        yield
    return None


def find_latest(segments: Sequence[Segment], start_offset: int, upper_offset: int) -> Lookup:
    """The first record that carries the largest timestamp of those from `start_offset` on, if below `upper_offset`."""
    first = 0
    while first + 1 < len(segments) and segments[first + 1].base_offset <= start_offset:
        first += 1
    best = yield from _latest_of(segments[first], start_offset, is_active=first + 1 == len(segments))
    if first + 1 < len(segments):
        later = max(segments[first + 1 :], key=lambda segment: segment.max_timestamp)
        if later.max_timestamp > (NO_TIMESTAMP if best is None else best.timestamp):
            best = yield from _latest_of(later, start_offset, is_active=later is segments[-1])
    return best if best is not None and best.offset < upper_offset else None


def _latest_of(segment: Segment, start_offset: int, *, is_active: bool) -> Lookup:
    """Of one segment. Where the index has it at a batch that begins below the start, the rest is searched for it."""
    if segment.max_timestamp <= NO_TIMESTAMP:
        return None
    position = segment.indexes.position_of(segment.indexes.max_timestamp_offset).byte
    for _, batch in segment.records.scan(position):
        if batch.base_offset < start_offset:
            break
        return (yield from _first_in(batch, batch.max_timestamp, start_offset))
    else:
        raise corrupt(segment.records.path, position)
    position = segment.indexes.position_of(start_offset).byte
    if not is_active:
        segment.indexes.release_memory()
    best: TimestampOffset | None = None
    for n, (_, batch) in enumerate(scan := segment.records.scan(position), 1):
        if batch.max_timestamp > (NO_TIMESTAMP if best is None else best.timestamp):
            if batch.base_offset < start_offset:
                best = yield from _latest_in(batch, start_offset)
            else:
                best = TimestampOffset(batch.max_timestamp, batch.base_offset, batch.partition_leader_epoch)
        if not n % BATCHES_A_PAUSE:
            yield
    if scan.problem is not None:
        raise corrupt(segment.records.path, scan.position)
    if best is None or best.offset < start_offset:
        return best
    return (yield from _record_of(segment, best, start_offset))


def _record_of(segment: Segment, batch_found: TimestampOffset, start_offset: int) -> Lookup:
    """The very record, in the batch that begins at this offset or holds it."""
    for _, batch in segment.records.scan(segment.indexes.position_of(batch_found.offset).byte):
        return (yield from _first_in(batch, batch_found.timestamp, start_offset))
    return None


def _first_in(batch: RecordBatch, timestamp: int, start_offset: int) -> Lookup:
    """The first record from `start_offset` on that is not older than `timestamp`."""
    for n, (own, offset) in enumerate(_times_of(batch), 1):
        if own >= timestamp and offset >= start_offset:
            return TimestampOffset(own, offset, batch.partition_leader_epoch)
        if not n % RECORDS_A_PAUSE:
            yield
    return None


def _latest_in(batch: RecordBatch, start_offset: int) -> Lookup:
    """The first of the latest records from `start_offset` on."""
    best: TimestampOffset | None = None
    for n, (own, offset) in enumerate(_times_of(batch), 1):
        if offset >= start_offset and own > (NO_TIMESTAMP if best is None else best.timestamp):
            best = TimestampOffset(own, offset, batch.partition_leader_epoch)
        if not n % RECORDS_A_PAUSE:
            yield
    return best


def _times_of(batch: RecordBatch) -> Iterator[tuple[int, int]]:
    """Timestamp and offset of each record, opened as far as they are asked for. CorruptFrame."""
    if not batch.records_count:
        return
    pieces = decompressed_pieces(batch.codec, batch.records)
    for delta, offset_delta, _ in each_record(pieces, batch.records_count):
        # Under LogAppendTime every record has the batch's time (KIP-32).
        own = batch.max_timestamp if batch.has_log_append_time else batch.base_timestamp + delta
        yield own, batch.base_offset + offset_delta
