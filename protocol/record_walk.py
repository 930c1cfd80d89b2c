"""Walks over the records of a batch, from length to length, for what a broker must know of them before it believes.

Nothing is built for a record, and no more of the batch is in memory than the piece that is walked over: the pieces may
come out of a codec, and a walk ends at the first record that is not what the header says. Records behind each other
that have one shape are looked at column by column (`record_columns.py`), the others one by one.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .record_columns import MOST_SIMILAR, Run, alike, similar
from .wire import CorruptFrame, zigzag

_COLUMNS_EVERY = 16  # records are walked singly before columns are tried again, and ever more if they never help
_LONGEST_GAP = 4096
_WINDOW_BYTES = 64 * 1024  # of a view, copied to be looked at byte by byte, which is quicker than through the view
_ALIKE_A_STEP = 32  # records in a run
_SIMILAR_A_STEP = 3
_SMALLEST_LENGTH = 6  # attributes, two deltas, key, value, headers: one byte each
_LONGEST_VARINT = 10


class LongWalk(Exception):
    """More work than the caller has allowed."""


class RecordFacts(NamedTuple):
    """What is true of all records of a batch: the extremes of their timestamp deltas, the first one without a key."""

    earliest_delta: int
    latest_delta: int
    first_without_key: int | None


def walk_records(pieces: Iterable[bytes | memoryview], count: int, most_steps: int | None = None) -> RecordFacts:
    """Walk over `count` records, at least one, whose uncompressed bytes come in pieces.

    Raises CorruptFrame at the first that is damaged or whose offset delta is not its index, or if there are fewer or
    more; LongWalk after `most_steps` (a record walked singly is one, a header as well).
    """
    source, facts = _Source(pieces), _Facts(most_steps)
    index, columns_at, gap = 0, 0, _COLUMNS_EVERY
    while index < count:
        if not source.fill(1):
            raise CorruptFrame(f"{index} records where {count} are counted")
        data, pos, before = source.data, source.pos, index
        if index >= columns_at:
            run, cost = alike(data, pos, index, count), _ALIKE_A_STEP
            if run is None:
                run, cost = similar(data, pos, index, count), _SIMILAR_A_STEP
            if run is not None and run.records:
                facts.add_run(run, cost)
                pos, index, columns_at, gap = run.end, index + run.records, index + run.records, _COLUMNS_EVERY
            else:
                facts.take_steps(0 if run is None else MOST_SIMILAR // cost)  # which were in vain
                gap = min(2 * gap, _LONGEST_GAP)
                columns_at = index + gap
        if index == before:
            window, at = (data, pos) if isinstance(data, bytes) else (bytes(data[pos : pos + _WINDOW_BYTES]), 0)
            end, index = _step_over(window, at, index, min(count, columns_at), facts)
            pos += end - at
            facts.take_steps(index - before)
        source.pos = pos
        if index == before:  # it does not lie whole in this piece, or window
            delta, _, has_key = source.read_record(facts, index)
            facts.add(delta, has_key, index)
            index += 1
    if source.fill(1):
        raise CorruptFrame("bytes after the last record")
    return RecordFacts(facts.earliest, facts.latest, None if facts.keyless < 0 else facts.keyless)


def walk_few(data: bytes, count: int) -> RecordFacts | None:
    """As `walk_records`, of a few records that are all in memory; None if that is to say what is wrong with them."""
    facts = _Facts(None)
    end, index = _step_over(data, 0, 0, count, facts)
    if index < count or end < len(data):
        return None
    return RecordFacts(facts.earliest, facts.latest, None if facts.keyless < 0 else facts.keyless)


def each_record(pieces: Iterable[bytes | memoryview], count: int) -> Iterator[tuple[int, int, bool]]:
    """The timestamp delta and the offset delta of each record, and whether it has a key, also after a compaction.

    Slower; CorruptFrame where one is damaged.
    """
    source, facts = _Source(pieces), _Facts(None)
    for _ in range(count):
        yield source.read_record(facts)


class _Facts:
    """What has been seen so far, and how much work it was."""

    __slots__ = ("earliest", "keyless", "latest", "steps_left")

    def __init__(self, most_steps: int | None) -> None:
        self.earliest = 1 << 63
        self.latest = -1 << 63
        self.keyless = -1
        self.steps_left = most_steps

    def add(self, delta: int, has_key: bool, index: int) -> None:
        """One record more."""
        if delta > self.latest:
            self.latest = delta
        if delta < self.earliest:
            self.earliest = delta
        if not has_key and self.keyless < 0:
            self.keyless = index

    def add_run(self, run: Run, records_a_step: int) -> None:
        """Many more, of which so many are one step."""
        self.latest = max(self.latest, *run.deltas)
        self.earliest = min(self.earliest, *run.deltas)
        if self.keyless < 0:
            self.keyless = run.keyless
        self.take_steps(1 + run.records // records_a_step)

    def take_steps(self, steps: int) -> None:
        """So much work is done, or would be."""
        if self.steps_left is not None:
            self.steps_left -= steps
            if self.steps_left < 0:
                raise LongWalk


class _Source:
    """The records' bytes as they come: `data` from `pos` on is in memory."""

    def __init__(self, pieces: Iterable[bytes | memoryview]) -> None:
        self._pieces = iter(pieces)
        self._passed = 0  # bytes in front of `data`
        self.data: bytes | memoryview = b""
        self.pos = 0

    def fill(self, least: int) -> bool:
        """Have at least so many bytes in memory; whether there are."""
        if len(self.data) - self.pos >= least:
            return True
        parts, there = [self.data[self.pos :]], len(self.data) - self.pos
        for piece in self._pieces:
            parts.append(piece)
            there += len(piece)
            if there >= least:
                break
        self._passed += self.pos
        if len(parts) == 2 and not parts[0]:  # as a rule the whole batch: not to be copied
            del parts[0]
        self.data, self.pos = parts[0] if len(parts) == 1 else b"".join(parts), 0
        return there >= least

    def _skip(self, size: int, end: int) -> None:
        """Pass over a field of a record that ends at `end`, holding no more than a piece."""
        if size > end - self._passed - self.pos:
            raise CorruptFrame(f"a field of {size} bytes ends beyond its record")
        while size > len(self.data) - self.pos:
            size -= len(self.data) - self.pos
            self._passed += len(self.data)
            self.data, self.pos = b"", 0
            if not self.fill(1):
                raise CorruptFrame("the last record is cut off")
        self.pos += size

    def _varint(self, bits: int = 32) -> int:
        self.fill(_LONGEST_VARINT)
        value, self.pos = zigzag(self.data, self.pos, bits)
        return value

    def read_record(self, facts: _Facts, index: int | None = None) -> tuple[int, int, bool]:
        """The next record, wherever its bytes are: both its deltas, and whether it has a key.

        CorruptFrame if its offset delta is not `index`, where that is given.
        """
        facts.take_steps(1)
        try:
            length = self._varint()
            end = self._passed + self.pos + length
            if length < _SMALLEST_LENGTH:
                raise CorruptFrame(f"a record of {length} bytes")
            self._skip(1, end)  # attributes, unused
            delta = self._varint(64)
            offset_delta = self._varint()
            if index is not None and offset_delta != index:
                raise CorruptFrame(f"record {index} has offset delta {offset_delta}")
            has_key = self._field(end)
            self._field(end)
            headers = self._varint()
            if not 0 <= headers <= end - self._passed - self.pos:
                raise CorruptFrame(f"a record of {headers} headers")
            facts.take_steps(headers)
            for _ in range(headers):
                if not self._field(end):
                    raise CorruptFrame("a header without a key")
                self._field(end)
        except IndexError as fault:
            raise CorruptFrame("a record is cut off") from fault
        if self._passed + self.pos != end:
            raise CorruptFrame(f"a record is {length} bytes long, and its fields are not")
        return delta, offset_delta, has_key

    def _field(self, end: int) -> bool:
        """Pass over a key or a value; whether it is there."""
        size = self._varint()
        if size > 0:
            self._skip(size, end)
        return size >= 0


