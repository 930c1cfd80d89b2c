"""Comparing the indexes of one segment with its batches, both walked side by side from front to back.

The rule: an index may hold less than it could, for entries are sparse, but nothing that is wrong. The batches come in
the order of their positions; entries that do not ascend are reported and skipped.
"""

from collections.abc import Callable, Iterator

from ...protocol.batch import RecordBatch
from ..files.read_only_files import ReadableFiles
from ..indexes.transaction_index import AbortedTxn
from .entries import AbortedEntries, AbortedEntry, OffsetEntries, OffsetEntry, TimeEntries, TimeEntry
from .findings import BUILT_ANEW, Findings


class IndexFindings:
    """What is wrong with one index file; explained where nothing that far had to be on the disk at the stop."""

    def __init__(self, findings: Findings, name: str, may_be_torn: Callable[[], bool]) -> None:
        self._findings, self._name, self._may_be_torn = findings, name, may_be_torn

    def add(self, problem: str, *, position: int | None = None, offset: int | None = None) -> None:
        """Note one fault."""
        is_explained = self._may_be_torn()
        self._findings.add(self._name, problem, BUILT_ANEW, position=position, offset=offset, is_explained=is_explained)

    def add_missing(self) -> None:
        """Note that the whole file lacks."""
        consequence = "it is built anew when it is needed"
        self._findings.add(self._name, "it is missing", consequence, is_explained=self._may_be_torn())


class OffsetIndexCheck:
    """Every entry names a batch by where it stands and where it ends."""

    def __init__(self, files: ReadableFiles, path: str, base_offset: int, findings: IndexFindings) -> None:
        self._entries = OffsetEntries(files, path) if files.exists(path) else None
        self._iterator: Iterator[OffsetEntry] = iter(()) if self._entries is None else iter(self._entries)
        self._base_offset, self._findings = base_offset, findings
        self._last = OffsetEntry(0, 0, -1)
        self._next: OffsetEntry | None = self._advance()

    def _advance(self) -> OffsetEntry | None:
        for entry in self._iterator:
            if entry.relative_offset > self._last.relative_offset and entry.position > self._last.position:
                self._last = entry
                return entry
            self._report(entry, "does not ascend")
        return None

    def _report(self, entry: OffsetEntry, problem: str) -> None:
        offset = self._base_offset + entry.relative_offset
        text = f"the entry of offset {offset} at position {entry.position} {problem}"
        self._findings.add(text, position=entry.at, offset=offset)

    def see(self, position: int, batch: RecordBatch) -> None:
        """Compare what the index has of everything up to this batch."""
        while (entry := self._next) is not None and entry.position <= position:
            if entry.position < position:
                self._report(entry, "points at no batch")
            elif self._base_offset + entry.relative_offset != batch.last_offset:
                self._report(entry, f"points at a batch that ends at {batch.last_offset}")
            self._next = self._advance()

    def position_above(self, position: int) -> int | None:
        """Where the next batch should stand that is known, beyond damage; the entries of the damage are passed over."""
        while self._next is not None and self._next.position <= position:
            self._next = self._advance()
        return None if self._next is None else self._next.position

    def finish(self) -> None:
        """No batch is left: nor may be entries."""
        while self._next is not None:
            self._report(self._next, "points beyond the last batch")
            self._next = self._advance()
        if self._entries is not None and self._entries.problem is not None:
            self._findings.add(self._entries.problem, position=self._entries.end)


