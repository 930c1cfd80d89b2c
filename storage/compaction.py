"""What survives compaction: a batch in, and the batch, a smaller one or nothing out. Pure.

A record stays if no newer one of its key has been noted. A tombstone stays until its delete horizon, which its batch
gets when it is first met here (KIP-534): attribute bit 6, and the horizon in the place of the base timestamp. Offsets,
sequences and last offset deltas never change. Batches left without records go, but for those that say how far a
producer, or the log itself, has got.
"""

from collections.abc import Callable
from typing import NamedTuple

from ..protocol.batch import CODEC_MASK, DELETE_HORIZON, RecordBatch
from ..protocol.compression import Codec, compress, decompress
from ..protocol.record_spans import Span, put_moved_record, record_spans
from .aborted_txns import AbortedTxn
from .compaction_keys import LatestOffsets
from .compaction_transactions import CleanedTransactions
from .log_config import LONG_MAX
from .steps import Steps, elsewhere

RECORDS_A_PAUSE = 64
RECORDS_A_COPY = 1024
_LARGE_BYTES = 4096  # what a codec has to do with less is done before a thread would have been asked
_NO_TIMESTAMP = -1


class LastRecord(NamedTuple):
    """What a producer wrote last: its last data batch ends at `offset`, -1 when only a marker has its epoch."""

    offset: int
    producer_epoch: int


class Compaction:
    """The rules of one pass, and how far its transactions have got: show it every batch, in the order of the log."""

    __slots__ = (
        "_horizon_ms",
        "_last_records",
        "_latest",
        "_now_ms",
        "_recovered_from",
        "_upper_offset",
        "transactions",
    )

    def __init__(
        self,
        latest: LatestOffsets,
        last_records: Callable[[int], LastRecord | None],
        *,
        upper_offset: int,
        now_ms: int,
        delete_retention_ms: int,
        recovered_from: int,
    ) -> None:
        """`last_records` tells of each active producer by its id; nothing from `upper_offset` on may be cleaned yet.

        From `recovered_from` on the log would be replayed after a crash, upon producers as they were there: if their
        transactions are open, the markers must be found.
        """
        self._latest = latest
        self._last_records = last_records
        self._upper_offset = upper_offset
        self._now_ms = now_ms
        self._horizon_ms = min(now_ms + delete_retention_ms, LONG_MAX)
        self._recovered_from = recovered_from
        self.transactions = CleanedTransactions()

    def left_of(self, batch: RecordBatch) -> Steps[tuple[RecordBatch | None, AbortedTxn | None]]:
        """What is left of a batch, and the index entry of the aborted transaction that it ends, if that is still told.

        CorruptFrame where its records are damaged.
        """
        if batch.is_control:
            return (yield from self._marker_left(batch))
        return (yield from self._data_left(batch)), None

    def _marker_left(self, batch: RecordBatch) -> Steps[tuple[RecordBatch | None, AbortedTxn | None]]:
        is_unneeded, entry = self.transactions.end(batch)
        if not batch.records_count:
            return batch if self._must_stay(batch) else None, entry
        if not is_unneeded:
            return batch, entry
        if batch.has_delete_horizon:
            if batch.base_timestamp > self._now_ms or batch.base_offset >= self._recovered_from:
                return batch, entry
            return self._emptied(batch), entry
        records = bytes(batch.records)
        spans = list(record_spans(records, batch.records_count))
        return (yield from self._with_horizon(batch, records, spans)), entry

    def _data_left(self, batch: RecordBatch) -> Steps[RecordBatch | None]:
        if self.transactions.is_aborted(batch) or not batch.records_count:
            return self._emptied(batch)
        records = yield from inflated(batch)
        kept, has_tombstone = yield from self._kept(batch, records)
        if not kept:
            return self._emptied(batch)
        if has_tombstone and not batch.has_delete_horizon:
            return (yield from _compressed((yield from self._with_horizon(batch, records, kept))))
        if len(kept) == batch.records_count:
            return batch
        parts: list[bytes] = []
        for at in range(0, len(kept), RECORDS_A_COPY):
            parts.append(b"".join([records[span[0] : span[2]] for span in kept[at : at + RECORDS_A_COPY]]))
            yield None
        rebuilt = _refilled(batch, b"".join(parts), kept, batch.attributes, batch.base_timestamp)
        return (yield from _compressed(rebuilt))

    def _kept(self, batch: RecordBatch, records: bytes) -> Steps[tuple[list[Span], bool]]:
        """The records that stay, and whether a tombstone is among them."""
        is_superseded, end_offset = self._latest.is_superseded, self._latest.end_offset
        base_offset = batch.base_offset
        are_tombstones_due = batch.has_delete_horizon and batch.base_timestamp <= self._now_ms
        kept: list[Span] = []
        has_tombstone = False
        for n, span in enumerate(record_spans(records, batch.records_count)):
            if not n % RECORDS_A_PAUSE:
                yield None
            _, _, _, _, offset_delta, key, has_value = span
            offset = base_offset + offset_delta
            # Nothing is known of what lies beyond the offsets that were noted.
            if offset >= end_offset or (
                key is not None and not is_superseded(key, offset) and (has_value or not are_tombstones_due)
            ):
                kept.append(span)
                has_tombstone |= not has_value
        return kept, has_tombstone

    def _with_horizon(self, batch: RecordBatch, records: bytes, kept: list[Span]) -> Steps[RecordBatch]:
        """The batch with the records kept and its delete horizon, from which their timestamps count now."""
        shift = batch.base_timestamp - self._horizon_ms
        out = bytearray()
        for n, span in enumerate(kept):
            if not n % RECORDS_A_PAUSE:
                yield None
            put_moved_record(out, records, span, span[3] + shift)
        return _refilled(batch, bytes(out), kept, batch.attributes | DELETE_HORIZON, self._horizon_ms)

    def _emptied(self, batch: RecordBatch) -> RecordBatch | None:
        """The header alone, without a codec and without a horizon, if it still says something."""
        if not self._must_stay(batch):
            return None
        return batch.refilled(
            b"",
            0,
            attributes=batch.attributes & ~(CODEC_MASK | DELETE_HORIZON),
            base_timestamp=_NO_TIMESTAMP,
            max_timestamp=batch.max_timestamp,
        )

    def _must_stay(self, batch: RecordBatch) -> bool:
        """Whether the batch says something even without records."""
        if batch.next_offset == self._upper_offset:
            return True  # where the cleaned part ends
        last = self._last_records(batch.producer_id)
        if last is None:
            return False
        if last.offset >= 0:
            return batch.last_offset == last.offset
        return batch.is_control and batch.producer_epoch == last.producer_epoch


