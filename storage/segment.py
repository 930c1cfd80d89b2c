"""One `.log` file: batches appended at its end, read from any batch on, and its files as a whole."""

from collections.abc import Sequence
from contextlib import suppress

from ..protocol.batch import HEADER_BYTES
from .file_names import INDEX_SUFFIX, LOG_SUFFIX, SEGMENT_SUFFIXES, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, offset_name
from .files.files import Buffer, Files
from .indexes.segment_indexes import MOST_RELATIVE_OFFSET, NO_TIMESTAMP, IndexedSegment
from .integrity import BatchIntegrity
from .log_results import Range
from .read_batches import LogPosition, corrupt, walk

__all__ = ["MOST_RELATIVE_OFFSET", "NO_TIMESTAMP", "Segment"]


class Segment(IndexedSegment):
    """A run of batches from `base_offset` on."""

    __slots__ = ("created_ms", "first_timestamp")

    def __init__(
        self,
        files: Files,
        directory: str,
        base_offset: int,
        *,
        created_ms: int,
        size_bytes: int = 0,
        has_txn_index: bool = False,
        integrity: BatchIntegrity | None = None,
        is_contiguous: bool = False,
    ) -> None:
        super().__init__(
            files,
            directory,
            base_offset,
            size_bytes=size_bytes,
            has_txn_index=has_txn_index,
            integrity=integrity,
            is_contiguous=is_contiguous,
        )
        self.created_ms = created_ms
        self.first_timestamp: int | None = None  # of the first batch, once asked for

    def __repr__(self) -> str:
        return f"Segment({self.base_offset}, {self.size_bytes} bytes)"

    def append(self, buffers: Sequence[Buffer], size_bytes: int) -> int:
        """Add bytes at the end, all or none of them; returns the position they got."""
        position = self.size_bytes
        self._files.write(self.stem + LOG_SUFFIX, buffers, position)
        self.size_bytes = position + size_bytes
        return position

    def truncate(self, position: int, interval_bytes: int) -> int:
        """Cut the file at a batch boundary; returns the new end offset."""
        self._files.truncate(self.log_path, position)
        self.size_bytes = position
        self.first_timestamp = None
        end = self.rebuild_indexes(interval_bytes)
        aborted = [entry for entry in self.aborted if entry.last_offset < end]
        self.reset_aborted()
        for entry in aborted:
            self.note_aborted(entry)
        return end

    def read(self, place: LogPosition, max_bytes: int, upper_offset: int, *, at_least_one: bool) -> Range | None:
        """Whole, sound batches from a batch boundary on; None when not even one may be returned."""
        position = place.position
        left = self.size_bytes - position
        data = self._files.read(self.log_path, position, min(max(max_bytes, HEADER_BYTES), left))
        walked = walk(data, left, place.base_offset, upper_offset, self.integrity, may_skip=self.may_skip)
        if walked is not None and not 0 < walked.end <= max_bytes:
            if not at_least_one or not (walked.end or walked.first_batch_bytes):
                return None
            if not walked.end:
                data = self._files.read(self.log_path, position, walked.first_batch_bytes)
                walked = walk(data, left, place.base_offset, upper_offset, self.integrity, may_skip=self.may_skip)
        if walked is None:
            raise corrupt(self.log_path, position)
        end = walked.end
        if not end:
            return None
        whole = data if end == len(data) else memoryview(data)[:end]
        return Range(whole, walked.first_offset, walked.next_offset, position + end)

    def read_first_timestamp(self) -> int:
        """The largest timestamp of the first batch: what `segment.ms` counts from; -1 for none."""
        if self.first_timestamp is None:
            first = self.read_header(0)
            if first is None:
                return NO_TIMESTAMP
            self.first_timestamp = first.max_timestamp
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
        self.stem = f"{directory}/{offset_name(self.base_offset)}"

    def create(self) -> None:
        """Make the empty log file, which is what marks the segment's existence."""
        self._files.write(self.log_path, [b""], 0)

    def mark_deleted(self) -> list[str]:
        """Rename all files to `.deleted`; returns the new paths, to be removed later.

        The log goes first: OSError for it leaves the segment as it was, and what stays behind of an index is swept up
        by the next start.
        """
        self._files.rename(self.log_path, self.log_path + ".deleted")
        marked = [self.log_path + ".deleted"]
        for suffix in SEGMENT_SUFFIXES[1:]:
            path = self.stem + suffix
            with suppress(OSError):
                if self._files.exists(path):
                    self._files.rename(path, path + ".deleted")
                    marked.append(path + ".deleted")
        return marked

    def remove(self) -> None:
        """Delete all files at once."""
        for suffix in SEGMENT_SUFFIXES:
            self._files.remove(self.stem + suffix)