def _step_over(data: bytes, pos: int, index: int, stop: int, facts: _Facts) -> tuple[int, int]:
    """The records up to `stop` that lie whole in `data`: where the next one begins, and its index.

    A varint has one byte as a rule, or two: read in place, for a call costs as much as all the rest.
    """
    total, start = len(data), pos
    earliest, latest = facts.earliest, facts.latest
    try:
        while index < stop:
            start = pos
            length, pos = data[pos], pos + 1
            if length > 0x7F:
                length, pos = (
                    (length & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, start)
                )
            end = pos + (length >> 1)
            if length & 1 or end > total:
                break
            time, pos = data[pos + 1], pos + 2
            if time > 0x7F:
                time, pos = (
                    (time & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, pos - 1, 64)
                )
            place, pos = data[pos], pos + 1
            if place > 0x7F:
                place, pos = (
                    (place & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, pos - 1)
                )
            size, pos = data[pos], pos + 1
            if size > 0x7F:
                size, pos = (size & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, pos - 1)
            if not size & 1:
                pos += size >> 1
            elif facts.keyless < 0:
                facts.keyless = index
            size, pos = data[pos], pos + 1
            if size > 0x7F:
                size, pos = (size & 0x7F | data[pos] << 7, pos + 1) if data[pos] < 0x80 else _long_varint(data, pos - 1)
            if not size & 1:
                pos += size >> 1
            pos = pos + 1 if not data[pos] else _after_headers(data, pos, end, facts)
            if pos != end or place != index << 1:
                break
            delta = (time >> 1) ^ -(time & 1)
            if delta > latest:
                latest = delta
            if delta < earliest:
                earliest = delta
            start = end
            index += 1
    except IndexError:
        pass
    facts.earliest, facts.latest = earliest, latest
    return start, index  # what is wrong with the record here, if it is all there, shows when it is read by itself


def _long_varint(data: bytes, pos: int, bits: int = 32) -> tuple[int, int]:
    """A varint as it stands, its sign in the last bit, and the position after it."""
    value, pos = zigzag(data, pos, bits)
    return (value << 1) ^ (value >> 63), pos


def _after_headers(data: bytes, pos: int, end: int, facts: _Facts) -> int:
    """The position after a record's headers, whose number stands at `pos`."""
    count, pos = zigzag(data, pos)
    if not 0 <= count <= end - pos:
        raise CorruptFrame(f"a record of {count} headers")
    facts.take_steps(count)
    for _ in range(count):
        size, pos = zigzag(data, pos)
        if size < 0:
            raise CorruptFrame("a header without a key")
        pos += size
        size, pos = zigzag(data, pos)
        if size > 0:
            pos += size
    return pos
