"""Runs of records of one shape, looked at column by column: the way to walk over many at little cost for each.

Of records that are alike every length is the same, so that the whole run is one table of bytes. Records that are only
similar differ in the lengths of their keys and values: there one step from length to length finds what stands in front
of each value, and that is the table. In either case each byte that decides where a field ends is compared in all of
them at once. What is found to differ in any way is for the caller to walk over one by one.
"""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from .wire import CorruptFrame, zigzag

FEWEST = 8  # below it columns cost more than they save
MOST_SIMILAR = 1024  # looked at in one go: what turns out to be in vain is no more than that
_LONGEST_COPIED = 80  # bytes of a key
_WINDOW_BYTES = 256 * 1024  # that similar records are looked for in
_CONTINUED = bytes(range(0x80, 0x100))  # a byte of a varint that is not its last
_FINAL = bytes(range(0x80))
_EVEN_BYTES = bytes(range(0, 0x100, 2))
_TOP_BIT_TURNED = _CONTINUED + _FINAL
_ONE_BYTE_BELOW, _TWO_BYTES_BELOW, _THREE_BYTES_BELOW = 1 << 6, 1 << 13, 1 << 20
# The bytes of the offset deltas 0, 1, 2…, as zigzag varints of one, two and three bytes.
_EVEN = bytes(2 * delta for delta in range(_ONE_BYTE_BELOW))
_LOW = bytes(2 * delta | 0x80 for delta in range(_ONE_BYTE_BELOW)) * 128
_HIGH = bytes(delta >> 6 for delta in range(_TWO_BYTES_BELOW))
_MIDDLE = bytes(delta >> 6 | 0x80 for delta in range(_TWO_BYTES_BELOW))

_NOWHERE = 1 << 30  # beyond every window: where a length leads that is none, or has another number of bytes
_NULL = 1  # the length -1
# What each byte of a record's length adds to it: its only byte; the first and the second of two.
_ONLY = [byte >> 1 if byte < 0x80 and not byte & 1 else _NOWHERE for byte in range(0x100)]
_FIRST = [byte >> 1 & 0x3F if byte >= 0x80 and not byte & 1 else _NOWHERE for byte in range(0x100)]
_SECOND = [byte << 6 if byte < 0x80 else _NOWHERE for byte in range(0x100)]
_KEY_BYTES = [0 if byte == _NULL else byte >> 1 if byte < 0x80 and not byte & 1 else _NOWHERE for byte in range(0x100)]
_KEY_RAW = bytes(0 if byte == _NULL else byte for byte in range(0x100))
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(0x100))
_IS_CONTINUED = bytes(byte >> 7 for byte in range(0x100))
_MASK_IF_CONTINUED = bytes(0xFF if byte > 0x7F else 0 for byte in range(0x100))


class Run(NamedTuple):
    """Records behind each other that are as they should be.

    How many records, the position after them, their timestamp deltas, the index of the first without a key, or -1.
    None at all where many were looked at, and one was not.
    """

    records: int
    end: int
    deltas: Iterable[int]
    keyless: int


class _Shape(NamedTuple):
    """Where things are in a record without headers: from `start` up to `end`, each where its first byte is.

    `same` are the bytes that are the same in all records that are alike.
    """

    start: int
    time_at: int
    place_at: int
    key_at: int
    value_at: int
    content_at: int  # behind the value's length
    end: int
    has_key: bool
    same: list[int]