class TimeIndexCheck:
    """Every entry names the batch that brought the largest timestamp so far; the last one names the largest of all."""

    def __init__(self, files: ReadableFiles, path: str, base_offset: int, findings: IndexFindings) -> None:
        self._entries = TimeEntries(files, path) if files.exists(path) else None
        self._iterator: Iterator[TimeEntry] = iter(()) if self._entries is None else iter(self._entries)
        self._base_offset, self._findings = base_offset, findings
        self._last: TimeEntry | None = None
        self._max_timestamp = -1
        self._is_blind = False
        self._next: TimeEntry | None = self._advance()

    def _advance(self) -> TimeEntry | None:
        for entry in self._iterator:
            last = self._last
            if last is None or (entry.timestamp > last.timestamp and entry.relative_offset >= last.relative_offset):
                self._last = entry
                return entry
            self._report(entry, "does not ascend")
        return None

    def _report(self, entry: TimeEntry, problem: str) -> None:
        offset = self._base_offset + entry.relative_offset
        text = f"the entry of timestamp {entry.timestamp} at offset {offset} {problem}"
        self._findings.add(text, position=entry.at, offset=offset)

    def lose_sight(self) -> None:
        """Batches are damaged here: what the index has of them is not judged."""
        self._is_blind = True

    def see(self, batch: RecordBatch) -> None:
        """Compare what the index has of everything up to this batch."""
        before = self._max_timestamp
        self._max_timestamp = max(before, batch.max_timestamp)
        while (entry := self._next) is not None and self._base_offset + entry.relative_offset <= batch.last_offset:
            if self._base_offset + entry.relative_offset < batch.base_offset:
                if not self._is_blind:
                    self._report(entry, "names no batch")
            elif entry.timestamp != batch.max_timestamp:
                self._report(entry, f"names a batch whose largest timestamp is {batch.max_timestamp}")
            elif entry.timestamp < before:
                self._report(entry, f"comes after the timestamp {before}")
            self._next = self._advance()
        self._is_blind = False

    def finish(self, *, is_complete: bool) -> None:
        """No batch is left; `is_complete` where the segment was closed, so that the largest timestamp must be there."""
        while self._next is not None:
            if not self._is_blind:
                self._report(self._next, "names an offset beyond the last batch")
            self._next = self._advance()
        if self._entries is not None and self._entries.problem is not None:
            self._findings.add(self._entries.problem, position=self._entries.end)
        latest = -1 if self._last is None else self._last.timestamp
        if is_complete and self._entries is not None and latest != self._max_timestamp >= 0:
            text = f"its last entry has the timestamp {latest}, the latest record {self._max_timestamp}"
            self._findings.add(text)


class AbortedIndexCheck:
    """The aborted transactions of a segment: exactly those whose markers stand in it.

    Compaction takes the records of aborted transactions away. Of a segment that was compacted only the form is judged,
    and of a transaction that began below `known_from` not where it began. Only the first fault is reported: one
    entry too many or too few makes all that follow look wrong.
    """

    def __init__(self, files: ReadableFiles, path: str, findings: IndexFindings, *, is_form_only: bool) -> None:
        self._entries = AbortedEntries(files, path) if files.exists(path) else None
        self._iterator: Iterator[AbortedEntry] = iter(()) if self._entries is None else iter(self._entries)
        self._findings, self.is_form_only = findings, is_form_only
        self._last_offset = -1
        self._is_wrong = False
        self._next = self._advance()

    def _advance(self) -> AbortedEntry | None:
        for entry in self._iterator:
            if entry.version == 0 and self._last_offset < entry.last_offset >= entry.first_offset >= 0:
                self._last_offset = entry.last_offset
                return entry
            self._report(entry, "is of no known version, or does not ascend")
        return None

    def _report(self, entry: AbortedEntry, problem: str) -> None:
        if self._is_wrong:
            return
        self._is_wrong = True
        text = f"the entry of producer {entry.producer_id} with its marker at offset {entry.last_offset} {problem}"
        self._findings.add(text, position=entry.at, offset=entry.last_offset)

    def see(self, expected: AbortedTxn, known_from: int) -> None:
        """A marker that aborts a transaction with data stands in the segment."""
        if self.is_form_only or self._is_wrong:
            return
        self._skip_below(expected.last_offset, known_from)
        entry = self._next
        if entry is None or entry.last_offset != expected.last_offset:
            producer_id = expected.producer_id
            text = f"no entry for the transaction of producer {producer_id}, whose records read_committed must not show"
            self._findings.add(text, offset=expected.last_offset)
            self._is_wrong = True
            return
        self._next = self._advance()
        found = AbortedTxn(*entry[2:])
        if (
            found.producer_id != expected.producer_id
            or not _agrees(found.first_offset, expected.first_offset, known_from)
            or not _agrees(found.last_stable_offset, expected.last_stable_offset, known_from)
        ):
            self._report(entry, f"says {tuple(found)} where the log says {tuple(expected)}")

    def _skip_below(self, offset: int, known_from: int) -> None:
        while self._next is not None and self._next.last_offset < offset:
            if self._next.first_offset >= known_from:
                self._report(self._next, "belongs to no such marker")
            self._next = self._advance()

    def finish(self, base_offset: int, end_offset: int, known_from: int) -> None:
        """No marker is left: nor may be entries, and none lies outside the segment."""
        while (entry := self._next) is not None:
            if not base_offset <= entry.last_offset < end_offset:
                self._report(entry, "lies outside the segment")
            elif not self.is_form_only and entry.first_offset >= known_from:
                self._report(entry, "belongs to no such marker")
            self._next = self._advance()
        if self._entries is not None and self._entries.problem is not None:
            self._findings.add(self._entries.problem, position=self._entries.end)


def _agrees(found: int, expected: int, known_from: int) -> bool:
    """Whether two offsets are the same, as far as the log shows: what it begins with may have begun earlier."""
    return found == expected or 0 <= found < known_from or expected < known_from
