"""The aborted-transaction index of a segment (`.txnindex`): one entry for every ABORT marker in it.

Entries stand in the order of their markers, so last offsets ascend and first offsets need not (KIP-98).
"""

import struct
from bisect import bisect_left
from collections.abc import Generator, Sequence
from typing import NamedTuple, TypeAlias

_ENTRY = struct.Struct(">hqqqq")
ENTRY_BYTES = _ENTRY.size  # 34
_VERSION = 0


class AbortedTxn(NamedTuple):
    """Where an aborted transaction begins and where its marker stands."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


AbortedLookup: TypeAlias = Generator[None, None, list[AbortedTxn]]
"""Aborted transactions, found in steps."""


class AbortedUnknown(Exception):
    """To find the aborted transactions takes long: run `steps` to their end, then read and ask again.

    What they bring is not to be used: the log may have lost segments meanwhile that the read before it still saw.
    """

    def __init__(self, steps: AbortedLookup) -> None:
        super().__init__()
        self.steps = steps


def encode_aborted(entry: AbortedTxn) -> bytes:
    """The 34 bytes of one entry."""
    return _ENTRY.pack(_VERSION, *entry)


def decode_aborted(data: bytes) -> list[AbortedTxn] | None:
    """All entries of a file; None when it is torn, out of order or of a version unknown."""
    entries: list[AbortedTxn] = []
    previous = -1
    if len(data) % ENTRY_BYTES:
        return None
    for version, producer_id, first_offset, last_offset, last_stable_offset in _ENTRY.iter_unpack(data):
        if version != _VERSION or last_offset <= previous or first_offset > last_offset:
            return None
        entries.append(AbortedTxn(producer_id, first_offset, last_offset, last_stable_offset))
        previous = last_offset
    return entries


class AbortedSearch:
    """The aborted transactions that touch [fetch_offset, upper_offset).

    Give it the entries of the segment that holds `fetch_offset`, then those of each later one, until it wants no more.
    """

    __slots__ = ("_fetch_offset", "_found", "_upper_offset")

    def __init__(self, fetch_offset: int, upper_offset: int) -> None:
        self._fetch_offset = fetch_offset
        self._upper_offset = upper_offset
        self._found: list[AbortedTxn] = []

    def add(self, entries: Sequence[AbortedTxn]) -> bool:
        """Look through the entries of the next segment; whether there may be more in those after it."""
        start = bisect_left(entries, self._fetch_offset, key=lambda entry: entry.last_offset)
        for at in range(start, len(entries)):
            entry = entries[at]
            if entry.first_offset < self._upper_offset:
                self._found.append(entry)
            if entry.last_stable_offset >= self._upper_offset:
                return False  # whatever is aborted later was opened at or above that offset
        return True

    def found(self) -> list[AbortedTxn]:
        """By first offset: clients exist that expect it."""
        return sorted(self._found, key=lambda entry: entry.first_offset)
