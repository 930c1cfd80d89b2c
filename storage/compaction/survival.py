"""What survives compaction: a batch in, and the batch, a smaller one or nothing out. Pure.

A record stays if no newer one of its key has been noted. A tombstone stays until its delete horizon, which its batch
gets when it is first met here (KIP-534): attribute bit 6, and the horizon in the place of the base timestamp. Offsets,
sequences and last offset deltas never change. Batches left without records go, but for those that hold how far a
producer, or the log itself, has got.
"""

from collections.abc import Callable
from typing import NamedTuple

from ...protocol.batch import CODEC_MASK, DELETE_HORIZON, RecordBatch
from ...protocol.compression import Codec, compress, decompress
from ...protocol.record_spans import put_moved_record, record_spans
from ..indexes.transaction_index import AbortedTxn
from ..log_config import LONG_MAX
from .keys import OffsetMap
from .steps import Steps, in_thread
from .transactions import CleanedTransactions

RECORDS_A_PAUSE = 32
RUNS_A_PAUSE = 512
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
        latest: OffsetMap,
        last_records: Callable[[int], LastRecord | None],
        *,
        upper_offset: int,
        now_ms: int,
        delete_retention_ms: int,
        recovered_from: int,
    ) -> None:
        """`last_records` finds each active producer by its id; nothing from `upper_offset` on may be cleaned yet.

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
        """What is left of a batch, and the index entry of the aborted transaction that it ends, if it is still needed.

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
        moved = yield from _moved(bytes(batch.records), batch.records_count, batch.base_timestamp - self._horizon_ms)
        marked = batch.refilled(
            moved,
            batch.records_count,
            attributes=batch.attributes | DELETE_HORIZON,
            base_timestamp=self._horizon_ms,
            max_timestamp=batch.max_timestamp,
        )
        return marked, entry

    def _data_left(self, batch: RecordBatch) -> Steps[RecordBatch | None]:
        if self.transactions.is_aborted(batch) or not batch.records_count:
            return self._emptied(batch)
        records = yield from inflated(batch)
        kept = yield from self._kept(batch, records)
        if not kept.count:
            return self._emptied(batch)
        needs_horizon = kept.has_tombstone and not batch.has_delete_horizon
        if kept.count == batch.records_count and not needs_horizon:
            return batch
        plain = yield from kept.cut_out(records)
        base_timestamp, attributes = batch.base_timestamp, batch.attributes
        latest = batch.max_timestamp if batch.has_log_append_time else base_timestamp + kept.latest_delta
        if needs_horizon:
            plain = yield from _moved(plain, kept.count, base_timestamp - self._horizon_ms)
            base_timestamp, attributes = self._horizon_ms, attributes | DELETE_HORIZON
        yield None
        return batch.refilled(
            (yield from deflated(batch.codec, plain)),
            kept.count,
            attributes=attributes,
            base_timestamp=base_timestamp,
            max_timestamp=max(latest, _NO_TIMESTAMP),
        )

    def _kept(self, batch: RecordBatch, records: bytes) -> Steps["_Kept"]:
        """The records that stay."""
        is_superseded, end_offset = self._latest.is_superseded, self._latest.end_offset
        base_offset = batch.base_offset
        are_tombstones_due = batch.has_delete_horizon and batch.base_timestamp <= self._now_ms
        kept = _Kept()
        for n, span in enumerate(record_spans(records, batch.records_count)):
            if not n % RECORDS_A_PAUSE:
                yield None
            start, _, end, timestamp_delta, offset_delta, key, has_value = span
            offset = base_offset + offset_delta
            # Nothing is known of what lies beyond the offsets that were noted.
            if offset >= end_offset or (
                key is not None and not is_superseded(key, offset) and (has_value or not are_tombstones_due)
            ):
                kept.add(start, end, timestamp_delta, has_value)
        return kept

    def _emptied(self, batch: RecordBatch) -> RecordBatch | None:
        """The header alone, without a codec and without a horizon, if it is still of use."""
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
        """Whether the batch is of use even without records."""
        if batch.next_offset == self._upper_offset:
            return True  # where the cleaned part ends
        last = self._last_records(batch.producer_id)
        if last is None:
            return False
        if last.offset >= 0:
            return batch.last_offset == last.offset
        return batch.is_control and batch.producer_epoch == last.producer_epoch


class _Kept:
    """The records of a batch that stay, as positions of their bytes: an object for each would be one too many."""

    __slots__ = ("_runs", "count", "has_tombstone", "latest_delta")

    def __init__(self) -> None:
        self._runs: list[int] = []  # start, end, start, end…
        self.count = 0
        self.has_tombstone = False
        self.latest_delta = -LONG_MAX

    def add(self, start: int, end: int, timestamp_delta: int, has_value: bool) -> None:
        """The next record stays."""
        runs = self._runs
        if runs and runs[-1] == start:
            runs[-1] = end
        else:
            runs += (start, end)
        self.count += 1
        if timestamp_delta > self.latest_delta:
            self.latest_delta = timestamp_delta
        if not has_value:
            self.has_tombstone = True

    def cut_out(self, records: bytes) -> Steps[bytes]:
        """The bytes of these records alone."""
        runs, parts = self._runs, list[bytes]()
        for at in range(0, len(runs), 2):
            parts.append(records[runs[at] : runs[at + 1]])
            if not at % RUNS_A_PAUSE:
                yield None
        return b"".join(parts)


def note_keys(latest: OffsetMap, batch: RecordBatch, start_offset: int) -> Steps[None]:
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
    yield None  # a large batch has just been read and summed
    if batch.codec == Codec.NONE:
        return bytes(batch.records)
    if not batch.records_count:
        return b""
    packed, codec = bytes(batch.records), batch.codec
    if len(packed) < _LARGE_BYTES:
        return decompress(codec, packed)
    return (yield from in_thread(lambda: decompress(codec, packed)))


def deflated(codec: int, plain: bytes) -> Steps[bytes]:
    """The bytes of a batch's records as its codec has them."""
    if len(plain) < _LARGE_BYTES or codec == Codec.NONE:
        return compress(codec, plain)
    return (yield from in_thread(lambda: compress(codec, plain)))


def _moved(records: bytes, count: int, shift: int) -> Steps[bytes]:
    """Records whose batch counts timestamps from an earlier base, by as many milliseconds."""
    out = bytearray()
    for n, span in enumerate(record_spans(records, count)):
        if not n % RECORDS_A_PAUSE:
            yield None
        put_moved_record(out, records, span, span[3] + shift)
    return bytes(out)
