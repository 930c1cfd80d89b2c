"""From the log back to the producer table: what is in the log is true, and is not questioned again."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

from ..protocol.batch import RecordBatch
from ..protocol.control import find_marker
from ..protocol.wire import CorruptFrame
from .indexes.transaction_index import AbortedTxn
from .producer_snapshots import Snapshots
from .producer_state import CompletedTxn, ProducerTable, draft_of
from .segment import Segment

BATCHES_A_PAUSE = 16
LARGE_BATCH_BYTES = 32 * 1024  # a checksum over more of it takes as long as many small ones


class DerivedAborted(NamedTuple):
    """The aborted transactions whose markers stand in a segment below `next_offset`."""

    entries: list[AbortedTxn]
    next_offset: int


def replay_batch(producers: ProducerTable, batch: RecordBatch) -> CompletedTxn | None:
    """What a batch of the log does to the table; the transaction that it ends, if it ends one with data."""
    if batch.is_control:
        try:
            marker = find_marker(batch)
        except CorruptFrame:
            return None  # its checksum is right, so it was written so: no reason to lose the rest of the log
        if marker is None:
            return None
        return producers.commit_marker(
            batch.producer_id,
            batch.producer_epoch,
            marker.coordinator_epoch,
            is_abort=not marker.is_commit,
            offset=batch.base_offset,
            timestamp=batch.max_timestamp,
        )
    if batch.has_producer:
        producers.commit(draft_of(batch), batch.base_offset)
    return None


def aborted_entry(completed: CompletedTxn) -> AbortedTxn:
    """The index entry of an aborted transaction."""
    return AbortedTxn(
        completed.producer_id, completed.first_offset, completed.last_offset, completed.last_stable_offset
    )


def pauses_after(count: int, batch: RecordBatch) -> bool:
    """Whether work that has gone through `count` batches, this one the last, lets others in now."""
    return not count % BATCHES_A_PAUSE or batch.size_bytes >= LARGE_BATCH_BYTES


def producers_at(
    segments: Sequence[Segment], snapshots: Snapshots, end: int, now_ms: int, expiration_ms: int
) -> Generator[None, None, ProducerTable]:
    """The table as of `end`: the newest good snapshot at or below it, and the batches after that one, in steps."""
    producers, offset = snapshots.load_newest(end, now_ms, expiration_ms)
    yield from _replay_batches(producers, segments, offset, end)
    return producers


def completed_since(
    segments: Sequence[Segment], snapshots: Snapshots, offset: int, end: int
) -> Generator[None, None, list[CompletedTxn]]:
    """The transactions with data whose markers stand in [offset, end), in the order of these."""
    # As of a time when no producer had expired, as in `derive_aborted`.
    producers, known = snapshots.load_newest(offset, 0, 1)
    yield from _replay_batches(producers, segments, known, offset)
    completed: list[CompletedTxn] = []
    yield from _replay_batches(producers, segments, offset, end, completed)
    return completed


def derive_aborted(
    segment: Segment, segments: Sequence[Segment], snapshots: Snapshots
) -> Generator[None, None, DerivedAborted | None]:
    """The aborted transactions of a segment as it is now, from its batches and those that lead up to it.

    It pauses every few batches, and what it reads may be deleted meanwhile (OSError). None if some batches cannot be
    read: an index that can is better then.
    """
    # As of a time when no producer had expired: an open transaction never does, and no other producer matters.
    producers, offset = snapshots.load_newest(segment.base_offset, 0, 1)
    if not (yield from _replay_batches(producers, segments, offset, segment.base_offset)):
        return None
    found: list[AbortedTxn] = []
    for n, (_, batch) in enumerate(scan := segment.records.scan(), 1):
        completed = replay_batch(producers, batch)
        if completed is not None and completed.is_aborted:
            found.append(aborted_entry(completed))
        if pauses_after(n, batch):
            yield
    return DerivedAborted(found, scan.next_offset) if scan.problem is None else None


def _replay_batches(
    producers: ProducerTable,
    segments: Sequence[Segment],
    offset: int,
    end: int,
    completed: list[CompletedTxn] | None = None,
) -> Generator[None, None, bool]:
    """Replay [offset, end), with a pause every few batches; whether every batch of it could be read.

    `completed` gets the transactions that end there.
    """
    is_whole = True
    if offset >= end or not segments:
        return is_whole
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        if segment.base_offset >= end or (following is not None and following.base_offset <= offset):
            continue
        position = segment.indexes.position_of(offset).byte if offset > segment.base_offset else 0
        for n, (_, batch) in enumerate(scan := segment.records.scan(position), 1):
            if batch.base_offset >= end:
                break
            if batch.base_offset >= offset:
                ended = replay_batch(producers, batch)
                if ended is not None and completed is not None:
                    completed.append(ended)
            if pauses_after(n, batch):
                yield
        if scan.problem is not None:
            is_whole = False
            segment.records.integrity.report(
                f"{scan.problem} at byte {scan.position} of {segment.records.path}: who wrote what behind it in this "
                "segment is not known"
            )
    return is_whole
