"""One segment of a log: its records, its indexes, and its files as a whole."""

from contextlib import suppress

from .file_names import LOG_SUFFIX, SEGMENT_SUFFIXES, offset_name
from .file_records import FileRecords
from .files.files import Files
from .indexes.segment_indexes import NO_TIMESTAMP, SegmentIndexes
from .integrity import BatchIntegrity
from .scan import MOST_RELATIVE_OFFSET

__all__ = ["MOST_RELATIVE_OFFSET", "NO_TIMESTAMP", "Segment"]


class Segment:
    """The batches from `base_offset` on, up to those of the next segment."""

    __slots__ = ("_files", "base_offset", "created_ms", "first_timestamp", "indexes", "records", "stem")

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
        self._files = files
        self.base_offset = base_offset
        self.stem = f"{directory}/{offset_name(base_offset)}"
        self.records = FileRecords(
            files,
            self.stem + LOG_SUFFIX,
            base_offset,
            size_bytes=size_bytes,
            integrity=integrity,
            is_contiguous=is_contiguous,
        )
        self.indexes = SegmentIndexes(files, self.stem, self.records, has_txn_index=has_txn_index)
        self.created_ms = created_ms
        self.first_timestamp: int | None = None  # of the first batch, once asked for

    def __repr__(self) -> str:
        return f"Segment({self.base_offset}, {self.size_bytes} bytes)"

    @property
    def size_bytes(self) -> int:
        """Bytes of the batches."""
        return self.records.size_bytes

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp of any record here, -1 for none."""
        return self.indexes.max_timestamp

    def truncate(self, position: int, interval_bytes: int) -> int:
        """Cut the log file at a batch boundary; returns the new end offset."""
        self.records.truncate(position)
        self.first_timestamp = None
        return self.indexes.follow_cut(interval_bytes)

    def read_first_timestamp(self) -> int:
        """The largest timestamp of the first batch: what `segment.ms` counts from; -1 for none."""
        if self.first_timestamp is None:
            first = self.records.read_header(0)
            if first is None:
                return NO_TIMESTAMP
            self.first_timestamp = first.max_timestamp
        return self.first_timestamp

    # The files as a whole

    def durable_paths(self) -> list[str]:
        """The files that must be synced for this segment to survive a power loss."""
        return [self.records.path, *self.indexes.durable_paths()]

    def mark_deleted(self) -> list[str]:
        """Rename all files to `.deleted`; returns the new paths, to be removed later.

        The log goes first: OSError for it leaves the segment as it was, and what stays behind of an index is swept up
        by the next start.
        """
        log_path = self.records.path
        self._files.rename(log_path, log_path + ".deleted")
        marked = [log_path + ".deleted"]
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