def note_keys(latest: LatestOffsets, batch: RecordBatch, start_offset: int) -> Steps[None]:
    """Note the keys of a data batch from `start_offset` on. CorruptFrame where its records are damaged."""
    records = yield from inflated(batch)
    base_offset = batch.base_offset
    for n, (_, _, _, _, offset_delta, key, _) in enumerate(record_spans(records, batch.records_count)):
        if not n % RECORDS_A_PAUSE:
            yield None
        if key is not None and base_offset + offset_delta >= start_offset:
            latest.note(key, base_offset + offset_delta)


def inflated(batch: RecordBatch) -> Steps[bytes]:
    """The bytes of a batch's records without their codec."""
    if batch.codec == Codec.NONE:
        return bytes(batch.records)
    if not batch.records_count:
        return b""
    packed, codec = bytes(batch.records), batch.codec
    if len(packed) < _LARGE_BYTES:
        return decompress(codec, packed)
    return (yield from elsewhere(lambda: decompress(codec, packed)))


def _compressed(batch: RecordBatch) -> Steps[RecordBatch]:
    """The batch, whose records are plain, as its attributes say that it is."""
    codec = batch.codec
    if codec == Codec.NONE:
        return batch
    plain = bytes(batch.records)
    packed = (
        compress(codec, plain) if len(plain) < _LARGE_BYTES else (yield from elsewhere(lambda: compress(codec, plain)))
    )
    return batch.refilled(
        packed,
        batch.records_count,
        attributes=batch.attributes,
        base_timestamp=batch.base_timestamp,
        max_timestamp=batch.max_timestamp,
    )


def _refilled(batch: RecordBatch, plain: bytes, kept: list[Span], attributes: int, base_timestamp: int) -> RecordBatch:
    latest = batch.max_timestamp
    if not batch.has_log_append_time:
        latest = max(_NO_TIMESTAMP, batch.base_timestamp + max(span[3] for span in kept))
    return batch.refilled(plain, len(kept), attributes=attributes, base_timestamp=base_timestamp, max_timestamp=latest)
