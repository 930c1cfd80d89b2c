"""One pass of compaction over a log: which key is newest where, then segment for segment what is left, swapped in.

The rule: until the swap nothing of the log is touched, and the swap is one step between two pauses. What happens to the
log in the pauses is looked at before it: appends do not matter, segments that were deleted or cut end the pass.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ..file_names import INDEX_SUFFIX, TIME_INDEX_SUFFIX
from ..indexes.transaction_index import AbortedLookup
from ..log_config import LONG_MAX
from ..log_location import LogLocation
from ..log_state import LogState
from ..scan import BatchScan
from ..segment import Segment
from .cleanable import Cleanable, SegmentExtent, group_segments
from .keys import OffsetMap
from .output import CLEANED_SUFFIX, CleanedSegment
from .steps import Steps, in_thread
from .survival import Compaction, LastRecord, note_keys
from .transactions import CleanedTransactions

_PIECE_BYTES = 64 * 1024  # of a file at a time: what one read may delay the broker by

FindAborted = Callable[[int, int], AbortedLookup]


class CleaningAborted(Exception):
    """The log changed under the pass, which has left it alone since. Nothing is wrong."""


class CleaningTerms(NamedTuple):
    """When a pass begins, and within what bounds."""

    now_ms: int
    most_key_bytes: int  # of memory for keys; where it does not suffice, the pass ends earlier in the log
    recovered_from: int = LONG_MAX  # the recovery point on record: a start after a crash would replay the log from it


class Cleaning:
    """A pass. Run `steps` to its end; what was swapped in by then stays, whatever becomes of the rest."""

    def __init__(
        self,
        location: LogLocation,
        state: LogState,
        find_aborted: FindAborted,
        cleanable: Cleanable,
        terms: CleaningTerms,
    ) -> None:
        self._files, self._directory, _, _ = location
        self._state = state
        self._config = state.config  # a pass obeys the settings that it began with
        self._segments = state.segments
        self._snapshots = state.snapshots
        self._find_aborted = find_aborted
        self._cleanable = cleanable
        self._now_ms, most_key_bytes, self._recovered_from = terms
        self._latest = OffsetMap(most_key_bytes)
        self._watched: list[tuple[Segment, int]] = []
        self.first_dirty_offset = cleanable.first_dirty_offset
        self.end_offset = cleanable.first_dirty_offset  # the log is clean below this offset when the pass is over
        self.bytes_before = self.bytes_after = 0
        self.bytes_moved = 0  # read and written so far
        self.keys = 0

    def steps(self) -> Steps[None]:
        """The work. KafkaError (CORRUPT_MESSAGE), CorruptFrame, OSError or CleaningAborted leave a whole log behind."""
        self._sweep()
        try:
            yield from self._note_keys()
            yield from self._rewrite_all()
        except OSError:
            self._check_unchanged()  # a file that has gone is no failure of the disk
            raise
        self.end_offset = self._latest.end_offset
        yield from self._latest.let_go()

    def _rewrite_all(self) -> Steps[None]:
        self.keys = len(self._latest)
        compaction = Compaction(
            self._latest,
            self._last_record,
            upper_offset=self._cleanable.upper_offset,
            now_ms=self._now_ms,
            delete_retention_ms=self._config.delete_retention_ms,
            recovered_from=self._recovered_from,
        )
        for group in (yield from self._groups()):
            yield from self._clean(group, compaction)

    def _sweep(self) -> None:
        """Remove what an earlier pass could not: beside a `.cleaned` file what is `.swap` is not whole."""
        for name in self._files.list_directory(self._directory):
            if name.endswith(CLEANED_SUFFIX):
                self._files.remove(f"{self._directory}/{name}")

    def _last_record(self, producer_id: int) -> LastRecord | None:
        entry = self._state.producers.find(producer_id)  # the table of now: a truncation makes another
        if entry is None:
            return None
        return LastRecord(entry.batches[-1].last_offset if entry.batches else -1, entry.producer_epoch)

    # The keys

    def _note_keys(self) -> Steps[None]:
        """Note the dirty keys, batch by batch, as far as there is room, but at least those of one batch."""
        start, upper = self._cleanable.first_dirty_offset, self._cleanable.upper_offset
        latest = self._latest
        latest.end_offset = start
        dirty = [(one, next_base) for one, next_base in self._sealed_below(upper) if next_base > start]
        self._watch([one for one, _ in dirty])
        transactions = CleanedTransactions()
        transactions.add_aborted((yield from self._find_aborted(start, upper)))
        for segment, next_base in dirty:
            position = segment.indexes.position_of(start).byte if start > segment.base_offset else 0
            segment.indexes.release_memory()
            for _, batch in (scan := self._scan(segment, position)):
                self.bytes_moved += batch.size_bytes
                if batch.is_control:
                    transactions.end(batch)
                elif not transactions.is_aborted(batch):
                    if latest.is_full and latest.end_offset > start:
                        return
                    yield from note_keys(latest, batch, start)
                latest.end_offset = max(latest.end_offset, batch.next_offset)
                yield None
            self._check_read(segment, scan)
            latest.end_offset = next_base  # records may be missing at the end

    # The segments

    def _groups(self) -> Steps[list[list[Segment]]]:
        """The segments to rewrite, from the log's first; each run becomes one."""
        sealed = self._sealed_below(min(self._latest.end_offset, self._cleanable.upper_offset))
        extents: list[SegmentExtent] = []
        for segment, next_base in sealed:
            indexes = self._bytes_of(segment, INDEX_SUFFIX), self._bytes_of(segment, TIME_INDEX_SUFFIX)
            extents.append(SegmentExtent(segment.base_offset, next_base, segment.size_bytes, max(indexes)))
            yield None
        return [[sealed[at][0] for at in group] for group in group_segments(extents, self._config)]

    def _bytes_of(self, segment: Segment, suffix: str) -> int:
        path = segment.stem + suffix
        return self._files.size(path) if self._files.exists(path) else 0

    def _sealed_below(self, offset: int) -> list[tuple[Segment, int]]:
        """The sealed segments that begin below an offset, each with the base of the next."""
        return [(one, after.base_offset) for one, after in pairwise(self._segments) if one.base_offset < offset]

    def _clean(self, group: Sequence[Segment], compaction: Compaction) -> Steps[None]:
        """Write what is left of neighbours into one segment, and put it in their place."""
        self._watch(group)
        output = CleanedSegment(self._files, self._directory, group[0].base_offset, self._config.index_interval_bytes)
        try:
            is_changed = len(group) > 1
            for segment in group:
                is_changed |= yield from self._rewrite(segment, compaction, output)
            if not is_changed:
                output.discard()
                return
            for sync in output.write_indexes():
                yield from in_thread(sync)
            self._check_unchanged()
            output.mark_whole()
            yield from in_thread(self._files.sync_handle(self._directory))
            self._check_unchanged()
            self._swap(group, output)
        except BaseException:
            output.discard()
            raise
        self.bytes_before += sum(segment.size_bytes for segment in group)
        self.bytes_after += output.size_bytes
        yield from in_thread(self._files.sync_handle(self._directory))

    def _rewrite(self, segment: Segment, compaction: Compaction, output: CleanedSegment) -> Steps[bool]:
        """Add what is left of a segment; whether that is another thing than the segment itself."""
        is_changed = False
        next_base = self._next_base(segment)
        compaction.transactions.add_aborted((yield from self._find_aborted(segment.base_offset, next_base)))
        for _, batch in (scan := self._scan(segment, 0)):
            left, aborted = yield from compaction.left_of(batch)
            if left is not None:
                yield from output.append(left)
            if aborted is not None:
                output.aborted.append(aborted)
            is_changed |= left is not batch
            self.bytes_moved += batch.size_bytes + (0 if left is None else left.size_bytes)
            yield None
        self._check_read(segment, scan)
        return is_changed

    def _next_base(self, segment: Segment) -> int:
        for one, after in pairwise(self._segments):
            if one is segment:
                return after.base_offset
        raise CleaningAborted(f"{segment.records.path} has gone")

    def _swap(self, group: Sequence[Segment], output: CleanedSegment) -> None:
        new = Segment(
            self._files,
            self._directory,
            output.base_offset,
            created_ms=group[0].created_ms,
            size_bytes=output.size_bytes,
            has_txn_index=bool(output.aborted),
            integrity=group[0].records.integrity,
        )
        new.indexes.set_aborted(output.aborted, is_cleaned=True)
        due_ms = self._now_ms + self._config.file_delete_delay_ms
        self._segments.replace(group, new, output.final_names(), due_ms)
        self._snapshots.keep_for(self._segments.bases)

    # What must hold

    def _scan(self, segment: Segment, position: int) -> BatchScan:
        return BatchScan(
            self._files,
            segment.records.path,
            position,
            segment.size_bytes,
            lowest_offset=segment.base_offset,
            integrity=segment.records.integrity,
            piece_bytes=_PIECE_BYTES,
        )

    def _check_read(self, segment: Segment, scan: BatchScan) -> None:
        """A damaged batch must not be missed: what it holds would look superseded, or be lost."""
        if scan.problem is not None:
            self._check_unchanged()
            why = f"{scan.problem} at byte {scan.position} of {segment.records.path}"
            raise KafkaError(ErrorCode.CORRUPT_MESSAGE, why)

    def _watch(self, segments: Sequence[Segment]) -> None:
        """These must stay what they are for as long as they are worked on."""
        self._watched = [(segment, segment.size_bytes) for segment in segments]

    def _check_unchanged(self) -> None:
        if self._state.is_closed:
            raise CleaningAborted(self._state.closed)
        sealed = {id(one) for one, _ in pairwise(self._segments)}
        for segment, size in self._watched:
            if id(segment) not in sealed or segment.size_bytes != size:
                raise CleaningAborted(f"{segment.records.path} was deleted or cut")
