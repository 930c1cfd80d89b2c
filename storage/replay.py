"""From the log back to the producer table: what is in the log is true, and is not questioned again."""

from collections.abc import Sequence

from ..protocol.batch import RecordBatch
from ..protocol.control import find_marker
from ..protocol.wire import CorruptFrame
from .aborted_txns import AbortedTxn
from .producer_state import CompletedTxn, ProducerTable, draft_of
from .segment import Segment
from .snapshot import Snapshots


def replay_batch(producers: ProducerTable, batch: RecordBatch) -> CompletedTxn | None:
    """What a batch of the log does to the table; the transaction that it ends, if it ends one with data."""
    if batch.is_control:
        try:
            marker = find_marker(batch)
        except CorruptFrame:
            return None  # its checksum is right, so somebody wrote it so: no reason to lose the rest of the log
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


def producers_at(
    segments: Sequence[Segment], snapshots: Snapshots, end: int, now_ms: int, expiration_ms: int
) -> ProducerTable:
    """The table as of `end`: the newest good snapshot at or below it, and the batches after that one."""
    producers, offset = snapshots.load_newest(end, now_ms, expiration_ms)
    if offset >= end:
        return producers
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        if following is not None and following.base_offset <= offset:
            continue
        position = segment.position_of(offset) if offset > segment.base_offset else 0
        for _, batch in segment.scan(position):
            if batch.base_offset >= end:
                break
            if batch.base_offset >= offset:
                replay_batch(producers, batch)
    return producers
