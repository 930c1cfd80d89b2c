"""Finding batches by their headers alone: where one stands, and where the last whole one ends.

The hot half of reading. Every header passed is checked for size, magic and ascending offsets, so that bytes that are
no batch are refused (CORRUPT_MESSAGE) and never served.
"""

import struct
from typing import NamedTuple

from ..protocol.batch import HEADER_BYTES, LOG_OVERHEAD_BYTES
from ..protocol.errors import ErrorCode, KafkaError
from .files import Files

MAGIC = 2

# base offset, batch length, (leader epoch), magic, (crc, attributes), last offset delta
_FRAME = struct.Struct(">qi4xb6xi")
_SHORTEST_LENGTH = HEADER_BYTES - LOG_OVERHEAD_BYTES
_PIECE_BYTES = 8192


class Walked(NamedTuple):
    """The whole batches at the start of some bytes; `end` is 0 when there are none.

    Then `first_batch_bytes` is the size of the batch that was cut off, or 0 if it may not be read at all.
    """

    end: int
    first_offset: int
    next_offset: int
    first_batch_bytes: int = 0


def find_position(files: Files, path: str, start: int, end: int, lowest_offset: int, offset: int) -> int:
    """From the batch boundary `start` on, where the batch stands that holds `offset` or follows it; `end` for none."""
    position = start
    while end - position >= HEADER_BYTES:
        piece = files.read(path, position, min(_PIECE_BYTES, end - position))
        at = 0
        while len(piece) - at >= HEADER_BYTES:
            base, length, magic, delta = _FRAME.unpack_from(piece, at)
            if magic != MAGIC or base < lowest_offset or delta < 0 or length < _SHORTEST_LENGTH:
                raise corrupt(path, position + at)
            if base + delta >= offset:
                return position + at
            lowest_offset = base + delta + 1
            at += length + LOG_OVERHEAD_BYTES
        if at == 0:
            raise corrupt(path, position)
        position += at
    if position != end:
        raise corrupt(path, position)
    return position


def walk(data: bytes, left: int, lowest_offset: int, upper_offset: int) -> Walked | None:
    """The whole batches of `data` below `upper_offset`; `left` bytes follow its start in the file. None: no batch."""
    at, first_offset = 0, -1
    length_of_data = len(data)
    unpack_from = _FRAME.unpack_from
    while length_of_data - at >= HEADER_BYTES:
        base, length, magic, delta = unpack_from(data, at)
        end = at + length + LOG_OVERHEAD_BYTES
        if magic != MAGIC or base < lowest_offset or delta < 0 or length < _SHORTEST_LENGTH or end > left:
            # What comes before is good; the next read will begin here and say so.
            return Walked(at, first_offset, lowest_offset) if at else None
        if base + delta >= upper_offset:
            break
        if end > length_of_data:
            return Walked(at, first_offset, lowest_offset) if at else Walked(0, -1, -1, first_batch_bytes=end)
        if at == 0:
            first_offset = base
        lowest_offset = base + delta + 1
        at = end
    if at == 0 and length_of_data < HEADER_BYTES:
        return None
    return Walked(at, first_offset, lowest_offset)


def corrupt(path: str, position: int) -> KafkaError:
    """What a reader is told of bytes that are no batch."""
    return KafkaError(ErrorCode.CORRUPT_MESSAGE, f"no record batch at byte {position} of {path}")
