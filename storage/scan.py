"""Reading the batches of a segment file, front to back, in bounded pieces.

The rule: nothing read from a file is believed before it is checked, by its checksum and by its neighbours. A scan ends
at the end of the file or at the first bytes that are no sound batch, and then has the reason.
"""

import struct
from collections.abc import Iterator

from ..protocol.batch import HEADER_BYTES, LOG_OVERHEAD_BYTES, MAGIC_AT, RecordBatch
from .files.files import Buffer, Files
from .integrity import UNKNOWN_EPOCH, BatchIntegrity
from .read_batches import MAGIC

MOST_RELATIVE_OFFSET = 0x7FFFFFFF  # of any record in its segment: indexes have four bytes for it

_LENGTH = struct.Struct(">i")

PIECE_BYTES = 1 << 20


class BatchScan:
    """The batches between two positions of a file; afterwards `position` and `problem` show how it ended.

    The first batch must begin at `lowest_offset` (that of the segment) if `is_first_known` and no batches may be
    missing, else not below it.
    """

    def __init__(
        self,
        files: Files,
        path: str,
        start: int,
        end: int,
        *,
        lowest_offset: int = 0,
        is_first_known: bool = False,
        integrity: BatchIntegrity | None = None,
        may_skip: bool = True,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._files = files
        self._path = path
        self._end = end
        self._integrity = integrity or BatchIntegrity()
        self._may_skip = may_skip
        self._is_next_known = is_first_known and not may_skip
        self._highest_offset = lowest_offset + MOST_RELATIVE_OFFSET
        self._piece_bytes = max(piece_bytes, HEADER_BYTES)
        self.position = start
        self.next_offset = lowest_offset
        self.problem: str | None = None
        self.bad_bytes = 0  # the size of the batch that ended the scan, as far as it has one

    def __iter__(self) -> Iterator[tuple[int, RecordBatch]]:
        """Each batch with the position it stands at."""
        while self.position < self._end and self.problem is None:
            piece = self._files.read(self._path, self.position, min(self._piece_bytes, self._end - self.position))
            if not piece:
                self.problem = "the file is shorter than it was"
                return
            yield from self._batches_of(piece)

    def _batches_of(self, piece: bytes) -> Iterator[tuple[int, RecordBatch]]:
        at = 0
        while at < len(piece):
            size = self._check_size(piece, at)
            if size is None:
                return
            if size > len(piece) - at:
                if at > 0:
                    return  # the next piece begins with this batch
                piece = self._files.read(self._path, self.position, size)
            batch = RecordBatch(piece, at)
            self.problem = self._problem_of(batch)
            if self.problem is not None:
                self.bad_bytes = size
                return
            position = self.position
            at += size
            self.position += size
            self.next_offset = batch.next_offset
            self._is_next_known = not self._may_skip
            yield position, batch

    def _check_size(self, piece: bytes, at: int) -> int | None:
        """The size of the batch at `at`; None when there is none, or when more must be read first."""
        size, self.problem = size_of_batch(piece, at, self._end - self.position)
        return size

    def _problem_of(self, batch: RecordBatch) -> str | None:
        if len(batch.view) < batch.size_bytes:
            return "the file is shorter than it was"
        if batch.base_offset < self.next_offset:
            return f"offset {batch.base_offset} where at least {self.next_offset} was expected"
        if batch.last_offset > self._highest_offset:
            return f"offset {batch.last_offset} where none above {self._highest_offset} can be"
        if self._is_next_known and batch.base_offset != self.next_offset:
            return f"offset {batch.base_offset} where {self.next_offset} was expected"
        if batch.last_offset_delta < 0 or batch.records_count < 0:
            return f"{batch.records_count} records over {batch.last_offset_delta + 1} offsets"
        if not batch.is_intact():
            return "the checksum is wrong"
        if not UNKNOWN_EPOCH <= batch.partition_leader_epoch <= self._integrity.highest_epoch:
            return f"leader epoch {batch.partition_leader_epoch}, which nobody has had"
        epoch, _ = self._integrity.span_of_epoch(batch.last_offset)
        if batch.partition_leader_epoch != epoch and epoch != UNKNOWN_EPOCH:
            return f"leader epoch {batch.partition_leader_epoch} where {epoch} was expected"
        return None


def size_of_batch(piece: Buffer, at: int, left: int) -> tuple[int | None, str | None]:
    """The size of the batch at `at` of a piece of a file, or why there is none; `left` bytes follow in the file.

    Neither, when the piece ends inside the header: more must be read first.
    """
    if left < HEADER_BYTES:
        return None, f"{left} bytes are less than a batch header"
    if len(piece) - at < HEADER_BYTES:
        return None, "the file is shorter than it was" if at == 0 else None
    magic = piece[at + MAGIC_AT]
    size = int(_LENGTH.unpack_from(piece, at + 8)[0]) + LOG_OVERHEAD_BYTES
    if not any(piece[at : at + HEADER_BYTES]):
        return None, "zeros where a batch should begin"
    if magic != MAGIC:
        return None, f"magic {magic} where a batch should begin"
    if size < HEADER_BYTES:
        return None, f"a batch of {size} bytes"
    if size > left:
        return None, f"a batch of {size} bytes where {left} are left"
    return size, None
