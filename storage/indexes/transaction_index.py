"""The aborted-transaction index of a segment (`.txnindex`): one entry for every ABORT marker in it.

Entries stand in the order of their markers, so last offsets ascend and first offsets need not (KIP-98).
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_ENTRY = struct.Struct(">hqqqq")
ENTRY_BYTES = _ENTRY.size  # 34
_VERSION = 0


class AbortedTxn(NamedTuple):
    """Where an aborted transaction begins and where its marker stands."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


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


def find_aborted(indexes: Iterable[Sequence[AbortedTxn]], fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
    """The aborted transactions that touch [fetch_offset, upper_offset), by first offset.

    `indexes` are those of the segment that holds `fetch_offset` and of all later ones. Sorted, for clients
    exist that expect it.
    """
    found: list[AbortedTxn] = []
    for entries in indexes:
        start = bisect_left(entries, fetch_offset, key=lambda entry: entry.last_offset)
        for entry in entries[start:]:
            if entry.first_offset < upper_offset:
                found.append(entry)
            if entry.last_stable_offset >= upper_offset:
                # Whatever is aborted later was opened at or above that offset.
                return sorted(found, key=lambda entry: entry.first_offset)
    return sorted(found, key=lambda entry: entry.first_offset)
