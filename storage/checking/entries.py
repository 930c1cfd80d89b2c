"""Walking the entries of the three indexes, and reading the small files whole, all in bounded memory.

Apache Kafka sizes the index files of an active segment in advance: entries of zeros at the end are free room. The rule:
a walk never fails on what it reads, it reports where and why the entries end too early.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..files.read_only_files import ReadableFiles

PIECE_ENTRIES = 1 << 15
MOST_SMALL_BYTES = 256 << 20  # five million producers in a snapshot

_OFFSET_ENTRY = struct.Struct(">ii")
_TIME_ENTRY = struct.Struct(">qi")
_ABORTED_ENTRY = struct.Struct(">hqqqq")


class OffsetEntry(NamedTuple):
    """At byte `at` of an `.index`: this batch ends at `relative_offset` and stands at `position`."""

    at: int
    relative_offset: int
    position: int


class TimeEntry(NamedTuple):
    """At byte `at` of a `.timeindex`: up to this offset nothing is later than `timestamp`."""

    at: int
    timestamp: int
    relative_offset: int


class AbortedEntry(NamedTuple):
    """At byte `at` of a `.txnindex`: an aborted transaction."""

    at: int
    version: int
    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


class TooLarge(OSError):
    """A file that is larger than anything its name may stand for."""


class _Walk:
    """The entries of a file in fixed-size fields; afterwards `problem` is why it ended early, at byte `end`."""

    def __init__(self, files: ReadableFiles, path: str, entry: struct.Struct, *, may_end_in_zeros: bool) -> None:
        self._files = files
        self._path = path
        self._entry = entry
        self._may_end_in_zeros = may_end_in_zeros
        self.size_bytes = files.size(path)
        self.end = 0
        self.problem: str | None = None

    def _fields(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        width = self._entry.size
        used = self._used_bytes() if self._may_end_in_zeros else self.size_bytes
        whole = used - used % width
        while self.end < whole:
            piece = self._files.read(self._path, self.end, min(PIECE_ENTRIES * width, whole - self.end))
            if len(piece) < width:
                self.problem = "the file is shorter than it was"
                return
            for at in range(0, len(piece) - width + 1, width):
                yield self.end, self._entry.unpack_from(piece, at)
                self.end += width
        if torn := self.size_bytes % width:
            self.problem = f"it ends with {torn} bytes of an entry of {width}"

    def _used_bytes(self) -> int:
        """Where the entries end and the free room begins: the last byte that is not zero is an entry's."""
        end = self.size_bytes
        while end > 0:
            start = max(end - PIECE_ENTRIES * self._entry.size, 0)
            piece = self._files.read(self._path, start, end - start)
            if used := len(piece.rstrip(b"\0")):
                return min(-(-(start + used) // self._entry.size) * self._entry.size, self.size_bytes)
            end = start
        return 0


class OffsetEntries(_Walk):
    """The entries of an `.index`."""

    def __init__(self, files: ReadableFiles, path: str) -> None:
        super().__init__(files, path, _OFFSET_ENTRY, may_end_in_zeros=True)

    def __iter__(self) -> Iterator[OffsetEntry]:
        for at, (relative_offset, position) in self._fields():
            yield OffsetEntry(at, relative_offset, position)


class TimeEntries(_Walk):
    """The entries of a `.timeindex`."""

    def __init__(self, files: ReadableFiles, path: str) -> None:
        super().__init__(files, path, _TIME_ENTRY, may_end_in_zeros=True)

    def __iter__(self) -> Iterator[TimeEntry]:
        for at, (timestamp, relative_offset) in self._fields():
            yield TimeEntry(at, timestamp, relative_offset)


class AbortedEntries(_Walk):
    """The entries of a `.txnindex`."""

    def __init__(self, files: ReadableFiles, path: str) -> None:
        super().__init__(files, path, _ABORTED_ENTRY, may_end_in_zeros=False)

    def __iter__(self) -> Iterator[AbortedEntry]:
        for at, (version, producer_id, first_offset, last_offset, last_stable_offset) in self._fields():
            yield AbortedEntry(at, version, producer_id, first_offset, last_offset, last_stable_offset)


def read_small(files: ReadableFiles, path: str, most_bytes: int = MOST_SMALL_BYTES) -> bytes:
    """A file that is read whole; TooLarge if it cannot be what it is called."""
    size = files.size(path)
    if size > most_bytes:
        raise TooLarge(f"{path} has {size} bytes, more than {most_bytes}")
    return files.read(path, 0, size)
