"""Producer-state snapshots (`.snapshot`): the state after all records below the offset that names the file.

int16 version (1) · uint32 CRC-32C of everything after it · int32 count · count times 46 bytes

They are synced with the segment that ends where they begin, not before: a torn one is known by its checksum, and the
log can be replayed instead, but for what retention has taken from it.
"""

import struct
from collections.abc import Iterable, Sequence

from ..protocol.crc32c import crc32c
from .file_names import SNAPSHOT_SUFFIX, offset_name
from .files.files import Files
from .producer_state import ProducerTable, SnapshotEntry

_HEAD = struct.Struct(">hI")
_COUNT = struct.Struct(">i")
_ENTRY = struct.Struct(">qhiqiqiq")
_VERSION = 1


def encode_snapshot(entries: Sequence[SnapshotEntry]) -> bytes:
    """The bytes of a snapshot file."""
    body = _COUNT.pack(len(entries)) + b"".join(_ENTRY.pack(*entry) for entry in entries)
    return _HEAD.pack(_VERSION, crc32c(body)) + body


def decode_snapshot(data: bytes) -> list[SnapshotEntry] | None:
    """The entries of a snapshot file; None when the file is damaged or of a version unknown."""
    if len(data) < _HEAD.size + _COUNT.size:
        return None
    version, crc = _HEAD.unpack_from(data)
    body = memoryview(data)[_HEAD.size :]
    if version != _VERSION or crc32c(body) != crc:
        return None
    (count,) = _COUNT.unpack_from(body)
    if count < 0 or len(body) != _COUNT.size + count * _ENTRY.size:
        return None
    return [SnapshotEntry(*fields) for fields in _ENTRY.iter_unpack(body[_COUNT.size :])]


class Snapshots:
    """The snapshot files of one partition: one a segment, and the newest."""

    __slots__ = ("_files", "_unsynced", "directory", "offsets")

    def __init__(self, files: Files, directory: str, offsets: Iterable[int] = ()) -> None:
        self._files = files
        self.directory = directory
        self.offsets = sorted(offsets)
        self._unsynced: set[int] = set()

    def _path(self, offset: int) -> str:
        return f"{self.directory}/{offset_name(offset)}{SNAPSHOT_SUFFIX}"

    def write(self, producers: ProducerTable, offset: int) -> None:
        """Keep the table as it is after all records below `offset`."""
        path, data = self._path(offset), encode_snapshot(producers.snapshot_entries())
        self._unsynced.add(offset)
        if offset not in self.offsets:
            self._files.write_whole(path, data, is_synced=False)
            self.offsets.append(offset)
            self.offsets.sort()
        elif self._find(path) != data:
            self._files.write_whole(path, data)  # never a good one for one that a power loss may tear

    def _find(self, path: str) -> bytes | None:
        try:
            return self._files.read(path, 0, self._files.size(path))
        except FileNotFoundError:
            return None

    @property
    def unsynced(self) -> frozenset[int]:
        """The offsets of files that a power loss may take."""
        return frozenset(self._unsynced)

    def unsynced_paths(self) -> list[str]:
        """Those files."""
        return [self._path(offset) for offset in self._unsynced]

    def note_synced(self, offsets: frozenset[int]) -> None:
        """These files are on the disk, or will be before anything relies on them."""
        self._unsynced -= offsets

    def drop_above(self, offset: int) -> None:
        """The log ends at `offset` now: what describes later records is wrong."""
        self._drop([known for known in self.offsets if known > offset])

    def keep_for(self, bases: Iterable[int]) -> None:
        """Drop all but the newest and those at the given segments' bases."""
        wanted = {*bases, self.offsets[-1] if self.offsets else 0}
        self._drop([known for known in self.offsets if known not in wanted])

    def _drop(self, offsets: list[int]) -> None:
        for offset in offsets:
            self._files.remove(self._path(offset))
            self.offsets.remove(offset)
            self._unsynced.discard(offset)

    def load_newest(self, end: int, now_ms: int, expiration_ms: int) -> tuple[ProducerTable, int]:
        """The newest good snapshot at or below `end` and its offset, or an empty table and 0; damaged ones go."""
        for offset in reversed([known for known in self.offsets if known <= end]):
            path = self._path(offset)
            entries = decode_snapshot(self._files.read(path, 0, self._files.size(path)))
            if entries is not None:
                return ProducerTable.from_snapshot(entries, now_ms, expiration_ms), offset
            self._drop([offset])
        return ProducerTable(), 0
