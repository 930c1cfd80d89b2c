"""Record batches, right and wrong, byte by byte: every field of the header can be set to what it must not be."""

import struct

from odradek.protocol.crc32c import crc32c

BASE_MS = 1_700_000_000_000
LENGTH_AT, MAGIC_AT, CRC_FROM = 8, 16, 21
CONTROL, LOG_APPEND_TIME, TRANSACTIONAL = 0x20, 0x08, 0x10


def varint(value: int) -> bytes:
    """A zigzag varint, as the fields of a record are written."""
    left = (value << 1) ^ (value >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def record(value: bytes | None, key: bytes | None = None, *, offset_delta: int = 0, time_delta: int = 0) -> bytes:
    """One record without headers."""
    body = b"\0" + varint(time_delta) + varint(offset_delta)
    for part in (key, value):
        body += varint(-1) if part is None else varint(len(part)) + part
    body += varint(0)
    return varint(len(body)) + body


def batch(
    values: list[bytes | None],
    *,
    key: bytes | None = None,
    base_offset: int = 0,
    leader_epoch: int = -1,
    magic: int = 2,
    attributes: int = 0,
    last_offset_delta: int | None = None,
    base_ms: int = BASE_MS,
    max_ms: int | None = None,
    producer_id: int = -1,
    producer_epoch: int = -1,
    sequence: int = -1,
    count: int | None = None,
    length: int | None = None,
    crc: int | None = None,
    payload: bytes | None = None,
) -> bytes:
    """A batch of one record per value, a millisecond apart; what is not given is what it should be.

    `payload` stands in the place of the records.
    """
    if payload is None:
        payload = b"".join(record(value, key, offset_delta=n, time_delta=n) for n, value in enumerate(values))
    last = len(values) - 1
    summed = struct.pack(
        ">hiqqqhii",
        attributes,
        last if last_offset_delta is None else last_offset_delta,
        base_ms,
        base_ms + max(last, 0) if max_ms is None else max_ms,
        producer_id,
        producer_epoch,
        sequence,
        len(values) if count is None else count,
    )
    summed += payload
    total = 9 + len(summed) if length is None else length
    head = struct.pack(">qiib", base_offset, total, leader_epoch, magic)
    return head + struct.pack(">I", crc32c(summed) if crc is None else crc) + summed
