"""One `.log` file with its indexes.

The rule: the log file is the truth and the indexes are derived. Index entries gather in memory and go to disk when
the segment is flushed, sealed or closed; after a crash they are rebuilt. Indexes are read on first use only, so
that a resting segment costs neither descriptors nor memory.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.batch import HEADER_BYTES, RecordBatch
from ..protocol.errors import ErrorCode, KafkaError
from .aborted_txns import ENTRY_BYTES, AbortedTxn, decode_aborted, encode_aborted
from .files import Buffer, Files
from .index import OFFSET_ENTRY_BYTES, TIME_ENTRY_BYTES, OffsetIndex, TimeIndex
from .scan import BatchScan
from .walk import corrupt, find_position, walk

LOG_SUFFIX = ".log"
INDEX_SUFFIX = ".index"
TIME_INDEX_SUFFIX = ".timeindex"
TXN_INDEX_SUFFIX = ".txnindex"
SNAPSHOT_SUFFIX = ".snapshot"
SEGMENT_SUFFIXES = (LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX)

NO_TIMESTAMP = -1
MOST_RELATIVE_OFFSET = 0x7FFFFFFF
_WALK_BYTES = 8192


def offset_name(offset: int) -> str:
    """An offset as file names have it: 20 digits."""
    return f"{offset:020d}"


class Range(NamedTuple):
    """Whole batches read from a segment, and where the next one stands."""

    data: Buffer
    first_offset: int
    next_offset: int
    next_position: int


class Segment:
    """A run of batches from `base_offset` on."""

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
        "created_ms",
        "first_timestamp",
        "has_txn_index",
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
        created_ms: int,
        size_bytes: int = 0,
        has_txn_index: bool = False,
    ) -> None:
        self._files = files
        self.stem = f"{directory}/{base_offset:020d}"
        self.base_offset = base_offset
        self.size_bytes = size_bytes
        self.created_ms = created_ms
        self.has_txn_index = has_txn_index
        self.first_timestamp: int | None = None  # of the first batch, once asked for
        self.top_timestamp: int | None = None if size_bytes else NO_TIMESTAMP  # None: see the time index
        self.max_timestamp_offset = base_offset
        self._offset_index: OffsetIndex | None = None if size_bytes else OffsetIndex()
        self._time_index: TimeIndex | None = None if size_bytes else TimeIndex()
        self._offset_index_saved = 0
        self._time_index_saved = 0
        self._bytes_since_index = 0
        self._aborted: list[AbortedTxn] | None = None if has_txn_index else []
        self._aborted_saved = 0

    def __repr__(self) -> str:
        return f"Segment({self.base_offset}, {self.size_bytes} bytes)"

    @property
    def log_path(self) -> str:
        """The file of the batches."""
        return self.stem + LOG_SUFFIX

    # Indexes, loaded on first use

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
        if self.top_timestamp is None and not self._read_last_time_entry():
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
        # A closed segment with data has at least one time entry; one without was not closed.
        if offsets is None or times is None or times.last is None:
            self.rebuild_indexes()
            return
        self._offset_index, self._time_index = offsets, times
        self._offset_index_saved, self._time_index_saved = len(offsets), len(times)
        if len(offset_data or b"") != len(offsets) * OFFSET_ENTRY_BYTES:
            self._files.truncate(self.stem + INDEX_SUFFIX, len(offsets) * OFFSET_ENTRY_BYTES)
        if len(time_data or b"") != len(times) * TIME_ENTRY_BYTES:
            self._files.truncate(self.stem + TIME_INDEX_SUFFIX, len(times) * TIME_ENTRY_BYTES)
        self.top_timestamp = times.last[0]
        self.max_timestamp_offset = self.base_offset + times.last[1]
        self._bytes_since_index = self.size_bytes - offsets.floor_position(self.size_bytes)

    def _read_last_time_entry(self) -> bool:
        """Learn the largest timestamp from the last entry of the file, without the rest of it."""
        path = self.stem + TIME_INDEX_SUFFIX
        try:
            size = self._files.size(path)
            last = TimeIndex.decode(self._files.read(path, max(size - TIME_ENTRY_BYTES, 0), TIME_ENTRY_BYTES))
        except FileNotFoundError:
            return False
        if size % TIME_ENTRY_BYTES or last is None or last.last is None:
            return False
        self.top_timestamp = last.last[0]
        self.max_timestamp_offset = self.base_offset + last.last[1]
        return True

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
        """Empty all three indexes, in memory and on disk: they will be noted anew from the log."""
        self._offset_index, self._time_index = OffsetIndex(), TimeIndex()
        self._offset_index_saved = self._time_index_saved = self._bytes_since_index = 0
        self.top_timestamp, self.max_timestamp_offset = NO_TIMESTAMP, self.base_offset
        self.first_timestamp = None
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
        """Note every batch anew, where index files are missing or damaged; returns the end offset."""
        self.reset_indexes()
        scan = self.scan()
        for position, batch in scan:
            self.note(batch.last_offset, batch.max_timestamp, position, batch.size_bytes, interval_bytes)
        return scan.next_offset

    # Writing

    def append(self, buffers: Sequence[Buffer], size_bytes: int) -> int:
        """Add bytes at the end, all or none of them; returns the position they got."""
        position = self.size_bytes
        self._files.write(self.stem + LOG_SUFFIX, buffers, position)
        self.size_bytes = position + size_bytes
        return position

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

    def note_aborted(self, entry: AbortedTxn) -> None:
        """Keep an aborted transaction, to be written with the other indexes."""
        self.aborted.append(entry)

    def is_full(self, index_bytes: int) -> bool:
        """Whether an index has no room for another entry and the final time entry."""
        return (
            len(self.offset_index) >= index_bytes // OFFSET_ENTRY_BYTES
            or len(self.time_index) >= index_bytes // TIME_ENTRY_BYTES - 1
        )

    def save_indexes(self, *, is_final: bool = False) -> None:
        """Write the entries that are in memory only; `is_final` adds the time entry that ends a closed segment."""
        if self._aborted is not None and len(self._aborted) > self._aborted_saved:
            unsaved = [encode_aborted(entry) for entry in self._aborted[self._aborted_saved :]]
            self._files.write(self.stem + TXN_INDEX_SUFFIX, unsaved, self._aborted_saved * ENTRY_BYTES)
            self._aborted_saved = len(self._aborted)
            self.has_txn_index = True
        if is_final and self.size_bytes:
            if self._time_index is None:
                return  # untouched since it was opened, and so was its file
            self._note_time()
        for suffix, index, saved, entry_bytes in (
            (INDEX_SUFFIX, self._offset_index, self._offset_index_saved, OFFSET_ENTRY_BYTES),
            (TIME_INDEX_SUFFIX, self._time_index, self._time_index_saved, TIME_ENTRY_BYTES),
        ):
            is_missing = is_final and not saved and self.size_bytes  # Apache Kafka rebuilds what has no .index file
            if index is not None and (len(index) > saved or is_missing):
                self._files.write(self.stem + suffix, [index.encode(saved)], saved * entry_bytes)
        self._offset_index_saved = len(self._offset_index) if self._offset_index is not None else 0
        self._time_index_saved = len(self._time_index) if self._time_index is not None else 0

    def truncate(self, position: int, interval_bytes: int) -> int:
        """Cut the file at a batch boundary; returns the new end offset."""
        self._files.truncate(self.log_path, position)
        self.size_bytes = position
        end = self.rebuild_indexes(interval_bytes)
        aborted = [entry for entry in self.aborted if entry.last_offset < end]
        self.reset_aborted()
        for entry in aborted:
            self.note_aborted(entry)
        return end

    # Reading

    def scan(self, position: int = 0, *, checks_crc: bool = False) -> BatchScan:
        """Every batch from a batch boundary on."""
        return BatchScan(
            self._files,
            self.log_path,
            position,
            self.size_bytes,
            lowest_offset=self.base_offset,
            checks_crc=checks_crc,
        )

    def position_of(self, offset: int) -> int:
        """Where the batch stands that holds `offset`, or the next one after a gap; the size when there is none."""
        start = self.offset_index.floor(offset - self.base_offset)
        return find_position(self._files, self.log_path, start, self.size_bytes, self.base_offset, offset)

    def read(self, position: int, max_bytes: int, upper_offset: int, *, at_least_one: bool) -> Range | None:
        """Whole batches from a batch boundary on; None when not even one may be returned."""
        left = self.size_bytes - position
        data = self._files.read(self.log_path, position, min(max(max_bytes, HEADER_BYTES), left))
        walked = walk(data, left, self.base_offset, upper_offset)
        if walked is not None and not 0 < walked.end <= max_bytes:
            if not at_least_one or not (walked.end or walked.first_batch_bytes):
                return None
            if not walked.end:
                data = self._files.read(self.log_path, position, walked.first_batch_bytes)
                walked = walk(data, left, self.base_offset, upper_offset)
        if walked is None or not walked.end:
            raise corrupt(self.log_path, position)
        end = walked.end
        whole = data if end == len(data) else memoryview(data)[:end]
        return Range(whole, walked.first_offset, walked.next_offset, position + end)

    def read_first_timestamp(self) -> int:
        """The largest timestamp of the first batch: what `segment.ms` counts from; -1 for none."""
        if self.first_timestamp is None:
            if self.size_bytes < HEADER_BYTES:
                return NO_TIMESTAMP
            header = self._files.read(self.log_path, 0, HEADER_BYTES)
            self.first_timestamp = RecordBatch(header).max_timestamp
        return self.first_timestamp

    # The files as a whole

    def durable_paths(self) -> list[str]:
        """The files that must be synced for this segment to survive a power cut."""
        paths = [self.log_path]
        if self._offset_index_saved:
            paths.append(self.stem + INDEX_SUFFIX)
        if self._time_index_saved:
            paths.append(self.stem + TIME_INDEX_SUFFIX)
        if self.has_txn_index:
            paths.append(self.stem + TXN_INDEX_SUFFIX)
        return paths

    def move_to(self, directory: str) -> None:
        """The directory has been renamed around the files."""
        self.stem = f"{directory}/{self.base_offset:020d}"

    def create(self) -> None:
        """Make the empty log file, which is what marks the segment's existence."""
        self._files.write(self.log_path, [b""], 0)

    def mark_deleted(self) -> list[str]:
        """Rename all files to `.deleted`; returns the new paths, to be removed later."""
        marked: list[str] = []
        for suffix in SEGMENT_SUFFIXES:
            path = self.stem + suffix
            if self._files.exists(path):
                self._files.rename(path, path + ".deleted")
                marked.append(path + ".deleted")
        return marked

    def remove(self) -> None:
        """Delete all files at once."""
        for suffix in SEGMENT_SUFFIXES:
            self._files.remove(self.stem + suffix)
