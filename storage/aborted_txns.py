"""The aborted-transaction index of a segment (`.txnindex`): one entry for every ABORT marker in it.

Entries stand in the order of their markers, so last offsets ascend and first offsets need not (KIP-98).
"""

import struct
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
