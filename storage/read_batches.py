"""Finding batches by their headers: where one stands, and where the last whole and sound one ends.

The hot half of reading. Every batch that is handed out is checked first (size, magic, checksum, and its place among its
neighbours), so that what is damaged on the disk is refused (CORRUPT_MESSAGE) and never served.
"""

import struct
from typing import NamedTuple

from ..protocol.batch import CRC_FROM, HEADER_BYTES, LOG_OVERHEAD_BYTES
from ..protocol.crc32c import crc32c
from ..protocol.errors import ErrorCode, KafkaError
from .files.files import Files
from .integrity import UNKNOWN_EPOCH, BatchIntegrity

MAGIC = 2

# base offset, batch length, leader epoch, magic, crc, (attributes), last offset delta
_FRAME = struct.Struct(">qiibI2xi")
_SHORTEST_LENGTH = HEADER_BYTES - LOG_OVERHEAD_BYTES
_PIECE_BYTES = 8192

MOST_BATCHES = 2048  # in one read: to check them takes a few milliseconds


class BatchRange(NamedTuple):
    """The whole batches at the start of some bytes; `end` is 0 when there are none.

    Then `first_batch_bytes` is the size of the batch that was cut off, or 0 if it may not be read at all.
    """

    end: int
    first_offset: int
    next_offset: int
    first_batch_bytes: int = 0


class LogPosition(NamedTuple):
    """Where a batch stands in its file, and its base offset; behind the last batch, where the next one will."""

    byte: int
    base_offset: int


class WrongStart(Exception):
    """The batch to start from reaches beyond the offset that an index has for it: the index entry is wrong."""


def find_position(
    files: Files,
    path: str,
    start: LogPosition,
    end: int,
    offset: int,
    *,
    may_skip: bool,
    highest_last_offset: int | None = None,
) -> LogPosition:
    """From the batch boundary `start` on, the batch that holds `offset` or follows it; the end of the file for none.

    `start.base_offset` is what that batch must have, or the least it may have where batches may be missing. If an
    index led there, give the last offset it has for that batch, and no base offset is known: WrongStart if they differ.
    """
    position, expected = start
    while end - position >= HEADER_BYTES:
        piece = files.read(path, position, min(_PIECE_BYTES, end - position))
        at = 0
        while len(piece) - at >= HEADER_BYTES:
            base, length, _, magic, _, delta = _FRAME.unpack_from(piece, at)
            is_batch = magic == MAGIC and delta >= 0 and length >= _SHORTEST_LENGTH
            if highest_last_offset is not None:
                if not is_batch or base < expected or base + delta > highest_last_offset:
                    raise WrongStart
                highest_last_offset = None
            elif not is_batch or base < expected or (base > expected and not may_skip):
                raise corrupt(path, position + at)
            if base + delta >= offset:
                return LogPosition(position + at, base)
            expected = base + delta + 1
            at += length + LOG_OVERHEAD_BYTES
        if at == 0:
            raise corrupt(path, position)
        position += at
    if position != end:
        raise corrupt(path, position)
    return LogPosition(position, expected)


def read_batches(
    data: bytes, left: int, expected: int, upper_offset: int, integrity: BatchIntegrity, *, may_skip: bool = True
) -> BatchRange | None:
    """The sound batches of `data` below `upper_offset`; `left` bytes follow its start in the file. None: no batch.

    No more than MOST_BATCHES of them, however small they are.

    `expected` is the base offset of the first batch, or the least it may have where batches may be missing.
    """
    at, first_offset, end = 0, -1, 0
    length_of_data = len(data)
    unpack_from = _FRAME.unpack_from
    view = memoryview(data)
    epoch, epoch_ends = UNKNOWN_EPOCH, -1
    for _ in range(MOST_BATCHES):
        if length_of_data - at < HEADER_BYTES:
            break
        base, length, batch_epoch, magic, crc, delta = unpack_from(data, at)
        end = at + length + LOG_OVERHEAD_BYTES
        is_sound = magic == MAGIC and delta >= 0 and length >= _SHORTEST_LENGTH and end <= left
        if not is_sound or base < expected or (base > expected and not may_skip):
            break
        if base >= upper_offset:
            return BatchRange(at, first_offset, expected)
        if end > length_of_data:
            return BatchRange(at, first_offset, expected) if at else BatchRange(0, -1, -1, first_batch_bytes=end)
        if base >= epoch_ends:
            epoch, epoch_ends = integrity.span_of_epoch(base + delta)
        if crc32c(view[at + CRC_FROM : end]) != crc or (batch_epoch != epoch and epoch != UNKNOWN_EPOCH):
            break
        if base + delta >= upper_offset:
            return BatchRange(at, first_offset, expected)
        if at == 0:
            first_offset = base
        expected = base + delta + 1
        at = end
    # What comes before bytes that are no batch is good; the next read will begin with them and report it.
    return BatchRange(at, first_offset, expected) if at else None


def corrupt(path: str, position: int) -> KafkaError:
    """The error for bytes that are no batch."""
    return KafkaError(ErrorCode.CORRUPT_MESSAGE, f"no sound record batch at byte {position} of {path}")
