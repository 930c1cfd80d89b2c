"""The indexes of a segment: where offsets, times and aborted transactions are found in its `.log` file.

The rule: the log file is the truth and the indexes are derived. Entries gather in memory and go to disk when the
segment is flushed, sealed or closed; after a crash they are rebuilt. They are read on first use only, so that a resting
segment costs neither descriptors nor memory. An index file has no checksum: each entry that decides something is held
against the batch it names first, and dropped if they disagree.
"""

from collections.abc import Iterator
from contextlib import suppress

from ...protocol.errors import ErrorCode, KafkaError
from ..file_names import INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX
from ..file_records import FileRecords
from ..files.files import Files
from ..log_config import LONG_MAX
from ..read_batches import LogPosition, WrongStart, find_position
from ..scan import MOST_RELATIVE_OFFSET
from .offset_time_index import OFFSET_ENTRY_BYTES, TIME_ENTRY_BYTES, OffsetIndex, TimeIndex
from .resyncing_scan import ResyncingScan
from .transaction_index import ENTRY_BYTES, AbortedTxn, decode_aborted, encode_aborted

NO_TIMESTAMP = -1


class SegmentIndexes:
    """What is found in the records of a segment, and how."""

    __slots__ = (
        "_aborted",
        "_aborted_saved",
        "_base_offset",
        "_bytes_since_index",
        "_files",
        "_is_aborted_loaded",
        "_offset_index",
        "_offset_index_saved",
        "_records",
        "_stem",
        "_time_index",
        "_time_index_saved",
        "_top_timestamp",
        "derivation",
        "has_txn_index",
        "is_aborted_derived",
        "max_timestamp_offset",
    )

    def __init__(self, files: Files, stem: str, records: FileRecords, *, has_txn_index: bool) -> None:
        """`stem`: the path of the segment's files without their suffixes."""
        self._files = files
        self._stem = stem
        self._records = records
        self._base_offset = records.base_offset
        is_empty = not records.size_bytes
        self._top_timestamp: int | None = NO_TIMESTAMP if is_empty else None  # None: see the time index
        self.max_timestamp_offset = records.base_offset
        self._offset_index: OffsetIndex | None = OffsetIndex() if is_empty else None
        self._time_index: TimeIndex | None = TimeIndex() if is_empty else None
        self._offset_index_saved = 0
        self._time_index_saved = 0
        self._bytes_since_index = 0
        self._aborted: list[AbortedTxn] = []  # those noted since, until the file is loaded
        self._aborted_saved = 0  # how many of these the file has
        self._is_aborted_loaded = not has_txn_index
        self.has_txn_index = has_txn_index
        self.derivation: Iterator[None] | None = None  # of the aborted transactions, if it is under way
        self.is_aborted_derived = not has_txn_index  # from the log itself, in the life of this object

    @property
    def offset_index(self) -> OffsetIndex:
        """Offsets to positions."""
        if self._offset_index is None:
            self._load()
        assert self._offset_index is not None
        return self._offset_index

    @property
    def time_index(self) -> TimeIndex:
        """Timestamps to offsets."""
        if self._time_index is None:
            self._load()
        assert self._time_index is not None
        return self._time_index

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp of any record here, -1 for none."""
        if self._top_timestamp is None:
            self._load()
        return NO_TIMESTAMP if self._top_timestamp is None else self._top_timestamp

    @property
    def aborted(self) -> list[AbortedTxn]:
        """The aborted transactions whose markers stand here."""
        if not self._is_aborted_loaded:
            data = self._read_file(TXN_INDEX_SUFFIX)
            found = decode_aborted(data or b"")
            if found is None:
                raise KafkaError(ErrorCode.CORRUPT_MESSAGE, f"{self._stem}{TXN_INDEX_SUFFIX} is damaged")
            self._aborted = found + self._aborted[self._aborted_saved :]
            self._aborted_saved = len(found)
            self._is_aborted_loaded = True
        return self._aborted

    def _read_file(self, suffix: str) -> bytes | None:
        path = self._stem + suffix
        try:
            return self._files.read(path, 0, self._files.size(path))
        except FileNotFoundError:
            return None

    def _load(self) -> None:
        offset_data, time_data = self._read_file(INDEX_SUFFIX), self._read_file(TIME_INDEX_SUFFIX)
        offsets = None if offset_data is None else OffsetIndex.decode(offset_data, self._records.size_bytes)
        times = None if time_data is None else TimeIndex.decode(time_data)
        self._offset_index = offsets
        # A closed segment with data has at least one time entry; one without was not closed.
        if offsets is None or times is None or times.last is None or not self._has_timestamp(*times.last):
            self._records.integrity.report(
                f"the indexes of {self._records.path} are missing or wrong; they were made anew"
            )
            self.rebuild()
            return
        self._time_index = times
        self._offset_index_saved, self._time_index_saved = len(offsets), len(times)
        if len(offset_data or b"") != len(offsets) * OFFSET_ENTRY_BYTES:
            self._files.truncate(self._stem + INDEX_SUFFIX, len(offsets) * OFFSET_ENTRY_BYTES)
        if len(time_data or b"") != len(times) * TIME_ENTRY_BYTES:
            self._files.truncate(self._stem + TIME_INDEX_SUFFIX, len(times) * TIME_ENTRY_BYTES)
        self._top_timestamp = times.last[0]
        self.max_timestamp_offset = self._base_offset + times.last[1]
        self._bytes_since_index = self._records.size_bytes - offsets.floor_position(self._records.size_bytes)

    def release_memory(self) -> None:
        """Give the memory of a sealed segment's indexes back; they are read again when needed."""
        if self._records.size_bytes and not self._has_unsaved_entries():
            self._offset_index = self._time_index = None
            if self.has_txn_index and self.is_aborted_derived and self._aborted_saved == len(self._aborted):
                self._aborted, self._aborted_saved, self._is_aborted_loaded = [], 0, False

    def _has_unsaved_entries(self) -> bool:
        if self._time_index is not None and self._time_index.last != self._newest_time:
            return True  # the entry that ends a closed segment is missing, and with no other the file may be, too
        return (self._offset_index is not None and len(self._offset_index) > self._offset_index_saved) or (
            self._time_index is not None and len(self._time_index) > self._time_index_saved
        )

    @property
    def _newest_time(self) -> tuple[int, int] | None:
        """What the last entry of the time index is to be."""
        if self._top_timestamp is None or self._top_timestamp <= NO_TIMESTAMP:
            return None
        return self._top_timestamp, self.max_timestamp_offset - self._base_offset

    def reset(self) -> None:
        """Empty the indexes of offsets and times, in memory and on disk: they will be noted anew from the log."""
        self._offset_index, self._time_index = OffsetIndex(), TimeIndex()
        self._offset_index_saved = self._time_index_saved = self._bytes_since_index = 0
        self._top_timestamp, self.max_timestamp_offset = NO_TIMESTAMP, self._base_offset
        self._files.remove(self._stem + INDEX_SUFFIX)
        self._files.remove(self._stem + TIME_INDEX_SUFFIX)

    def follow_cut(self, interval_bytes: int) -> int:
        """The log file has become shorter: note anew what is left of it; returns its end offset."""
        end = self.rebuild(interval_bytes)
        aborted = [entry for entry in self.aborted if entry.last_offset < end]
        self.reset_aborted()
        for entry in aborted:
            self.note_aborted(entry)
        return end

    def reset_aborted(self) -> None:
        """Empty the index of aborted transactions."""
        self._aborted, self._aborted_saved, self._is_aborted_loaded = [], 0, True
        self.derivation = None
        if self.has_txn_index:
            self._files.remove(self._stem + TXN_INDEX_SUFFIX)
            self.has_txn_index = False

    def rebuild(self, interval_bytes: int = 4096) -> int:
        """Note every batch anew that can be read, where index files are missing or wrong; returns the end offset."""
        known = self._offset_index or OffsetIndex()
        self.reset()
        for position, batch in (scan := ResyncingScan(self._records.scan, known)):
            if scan.take_resumed():
                self.force_entry()
            self.note(batch.last_offset, batch.max_timestamp, position, batch.size_bytes, interval_bytes)
        return scan.next_offset

    def note(self, last_offset: int, max_timestamp: int, position: int, size_bytes: int, interval_bytes: int) -> None:
        """Keep the indexes in step with a batch that stands at `position`."""
        if self._top_timestamp is None or self._offset_index is None:
            self._load()
        assert self._top_timestamp is not None
        assert self._offset_index is not None
        if max_timestamp > self._top_timestamp:
            self._top_timestamp, self.max_timestamp_offset = max_timestamp, last_offset
        if self._bytes_since_index > interval_bytes:
            self._offset_index.append(last_offset - self._base_offset, position)
            self._note_time()
            self._bytes_since_index = 0
        self._bytes_since_index += size_bytes

    def force_entry(self) -> None:
        """Index the next batch noted, whatever the interval."""
        self._bytes_since_index = MOST_RELATIVE_OFFSET

    def _note_time(self) -> None:
        if self.max_timestamp > NO_TIMESTAMP:
            self.time_index.append_if_later(self.max_timestamp, self.max_timestamp_offset - self._base_offset)

    def set_aborted(self, entries: list[AbortedTxn], *, is_cleaned: bool, end_offset: int = LONG_MAX) -> None:
        """Believe these, whatever the index has; it is made anew unless compaction took what it stands for.

        They are all whose markers stand below `end_offset`: what was noted beyond it stays.
        """
        unsaved = self._aborted[self._aborted_saved :]
        entries = entries + [entry for entry in self._aborted if entry.last_offset >= end_offset]
        data = b"".join(encode_aborted(entry) for entry in entries)
        on_disk = b"" if is_cleaned else self._read_file(TXN_INDEX_SUFFIX) or b""
        self._aborted_saved = len(entries)
        if not is_cleaned and data == on_disk + b"".join(encode_aborted(entry) for entry in unsaved):
            self._aborted_saved -= len(unsaved)
        elif not is_cleaned:
            self._records.integrity.report(
                f"{self._stem}{TXN_INDEX_SUFFIX} is not what {self._records.path} says; it was made anew"
            )
            with suppress(OSError):  # it is right in memory, and will be found wrong again
                self._files.write_whole(self._stem + TXN_INDEX_SUFFIX, data, is_synced=False)
        self._aborted, self._is_aborted_loaded = entries, True
        self.is_aborted_derived = True

    def note_aborted(self, entry: AbortedTxn) -> None:
        """Keep an aborted transaction, to be written with the other indexes; what the file has is not asked for."""
        self._aborted.append(entry)

    def is_full(self, index_bytes: int) -> bool:
        """Whether an index has no room for another entry and the final time entry."""
        if self._offset_index is None or self._time_index is None:
            self._load()
        assert self._offset_index is not None
        assert self._time_index is not None
        return (
            len(self._offset_index) >= index_bytes // OFFSET_ENTRY_BYTES
            or len(self._time_index) >= index_bytes // TIME_ENTRY_BYTES - 1
        )

    def save(self, *, is_final: bool = False) -> bool:
        """Write the entries that are in memory only; `is_final` adds the time entry that ends a closed segment.

        Whether a file was made by it: its name must be synced with the directory.
        """
        is_new = False
        if len(self._aborted) > self._aborted_saved:
            unsaved = [encode_aborted(entry) for entry in self._aborted[self._aborted_saved :]]
            known = self._aborted_saved if self._is_aborted_loaded else self._count_saved_aborted()
            self._files.write(self._stem + TXN_INDEX_SUFFIX, unsaved, known * ENTRY_BYTES)
            is_new |= not self.has_txn_index
            self._aborted_saved = len(self._aborted)
            self.has_txn_index = True
        if is_final and self._records.size_bytes:
            if self._time_index is None:
                return is_new  # untouched since it was opened, and so was its file
            self._note_time()
        for suffix, index, saved, entry_bytes in (
            (INDEX_SUFFIX, self._offset_index, self._offset_index_saved, OFFSET_ENTRY_BYTES),
            (TIME_INDEX_SUFFIX, self._time_index, self._time_index_saved, TIME_ENTRY_BYTES),
        ):
            is_missing = (
                is_final and not saved and self._records.size_bytes
            )  # Apache Kafka rebuilds what has no .index file
            if index is not None and (len(index) > saved or is_missing):
                self._files.write(self._stem + suffix, [index.encode(saved)], saved * entry_bytes)
                is_new |= not saved
        self._offset_index_saved = len(self._offset_index) if self._offset_index is not None else 0
        self._time_index_saved = len(self._time_index) if self._time_index is not None else 0
        return is_new

    def _count_saved_aborted(self) -> int:
        """How many whole entries the file has, whatever they say."""
        try:
            return self._files.size(self._stem + TXN_INDEX_SUFFIX) // ENTRY_BYTES
        except FileNotFoundError:
            return 0

    def position_of(self, offset: int) -> LogPosition:
        """Where the batch stands that holds `offset`, or the next one after a gap; the segment's end for none."""
        while True:
            entry = self.offset_index.floor(offset - self._base_offset)
            start, last = (0, None) if entry is None else (entry[1], self._base_offset + entry[0])
            try:
                return find_position(
                    self._files,
                    self._records.path,
                    LogPosition(start, self._base_offset),
                    self._records.size_bytes,
                    offset,
                    may_skip=self._records.may_skip,
                    highest_last_offset=last,
                )
            except WrongStart:
                assert entry is not None
                self.offset_index.drop(entry[0])
                self._offset_index_saved = self._rewrite_index(INDEX_SUFFIX, self.offset_index)

    def offset_before(self, timestamp: int) -> int:
        """An offset of this segment below which every record is older than `timestamp`."""
        while (entry := self.time_index.floor(timestamp)) is not None and not self._has_timestamp(*entry):
            self.time_index.drop(entry[0])
            self._time_index_saved = self._rewrite_index(TIME_INDEX_SUFFIX, self.time_index)
        return self._base_offset if entry is None else self._base_offset + entry[1]

    def _has_timestamp(self, timestamp: int, relative_offset: int) -> bool:
        """Whether the batch that holds an offset has this largest timestamp, as a time index has it."""
        offset = self._base_offset + relative_offset
        try:
            position = self.position_of(offset).byte
        except KafkaError:
            return False
        batch = self._records.read_header(position)
        return (
            batch is not None and batch.base_offset <= offset <= batch.last_offset and batch.max_timestamp == timestamp
        )

    def durable_paths(self) -> list[str]:
        """The files that have entries by now."""
        files = (
            (self._offset_index_saved, INDEX_SUFFIX),
            (self._time_index_saved, TIME_INDEX_SUFFIX),
            (self.has_txn_index, TXN_INDEX_SUFFIX),
        )
        return [self._stem + suffix for has_entries, suffix in files if has_entries]

    def _rewrite_index(self, suffix: str, index: OffsetIndex | TimeIndex) -> int:
        """Write an index without the entry that was wrong; returns how many entries are on the disk."""
        self._records.integrity.report(
            f"{self._stem}{suffix} had an entry that {self._records.path} does not bear out; it was taken out"
        )
        with suppress(OSError):  # it is right in memory, and will be found wrong again
            self._files.write_whole(self._stem + suffix, index.encode(), is_synced=False)
        return len(index)
