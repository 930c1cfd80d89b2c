"""The two sparse indexes of a segment, as they are in memory, and their bytes.

Both are rebuilt from the log whenever they are in doubt, so a decoder answers None instead of raising. Apache
Kafka sizes the files of its active segment in advance: zeros at the end are no entries.
"""

import sys
from array import array
from bisect import bisect_right

OFFSET_ENTRY_BYTES = 8
TIME_ENTRY_BYTES = 12

_IS_LITTLE = sys.byteorder == "little"


class OffsetIndex:
    """(last offset of a batch, relative to the segment; byte position of that batch), every few kilobytes."""

    __slots__ = ("_offsets", "_positions")

    def __init__(self) -> None:
        self._offsets = array("i")
        self._positions = array("i")

    def __len__(self) -> int:
        return len(self._offsets)

    def append(self, relative_offset: int, position: int) -> None:
        """Add an entry above all others."""
        self._offsets.append(relative_offset)
        self._positions.append(position)

    def floor(self, relative_offset: int) -> tuple[int, int] | None:
        """The greatest entry that does not lie beyond the offset; None: begin at the segment's first batch."""
        at = bisect_right(self._offsets, relative_offset)
        return (self._offsets[at - 1], self._positions[at - 1]) if at else None

    def drop(self, relative_offset: int) -> None:
        """Take an entry out that the log does not bear out."""
        at = self._offsets.index(relative_offset)
        del self._offsets[at], self._positions[at]

    def floor_position(self, position: int) -> int:
        """The greatest indexed position at or below `position`."""
        at = bisect_right(self._positions, position)
        return self._positions[at - 1] if at else 0

    def position_above(self, position: int) -> int | None:
        """The smallest indexed position beyond `position`."""
        at = bisect_right(self._positions, position)
        return self._positions[at] if at < len(self._positions) else None

    def encode(self, start: int = 0) -> bytes:
        """The file's bytes from entry `start` on."""
        count = len(self._offsets) - start
        both = array("i", bytes(count * OFFSET_ENTRY_BYTES))
        both[0::2] = self._offsets[start:]
        both[1::2] = self._positions[start:]
        if _IS_LITTLE:
            both.byteswap()
        return both.tobytes()

    @classmethod
    def decode(cls, data: bytes, log_bytes: int) -> "OffsetIndex | None":
        """An index from its file; None when the bytes cannot be an index of a log of this size."""
        both = array("i")
        both.frombytes(data[: len(data) // OFFSET_ENTRY_BYTES * OFFSET_ENTRY_BYTES])
        if _IS_LITTLE:
            both.byteswap()
        offsets, positions = both[0::2], both[1::2]
        # The offset of a real entry is above 0: before the first entry there is a whole batch.
        while offsets and offsets[-1] == 0:
            offsets.pop()
            positions.pop()
        previous_offset, previous_position = 0, -1
        for offset, position in zip(offsets, positions, strict=True):
            if offset <= previous_offset or position <= previous_position:
                return None
            previous_offset, previous_position = offset, position
        if len(data) % OFFSET_ENTRY_BYTES or previous_position >= log_bytes:
            return None
        index = cls()
        index._offsets, index._positions = offsets, positions
        return index


class TimeIndex:
    """(largest timestamp so far, last offset of the batch that brought it), both ascending."""

    __slots__ = ("_offsets", "_timestamps")

    def __init__(self) -> None:
        self._timestamps = array("q")
        self._offsets = array("i")

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def last(self) -> tuple[int, int] | None:
        """The newest entry."""
        return (self._timestamps[-1], self._offsets[-1]) if self._offsets else None

    def append_if_later(self, timestamp: int, relative_offset: int) -> None:
        """Add an entry unless the last one is as late."""
        if not self._timestamps or timestamp > self._timestamps[-1]:
            self._timestamps.append(timestamp)
            self._offsets.append(relative_offset)

    def floor(self, timestamp: int) -> tuple[int, int] | None:
        """The greatest entry that is not later; every record below its offset is older. None: begin at the start."""
        at = bisect_right(self._timestamps, timestamp)
        return (self._timestamps[at - 1], self._offsets[at - 1]) if at else None

    def drop(self, timestamp: int) -> None:
        """Take an entry out that the log does not bear out."""
        at = self._timestamps.index(timestamp)
        del self._timestamps[at], self._offsets[at]

    def encode(self, start: int = 0) -> bytes:
        """The file's bytes from entry `start` on."""
        count = len(self._offsets) - start
        words = array("i", bytes(count * TIME_ENTRY_BYTES))
        offsets, timestamps = self._offsets[start:], self._timestamps[start:]
        if _IS_LITTLE:
            offsets.byteswap()
            timestamps.byteswap()
        halves = array("i")
        halves.frombytes(timestamps.tobytes())
        words[0::3], words[1::3], words[2::3] = halves[0::2], halves[1::2], offsets
        return words.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> "TimeIndex | None":
        """An index from its file; None when the bytes cannot be one."""
        words = array("i")
        words.frombytes(data[: len(data) // TIME_ENTRY_BYTES * TIME_ENTRY_BYTES])
        halves = array("i", bytes(len(words) // 3 * 8))
        halves[0::2], halves[1::2] = words[0::3], words[1::3]
        timestamps, offsets = array("q"), words[2::3]
        timestamps.frombytes(halves.tobytes())
        if _IS_LITTLE:
            timestamps.byteswap()
            offsets.byteswap()
        # One entry of zeros and nothing behind it was written: a first batch of one record of 1970, the latest of all.
        while offsets and offsets[-1] == 0 and timestamps[-1] == 0 and len(data) != TIME_ENTRY_BYTES:
            offsets.pop()
            timestamps.pop()
        index = cls()
        previous_timestamp, previous_offset = -(2**63), 0
        for timestamp, offset in zip(timestamps, offsets, strict=True):
            if timestamp <= previous_timestamp or offset < previous_offset:
                return None
            previous_timestamp, previous_offset = timestamp, offset
        if len(data) % TIME_ENTRY_BYTES:
            return None
        index._timestamps, index._offsets = timestamps, offsets
        return index
