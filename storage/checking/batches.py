"""Walking the batches of a file of any size and any origin, damaged or not.

Unlike scan.py, which ends where a log may no longer be trusted, this walk goes on after a wrong checksum: a check
is to show what comes behind. It stops only where no next batch can be found, and then has the reason.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ...protocol.batch import CRC_FROM, HEADER_BYTES, RecordBatch
from ...protocol.crc32c import crc32c
from ..files.read_only_files import ReadableFiles
from ..scan import size_of_batch

PIECE_BYTES = 1 << 20
# Batches beyond this size are summed piece by piece and their records not looked at.
MOST_BATCH_BYTES = 64 << 20


class SeenBatch(NamedTuple):
    """A batch, where it stands, and whether its checksum is right; its view is cut short unless it `is_whole`."""

    position: int
    batch: RecordBatch
    is_intact: bool
    is_whole: bool


class BatchWalk:
    """The batches from one position of a file to another; afterwards `position` and `problem` show how it ended."""

    def __init__(
        self,
        files: ReadableFiles,
        path: str,
        start: int,
        end: int,
        *,
        most_batch_bytes: int = MOST_BATCH_BYTES,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._files = files
        self._path = path
        self._end = end
        self._most_batch_bytes = most_batch_bytes
        self._piece_bytes = max(piece_bytes, HEADER_BYTES)
        self.position = start
        self.problem: str | None = None

    def __iter__(self) -> Iterator[SeenBatch]:
        while self.position < self._end and self.problem is None:
            piece = self._files.read(self._path, self.position, min(self._piece_bytes, self._end - self.position))
            if not piece:
                self.problem = "the file is shorter than it was"
                return
            yield from self._batches_of(piece)

    def _batches_of(self, piece: bytes) -> Iterator[SeenBatch]:
        at = 0
        while at < len(piece) and (size := self._check_size(piece, at)) is not None:
            position = self.position
            if size > len(piece) - at and at > 0:
                return  # the next piece begins with this batch
            if size > len(piece) and size > self._most_batch_bytes:
                self.position += size
                yield SeenBatch(position, RecordBatch(piece), self._is_sum_right(position, size, piece), is_whole=False)
                return
            if size > len(piece):
                piece = self._files.read(self._path, position, size)
                if len(piece) < size:
                    self.problem = "the file is shorter than it was"
                    return
            batch = RecordBatch(piece, at)
            at += size
            self.position += size
            yield SeenBatch(position, batch, batch.is_intact(), is_whole=True)

    def _is_sum_right(self, position: int, size: int, head: bytes) -> bool:
        """The checksum of a batch that is not held in memory at once."""
        total = 0
        at = CRC_FROM
        while at < size:
            piece = self._files.read(self._path, position + at, min(self._piece_bytes, size - at))
            if not piece:
                return False
            total = crc32c(piece, total)
            at += len(piece)
        return total == RecordBatch(head).crc

    def _check_size(self, piece: bytes, at: int) -> int | None:
        size, self.problem = size_of_batch(piece, at, self._end - self.position)
        return size
