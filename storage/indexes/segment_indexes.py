"""The indexes of a segment: where offsets, times and aborted transactions are found in its `.log` file.

The rule: the log file is the truth and the indexes are derived. Entries gather in memory and go to disk when the
segment is flushed, sealed or closed; after a crash they are rebuilt. They are read on first use only, so that a resting
segment costs neither descriptors nor memory. An index file has no checksum: each entry that decides something is held
against the batch it names first, and dropped if they disagree.
"""

from contextlib import suppress

from ...protocol.batch import HEADER_BYTES, RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ..file_names import INDEX_SUFFIX, LOG_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, offset_name
from ..files.files import Files
from ..integrity import BatchIntegrity
from ..read_batches import LogPosition, WrongStart, find_place
from ..resyncing_scan import ResyncingScan
from ..scan import MOST_RELATIVE_OFFSET, BatchScan
from .offset_time_index import OFFSET_ENTRY_BYTES, TIME_ENTRY_BYTES, OffsetIndex, TimeIndex
from .transaction_index import ENTRY_BYTES, AbortedTxn, decode_aborted, encode_aborted

NO_TIMESTAMP = -1

__all__ = ["MOST_RELATIVE_OFFSET", "NO_TIMESTAMP", "IndexedSegment"]


class IndexedSegment:
    """What is found in a segment of a log, and how."""

    __slots__ = (
        "_aborted",
        "_aborted_saved",
        "_bytes_since_index",
        "_files",
        "_offset_index",
        "_offset_index_saved",
        "_time_index",
        "_time_index_saved",
        "base_offset",
        "integrity",
        "has_txn_index",
        "is_aborted_derived",
        "is_contiguous",
        "max_timestamp_offset",
        "size_bytes",
        "stem",
        "top_timestamp",
    )

    def __init__(
        self,
        files: Files,
        directory: str,
        base_offset: int,
        *,
        size_bytes: int = 0,
        has_txn_index: bool = False,
        integrity: BatchIntegrity | None = None,
        is_contiguous: bool = False,
    ) -> None:
        self._files = files
        self.is_contiguous = is_contiguous  # known never to have been compacted
        self.integrity = integrity or BatchIntegrity()
        self.stem = f"{directory}/{offset_name(base_offset)}"
        self.base_offset = base_offset
        self.size_bytes = size_bytes
        self.has_txn_index = has_txn_index
        self.top_timestamp: int | None = None if size_bytes else NO_TIMESTAMP  # None: see the time index
        self.max_timestamp_offset = base_offset
        self._offset_index: OffsetIndex | None = None if size_bytes else OffsetIndex()
        self._time_index: TimeIndex | None = None if size_bytes else TimeIndex()
        self._offset_index_saved = 0
        self._time_index_saved = 0
        self._bytes_since_index = 0
        self._aborted: list[AbortedTxn] | None = None if has_txn_index else []
        self._aborted_saved = 0
        self.is_aborted_derived = not has_txn_index  # from the log itself, in the life of this object

    @property
    def log_path(self) -> str:
        """The file of the batches."""
        return self.stem + LOG_SUFFIX

    @property
    def offset_index(self) -> OffsetIndex:
        """Offsets to positions."""
        if self._offset_index is None:
            self._load_indexes()
        assert self._offset_index is not None
        return self._offset_index

    @property
    def time_index(self) -> TimeIndex:
        """Timestamps to offsets."""
        if self._time_index is None:
            self._load_indexes()
        assert self._time_index is not None
        return self._time_index

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp of any record here, -1 for none."""
        if self.top_timestamp is None:
            self._load_indexes()
        return NO_TIMESTAMP if self.top_timestamp is None else self.top_timestamp

    @property
    def aborted(self) -> list[AbortedTxn]:
        """The aborted transactions whose markers stand here."""
        if self._aborted is None:
            data = self._read_file(TXN_INDEX_SUFFIX)
            found = decode_aborted(data or b"")
            if found is None:
                raise KafkaError(ErrorCode.CORRUPT_MESSAGE, f"{self.stem}{TXN_INDEX_SUFFIX} is damaged")
            self._aborted = found
            self._aborted_saved = len(found)
        return self._aborted

    def _read_file(self, suffix: str) -> bytes | None:
        path = self.stem + suffix
        try:
            return self._files.read(path, 0, self._files.size(path))
        except FileNotFoundError:
            return None

    def _load_indexes(self) -> None:
        offset_data, time_data = self._read_file(INDEX_SUFFIX), self._read_file(TIME_INDEX_SUFFIX)
        offsets = None if offset_data is None else OffsetIndex.decode(offset_data, self.size_bytes)
        times = None if time_data is None else TimeIndex.decode(time_data)
        self._offset_index = offsets
        # A closed segment with data has at least one time entry; one without was not closed.
        if offsets is None or times is None or times.last is None or not self._has_timestamp(*times.last):
            self.integrity.report(f"the indexes of {self.log_path} are missing or wrong; they were made anew")
            self.rebuild_indexes()
            return
        self._time_index = times
        self._offset_index_saved, self._time_index_saved = len(offsets), len(times)
        if len(offset_data or b"") != len(offsets) * OFFSET_ENTRY_BYTES:
            self._files.truncate(self.stem + INDEX_SUFFIX, len(offsets) * OFFSET_ENTRY_BYTES)
        if len(time_data or b"") != len(times) * TIME_ENTRY_BYTES:
            self._files.truncate(self.stem + TIME_INDEX_SUFFIX, len(times) * TIME_ENTRY_BYTES)
        self.top_timestamp = times.last[0]
        self.max_timestamp_offset = self.base_offset + times.last[1]
        self._bytes_since_index = self.size_bytes - offsets.floor_position(self.size_bytes)

    def forget_indexes(self) -> None:
        """Give the memory of a sealed segment's indexes back; they are read again when needed."""
        if self.size_bytes and not self._has_unsaved_entries():
            self._offset_index = self._time_index = None
            if self.has_txn_index and self._aborted_saved == len(self._aborted or ()):
                self._aborted = None

    def _has_unsaved_entries(self) -> bool:
        return (self._offset_index is not None and len(self._offset_index) > self._offset_index_saved) or (
            self._time_index is not None and len(self._time_index) > self._time_index_saved
        )

    def reset_indexes(self) -> None:
        """Empty the indexes of offsets and times, in memory and on disk: they will be noted anew from the log."""
        self._offset_index, self._time_index = OffsetIndex(), TimeIndex()
        self._offset_index_saved = self._time_index_saved = self._bytes_since_index = 0
        self.top_timestamp, self.max_timestamp_offset = NO_TIMESTAMP, self.base_offset
        self._files.remove(self.stem + INDEX_SUFFIX)
        self._files.remove(self.stem + TIME_INDEX_SUFFIX)

    def reset_aborted(self) -> None:
        """Empty the index of aborted transactions."""
        self._aborted = []
        self._aborted_saved = 0
        if self.has_txn_index:
            self._files.remove(self.stem + TXN_INDEX_SUFFIX)
            self.has_txn_index = False

    def rebuild_indexes(self, interval_bytes: int = 4096) -> int:
        """Note every batch anew that can be read, where index files are missing or wrong; returns the end offset."""
        known = self._offset_index or OffsetIndex()
        self.reset_indexes()
        for position, batch in (salvage := ResyncingScan(self.scan, known)):
            if salvage.take_resumed():
                self.force_index_entry()
            self.note(batch.last_offset, batch.max_timestamp, position, batch.size_bytes, interval_bytes)
        return salvage.next_offset

    def note(self, last_offset: int, max_timestamp: int, position: int, size_bytes: int, interval_bytes: int) -> None:
        """Keep the indexes in step with a batch that stands at `position`."""
        if self.top_timestamp is None or self._offset_index is None:
            self._load_indexes()
        assert self.top_timestamp is not None
        assert self._offset_index is not None
        if max_timestamp > self.top_timestamp:
            self.top_timestamp, self.max_timestamp_offset = max_timestamp, last_offset
        if self._bytes_since_index > interval_bytes:
            self._offset_index.append(last_offset - self.base_offset, position)
            self._note_time()
            self._bytes_since_index = 0
        self._bytes_since_index += size_bytes

    def force_index_entry(self) -> None:
        """Index the next batch noted, whatever the interval."""
        self._bytes_since_index = MOST_RELATIVE_OFFSET

    def _note_time(self) -> None:
        if self.max_timestamp > NO_TIMESTAMP:
            self.time_index.append_if_later(self.max_timestamp, self.max_timestamp_offset - self.base_offset)

    def set_aborted(self, entries: list[AbortedTxn], *, is_cleaned: bool) -> None:
        """Believe these, whatever the index says; it is made anew unless compaction took what it speaks of."""
        data = b"".join(encode_aborted(entry) for entry in entries)
        if not is_cleaned and data != self._read_file(TXN_INDEX_SUFFIX):
            self.integrity.report(f"{self.stem}{TXN_INDEX_SUFFIX} is not what {self.log_path} says; it was made anew")
            with suppress(OSError):  # it is right in memory, and will be found wrong again
                self._files.write_whole(self.stem + TXN_INDEX_SUFFIX, data, is_synced=False)
        self._aborted = entries
        self._aborted_saved = len(entries)
        self.is_aborted_derived = True

    def note_aborted(self, entry: AbortedTxn) -> None:
        """Keep an aborted transaction, to be written with the other indexes."""
        self.aborted.append(entry)

    def is_full(self, index_bytes: int) -> bool:
        """Whether an index has no room for another entry and the final time entry."""
        return (
            len(self.offset_index) >= index_bytes // OFFSET_ENTRY_BYTES
            or len(self.time_index) >= index_bytes // TIME_ENTRY_BYTES - 1
        )

    def save_indexes(self, *, is_final: bool = False) -> bool:
        """Write the entries that are in memory only; `is_final` adds the time entry that ends a closed segment.

        Whether a file was made by it: its name must be synced with the directory.
        """
        is_new = False
        if self._aborted is not None and len(self._aborted) > self._aborted_saved:
            unsaved = [encode_aborted(entry) for entry in self._aborted[self._aborted_saved :]]
            self._files.write(self.stem + TXN_INDEX_SUFFIX, unsaved, self._aborted_saved * ENTRY_BYTES)
            is_new |= not self.has_txn_index
            self._aborted_saved = len(self._aborted)
            self.has_txn_index = True
        if is_final and self.size_bytes:
            if self._time_index is None:
                return is_new  # untouched since it was opened, and so was its file
            self._note_time()
        for suffix, index, saved, entry_bytes in (
            (INDEX_SUFFIX, self._offset_index, self._offset_index_saved, OFFSET_ENTRY_BYTES),
            (TIME_INDEX_SUFFIX, self._time_index, self._time_index_saved, TIME_ENTRY_BYTES),
        ):
            is_missing = is_final and not saved and self.size_bytes  # Apache Kafka rebuilds what has no .index file
            if index is not None and (len(index) > saved or is_missing):
                self._files.write(self.stem + suffix, [index.encode(saved)], saved * entry_bytes)
                is_new |= not saved
        self._offset_index_saved = len(self._offset_index) if self._offset_index is not None else 0
        self._time_index_saved = len(self._time_index) if self._time_index is not None else 0
        return is_new

    @property
    def may_skip(self) -> bool:
        """Whether offsets may be missing here."""
        return self.integrity.may_skip and not self.is_contiguous

    def scan(self, position: int = 0, *, integrity: BatchIntegrity | None = None) -> BatchScan:
        """Every sound batch from a batch boundary on."""
        return BatchScan(
            self._files,
            self.log_path,
            position,
            self.size_bytes,
            lowest_offset=self.base_offset,
            is_first_known=position == 0,
            integrity=integrity or self.integrity,
            may_skip=self.may_skip,
        )

    def place_of(self, offset: int) -> LogPosition:
        """Where the batch stands that holds `offset`, or the next one after a gap; the segment's end for none."""
        while True:
            entry = self.offset_index.floor(offset - self.base_offset)
            start, last = (0, None) if entry is None else (entry[1], self.base_offset + entry[0])
            try:
                return find_place(
                    self._files,
                    self.log_path,
                    LogPosition(start, self.base_offset),
                    self.size_bytes,
                    offset,
                    may_skip=self.may_skip,
                    highest_last_offset=last,
                )
            except WrongStart:
                assert entry is not None
                self.offset_index.drop(entry[0])
                self._offset_index_saved = self._rewrite_index(INDEX_SUFFIX, self.offset_index)

    def position_of(self, offset: int) -> int:
        """The position alone of `place_of`."""
        return self.place_of(offset).position

    def offset_before(self, timestamp: int) -> int:
        """An offset of this segment below which every record is older than `timestamp`."""
        while (entry := self.time_index.floor(timestamp)) is not None and not self._has_timestamp(*entry):
            self.time_index.drop(entry[0])
            self._time_index_saved = self._rewrite_index(TIME_INDEX_SUFFIX, self.time_index)
        return self.base_offset if entry is None else self.base_offset + entry[1]

    def _has_timestamp(self, timestamp: int, relative_offset: int) -> bool:
        """Whether the batch that holds an offset has this largest timestamp, as a time index says."""
        offset = self.base_offset + relative_offset
        try:
            position = self.position_of(offset)
        except KafkaError:
            return False
        batch = self.read_header(position)
        return (
            batch is not None and batch.base_offset <= offset <= batch.last_offset and batch.max_timestamp == timestamp
        )

    def _rewrite_index(self, suffix: str, index: OffsetIndex | TimeIndex) -> int:
        """Write an index without the entry that was wrong; returns how many entries are on the disk."""
        self.integrity.report(f"{self.stem}{suffix} had an entry that {self.log_path} does not bear out; it was taken out")
        with suppress(OSError):  # it is right in memory, and will be found wrong again
            self._files.write_whole(self.stem + suffix, index.encode(), is_synced=False)
        return len(index)

    def read_header(self, position: int) -> RecordBatch | None:
        """The header alone of the batch at a batch boundary, unchecked; None where the file ends before."""
        if self.size_bytes - position < HEADER_BYTES:
            return None
        return RecordBatch(self._files.read(self.log_path, position, HEADER_BYTES))
