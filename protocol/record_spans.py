"""Where each record of a batch begins and ends, and its key: all that compaction asks of a record.

Nothing is built for a record but the tuple that describes it; its bytes stay where they are. Headers are not looked at.
"""

from collections.abc import Iterator
from typing import TypeAlias

from .wire import CorruptFrame, put_zigzag, zigzag

# start, position after the timestamp delta, end, timestamp delta, offset delta, key, whether it has a value
Span: TypeAlias = tuple[int, int, int, int, int, bytes | None, bool]

_SMALLEST_LENGTH = 6  # attributes, two deltas, key, value, headers: one byte each


def record_spans(data: bytes, count: int) -> Iterator[Span]:
    """The records of a batch, uncompressed; CorruptFrame where they are damaged, too few or too many.

    Damage shows when its record is reached: a caller that must not act on half a batch waits for the end.
    """
    pos, total = 0, len(data)
    try:
        for _ in range(count):
            start = pos
            # A varint here has one byte as a rule, or two: read in place, for a call costs as much as all the rest.
            length, pos = data[pos], pos + 1
            if length > 0x7F:
                length, pos = (
                    (length & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, start)
                )
            end = pos + (length >> 1)
            if length & 1 or end - pos < _SMALLEST_LENGTH or end > total:
                raise CorruptFrame(f"a record of {end - pos} bytes at {start}, where {total - pos} are left")
            pos += 1  # attributes, unused
            time, pos = data[pos], pos + 1
            if time > 0x7F:
                time, pos = (time & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, pos - 1)
            rest = pos
            place, pos = data[pos], pos + 1
            if place > 0x7F:
                place, pos = (
                    (place & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, pos - 1)
                )
            size, pos = data[pos], pos + 1
            if size > 0x7F:
                size, pos = _long_varint(data, pos - 1)
            key = None
            if not size & 1:
                key = data[pos : pos + (size >> 1)]
                pos += size >> 1
            # A null value is the one byte 0x01; behind it, or behind the value, the headers are counted.
            has_value = data[pos] != 1
            if pos + 1 >= end:
                raise CorruptFrame(f"the key of the record at {start} leaves no room for a value")
            yield start, rest, end, (time >> 1) ^ -(time & 1), (place >> 1) ^ -(place & 1), key, has_value
            pos = end
    except IndexError as fault:
        raise CorruptFrame(f"record: {fault}") from fault
    if pos != total:
        raise CorruptFrame(f"{total - pos} bytes after the last record")


def _long_varint(data: bytes, pos: int) -> tuple[int, int]:
    """A varint as it stands, its sign in the last bit, and the position after it."""
    value, pos = zigzag(data, pos, 64)
    return (value << 1) ^ (value >> 63), pos


def put_moved_record(out: bytearray, data: bytes, span: Span, timestamp_delta: int) -> None:
    """Append a record whose batch counts timestamps from another base now."""
    _, rest, end, *_ = span
    head = bytearray(1)  # attributes, unused
    put_zigzag(head, timestamp_delta)
    put_zigzag(out, len(head) + end - rest)
    out += head
    out += memoryview(data)[rest:end]