def alike(data: bytes | memoryview, pos: int, index: int, stop: int) -> Run | None:
    """The records from `pos` on that have every length in common with the first; None if there are only a few.

    A byte lies as far behind its place in the record before as a record is long.
    """
    if stop - index < FEWEST:
        return None
    shape = _shape_of(data, pos)
    if shape is None:
        return None
    size, k = shape.end - shape.start, _in_block(index)
    count = min(stop - index, (len(data) - pos) // size, _block_of(index) - k)
    for at in shape.same:
        if count < FEWEST:
            return None
        count -= len(bytes(data[at : pos + count * size : size]).lstrip(bytes(data[at : at + 1])))
    for at in range(shape.time_at, shape.place_at):
        column, is_last = bytes(data[at : pos + count * size : size]), at + 1 == shape.place_at
        if not (column if is_last else column.translate(_TOP_BIT_TURNED)).isascii():
            count -= len(column.lstrip(_FINAL if is_last else _CONTINUED))
    if count < FEWEST:
        return None
    end = pos + count * size

    def columns(first: int, behind: int) -> list[bytes]:
        return [bytes(data[at:end:size]) for at in range(first, behind)]

    if not _are_consecutive(columns(shape.place_at, shape.key_at), index, k):
        return None
    deltas = _values_of(columns(shape.time_at, shape.place_at))
    return Run(count, end, deltas, -1 if shape.has_key else index)


def similar(data: bytes | memoryview, pos: int, index: int, stop: int) -> Run | None:
    """The records from `pos` on whose times and offsets have as many bytes as those of the first; None as above.

    Their lengths, and those of their values, have one byte or two; those of their keys one.
    """
    most = min(stop - index, _block_of(index) - _in_block(index), MOST_SIMILAR)
    if most < FEWEST:
        return None
    window = bytes(data[pos : pos + _WINDOW_BYTES])
    shape = _shape_of(window, 0)
    if shape is None or shape.content_at - shape.value_at > 2 or _KEY_BYTES[window[shape.key_at]] == _NOWHERE:
        return None
    width, of_key = shape.key_at - shape.time_at + 2, shape.value_at - shape.key_at - 1
    found: _Gathered | None = None
    if of_key <= _LONGEST_COPIED and _is_one_key_length(window, shape):
        found = _gather_with_key(window, width, of_key, most)
        if found.fronts and found.fronts[-1].count(window[shape.key_at]) < len(found.lengths):
            found = None  # it was of the first few only
    if found is None:
        found = _gather_beside_key(window, width, most)
    if len(found.lengths) < FEWEST or not _is_as_it_should_be(found, shape, index):
        return Run(0, pos, (), -1)
    columns = found.fronts
    keyless = columns[shape.key_at - shape.time_at + 1].find(_NULL)
    deltas = _values_of(columns[1 : shape.place_at - shape.time_at + 1])
    return Run(len(found.lengths), pos + found.end, deltas, -1 if keyless < 0 else index + keyless)


class _Gathered(NamedTuple):
    """What stands in front of the values of similar records, column by column.

    Their lengths; from the attributes to the length of the key; two bytes from the length of the value on; the last
    byte of each record, which is its number of headers. And the position after the last record.
    """

    lengths: list[int]
    fronts: list[bytes]
    values: list[bytes]
    last: bytearray
    end: int


def _is_one_key_length(window: bytes, shape: _Shape) -> bool:
    """Whether the first few records have keys as long as that of the first one."""
    at, to_key, length = 0, shape.key_at - shape.time_at + 1, window[shape.key_at]
    for _ in range(FEWEST):
        if at + 1 >= len(window):
            break
        first = window[at]
        size, at = (_ONLY[first], at + 1) if first < 0x80 else (_FIRST[first] + _SECOND[window[at + 1]], at + 2)
        if window[at + to_key : at + to_key + 1] != bytes((length,)):
            return False
        at += size
    return True


def _gather_with_key(window: bytes, width: int, of_key: int, most: int) -> _Gathered:
    """Keys that are all as long, or all null, are copied with the rest of what stands in front of the values."""
    rows: list[bytes] = []
    lengths: list[int] = []
    last = bytearray()
    add_row, add_length, add_last, end, at, whole = rows.append, lengths.append, last.append, 0, 0, width + of_key + 2
    try:
        for _ in range(most):
            first = window[at]
            if first < 0x80:
                length, at = _ONLY[first], at + 1
            else:
                length, at = _FIRST[first] + _SECOND[window[at + 1]], at + 2
            add_row(window[at : at + whole])
            add_length(length)
            at += length
            add_last(window[at - 1])
            end = at
    except IndexError:  # the last one is cut off, or has a length of another kind
        del rows[len(last) :], lengths[len(last) :]
    columns = _columns_of(rows, whole)
    return _Gathered(lengths, columns[:width], columns[width + of_key :], last, end)


def _gather_beside_key(window: bytes, width: int, most: int) -> _Gathered:
    """Keys of all lengths: what stands behind them is copied by itself."""
    rows: list[bytes] = []
    values: list[bytes] = []
    lengths: list[int] = []
    last = bytearray()
    add_row, add_value, add_length, add_last = rows.append, values.append, lengths.append, last.append
    key_bytes, end, at = _KEY_BYTES, 0, 0
    try:
        for _ in range(most):
            first = window[at]
            if first < 0x80:
                length, at = _ONLY[first], at + 1
            else:
                length, at = _FIRST[first] + _SECOND[window[at + 1]], at + 2
            row = window[at : at + width]
            add_row(row)
            value_at = at + width + key_bytes[row[-1]]
            add_value(window[value_at : value_at + 2])
            add_length(length)
            at += length
            add_last(window[at - 1])
            end = at
    except IndexError:  # as above
        del rows[len(last) :], values[len(last) :], lengths[len(last) :]
    return _Gathered(lengths, _columns_of(rows, width), _columns_of(values, 2), last, end)


def _columns_of(rows: list[bytes], width: int) -> list[bytes]:
    """None of them if a row is too short, which lies beyond its record then."""
    table = b"".join(rows)
    return [table[at::width] for at in range(width)] if len(table) == len(rows) * width else []


def _is_as_it_should_be(found: _Gathered, shape: _Shape, index: int) -> bool:
    """Whether every byte in front of the values is, and every length agrees with the others."""
    columns, count = found.fronts, len(found.lengths)
    if not columns or not found.values or found.last.count(0) != count:
        return False
    times = columns[1 : shape.place_at - shape.time_at + 1]
    places = columns[shape.place_at - shape.time_at + 1 : -1]
    low, high = found.values
    high = (int.from_bytes(high, "little") & int.from_bytes(low.translate(_MASK_IF_CONTINUED), "little")).to_bytes(
        count, "little"
    )
    if not _are_varints(times) or not high.isascii() or low.translate(None, _EVEN_BYTES):
        return False
    if not _are_consecutive(places, index, _in_block(index)):
        return False
    # Twice the length of a record, as lengths are written, is that of its value and of its key, and twice the rest:
    # what is the same in all of them, and a byte more where the value's length has two.
    rest = _spaced(low.translate(_SEVEN_BITS)) + (_spaced(high) << 7) + (_spaced(low.translate(_IS_CONTINUED)) << 1)
    rest += _spaced(columns[-1].translate(_KEY_RAW))
    lengths = int.from_bytes(struct.pack(f"<{count}H", *found.lengths), "little") << 1
    constant = (lengths & 0xFFFF) - (rest & 0xFFFF)
    return constant > 0 and lengths == rest + constant * _spaced(b"\1" * count)


def _spaced(column: bytes) -> int:
    """Numbers of one byte as one large number, with 16 bits for each: no sum of theirs overflows into the next."""
    spaced = bytearray(2 * len(column))
    spaced[::2] = column
    return int.from_bytes(spaced, "little")


def _are_varints(columns: list[bytes]) -> bool:
    """Whether each of these has just as many bytes as there are columns."""
    return columns[-1].isascii() and all(column.translate(_TOP_BIT_TURNED).isascii() for column in columns[:-1])


def _values_of(columns: list[bytes]) -> Iterable[int]:
    """The different numbers that stand in these columns, as zigzag varints."""
    if len(columns) == 1:
        return [(raw >> 1) ^ -(raw & 1) for raw in set(columns[0])]
    return [zigzag(bytes(varint), 0, 64)[0] for varint in set(zip(*columns, strict=True))]


def _in_block(index: int) -> int:
    return index if index < _TWO_BYTES_BELOW else index % _TWO_BYTES_BELOW


def _block_of(index: int) -> int:
    """How far offset deltas have as many bytes, from the last multiple of it on."""
    return _ONE_BYTE_BELOW if index < _ONE_BYTE_BELOW else _TWO_BYTES_BELOW


def _are_consecutive(columns: list[bytes], index: int, k: int) -> bool:
    """Whether these bytes are the offset deltas from `index` on; those from 2^20 on are walked singly."""
    count = len(columns[0])
    if index < _ONE_BYTE_BELOW:
        return columns == [_EVEN[k : k + count]]
    low = _LOW[k : k + count]
    if index < _TWO_BYTES_BELOW:
        return columns == [low, _HIGH[k : k + count]]
    return index < _THREE_BYTES_BELOW and columns == [low, _MIDDLE[k : k + count], bytes([index >> 13]) * count]


def _shape_of(data: bytes | memoryview, start: int) -> _Shape | None:
    """Of the record at `start`; None if it does not lie whole in `data`, has headers, or a null value."""
    try:
        length, pos = zigzag(data, start)
        end, time_at = pos + length, pos + 1
        place_at = time_at + 1
        while data[place_at - 1] > 0x7F:
            place_at += 1
        key_at = place_at + 1
        while data[key_at - 1] > 0x7F:
            key_at += 1
        size, after = zigzag(data, key_at)
        has_key = size >= 0
        value_at = after + size if has_key else after
        same = [*range(start, pos), *range(key_at, after)]
        size, content_at = zigzag(data, value_at)
        same += range(value_at, content_at)
        pos = content_at + max(size, 0)
        if data[pos] or pos + 1 != end:
            return None
    except (IndexError, CorruptFrame):
        return None
    same.append(pos)
    return _Shape(start, time_at, place_at, key_at, value_at, content_at, end, has_key, same)
