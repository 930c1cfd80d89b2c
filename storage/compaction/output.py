"""CleanedSegment: the files that take the place of one or more segments, under `.cleaned` until they are whole.

The rule: `.log.swap` means that all is on the disk and the old files are to go. It is the last file to get that suffix
and the last to lose it; the directory is synced in between. `swap_completion.py` goes by it at the next start.
"""

from collections import deque
from collections.abc import Callable

from ...protocol.batch import RecordBatch
from ..file_names import INDEX_SUFFIX, LOG_SUFFIX, SEGMENT_SUFFIXES, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX, offset_name
from ..files.files import Buffer, Files
from ..indexes.offset_time_index import OffsetIndex, TimeIndex
from ..indexes.transaction_index import AbortedTxn, encode_aborted
from .steps import Steps

CLEANED_SUFFIX = ".cleaned"
SWAP_SUFFIX = ".swap"
_WRITE_BYTES = 64 * 1024
_MOST_BUFFERS = 512
_NO_TIMESTAMP = -1


class CleanedSegment:
    """A segment being written from its base offset on: batches in the order of the log, then `write_indexes`."""

    __slots__ = (
        "_buffered_bytes",
        "_buffers",
        "_bytes_since_index",
        "_files",
        "_interval_bytes",
        "_latest",
        "_offset_index",
        "_stem",
        "_time_index",
        "aborted",
        "base_offset",
        "size_bytes",
    )

    def __init__(self, files: Files, directory: str, base_offset: int, interval_bytes: int) -> None:
        self._files = files
        self._stem = f"{directory}/{offset_name(base_offset)}"
        self._interval_bytes = interval_bytes
        self.base_offset = base_offset
        self.size_bytes = 0
        self.aborted: list[AbortedTxn] = []
        self._offset_index = OffsetIndex()
        self._time_index = TimeIndex()
        self._bytes_since_index = 0
        self._latest = (_NO_TIMESTAMP, 0)  # the largest timestamp so far, and the relative offset that brought it
        self._buffers: deque[memoryview] = deque()
        self._buffered_bytes = 0

    def append(self, batch: RecordBatch) -> Steps[None]:
        """Add a batch; it is written with the next ones, a piece between two pauses."""
        relative = batch.last_offset - self.base_offset
        if batch.max_timestamp > self._latest[0]:
            self._latest = (batch.max_timestamp, relative)
        if self._bytes_since_index > self._interval_bytes:
            self._offset_index.append(relative, self.size_bytes)
            self._note_time()
            self._bytes_since_index = 0
        self._bytes_since_index += batch.size_bytes
        self._buffers.append(batch.view)
        self._buffered_bytes += batch.size_bytes
        self.size_bytes += batch.size_bytes
        while self._buffered_bytes >= _WRITE_BYTES or len(self._buffers) >= _MOST_BUFFERS:
            self._write_piece()
            yield None

    def write_indexes(self) -> list[Callable[[], None]]:
        """Write all that is still in memory; returns the syncs that make it durable."""
        self._write_piece()
        self._note_time()
        cleaned = self._stem, CLEANED_SUFFIX
        self._files.write(INDEX_SUFFIX.join(cleaned), [self._offset_index.encode()], 0)
        self._files.write(TIME_INDEX_SUFFIX.join(cleaned), [self._time_index.encode()], 0)
        written = [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX]
        if self.aborted:
            entries = [b"".join(encode_aborted(entry) for entry in self.aborted)]
            self._files.write(TXN_INDEX_SUFFIX.join(cleaned), entries, 0)
            written.append(TXN_INDEX_SUFFIX)
        return [self._files.sync_handle(suffix.join(cleaned)) for suffix in written]

    def mark_whole(self) -> None:
        """Rename the files to `.swap`."""
        for suffix in self._suffixes:
            self._files.rename(f"{self._stem}{suffix}{CLEANED_SUFFIX}", f"{self._stem}{suffix}{SWAP_SUFFIX}")

    def final_names(self) -> list[tuple[str, str]]:
        """The renames that are left: from, to."""
        return [(f"{self._stem}{suffix}{SWAP_SUFFIX}", self._stem + suffix) for suffix in self._suffixes]

    def discard(self) -> None:
        """Remove the files, whatever they are called by now."""
        for suffix in SEGMENT_SUFFIXES:  # the log first: without it the others are nothing
            self._files.remove(f"{self._stem}{suffix}{SWAP_SUFFIX}")
            self._files.remove(f"{self._stem}{suffix}{CLEANED_SUFFIX}")

    @property
    def _suffixes(self) -> tuple[str, ...]:
        """Of the files there are, the log's last."""
        return SEGMENT_SUFFIXES[::-1] if self.aborted else SEGMENT_SUFFIXES[-2::-1]

    def _write_piece(self) -> None:
        """Write what was buffered first: the disk may take longer over more than the broker can wait."""
        position = self.size_bytes - self._buffered_bytes
        piece: list[Buffer] = []
        left = _WRITE_BYTES
        while left and self._buffers:
            first = self._buffers.popleft()
            piece.append(first[:left])
            if len(first) > left:
                self._buffers.appendleft(first[left:])
            left -= len(piece[-1])
        self._files.write(self._stem + LOG_SUFFIX + CLEANED_SUFFIX, piece or [b""], position)
        self._buffered_bytes -= _WRITE_BYTES - left

    def _note_time(self) -> None:
        if self._latest[0] > _NO_TIMESTAMP:
            self._time_index.append_if_later(*self._latest)
