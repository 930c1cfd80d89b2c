"""The records inside a batch: read and build. Nothing on the way of a Produce or a Fetch needs this file.

    length varint | attributes int8 | timestamp delta varlong | offset delta varint | key | value | headers

Key, value and a header's value have a varint length, -1 for null. All varints are zigzag.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from .batch import CONTROL, HEADER_BYTES, LOG_APPEND_TIME, LOG_OVERHEAD_BYTES, TRANSACTIONAL, RecordBatch
from .compression import MAX_INFLATED_BYTES, Codec, compress, decompress
from .crc32c import crc32c
from .wire import CorruptFrame, put_zigzag, zigzag

Header: TypeAlias = tuple[str, bytes | None]

MAGIC = 2
_HEAD = struct.Struct(">qiibI")
_BODY = struct.Struct(">hiqqqhii")
_ODD_BYTES = "surrogateescape"  # a header key is stored unread: what is no UTF-8 has to survive compaction
# A record has seven fields of at least one byte, and its length counts six of them.
_SMALLEST_RECORD_BYTES = 7


class Record(NamedTuple):
    """One record as it stands in the log."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class NewRecord(NamedTuple):
    """A record to be written: its place in the batch decides its offset. `timestamp` is wall milliseconds."""

    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Sequence[Header] = ()


class ProducerStamp(NamedTuple):
    """Whose batch it is, and its place among that producer's (KIP-98)."""

    producer_id: int
    producer_epoch: int
    base_sequence: int = -1
    is_transactional: bool = False


NO_PRODUCER = ProducerStamp(-1, -1)


def read_records(batch: RecordBatch, max_bytes: int = MAX_INFLATED_BYTES) -> Iterator[Record]:
    """The records of a batch, one by one; CorruptFrame where they are damaged, too few, too many, or too large.

    Damage shows when its record is reached: a caller that must not act on half a batch takes a list first.
    """
    count = batch.records_count
    if not count and not len(batch.records):  # what compaction leaves of a batch: nothing, not even a codec's header
        return
    data = bytes(batch.records) if batch.codec == Codec.NONE else decompress(batch.codec, batch.records, max_bytes)
    if count < 0 or count * _SMALLEST_RECORD_BYTES > len(data):
        raise CorruptFrame(f"{count} records in {len(data)} bytes")
    pos = 0
    base_offset, base_timestamp = batch.base_offset, batch.base_timestamp
    append_time = batch.max_timestamp if batch.has_log_append_time else None
    for _ in range(count):
        try:
            length, pos = zigzag(data, pos)
            end = pos + length
            if length < _SMALLEST_RECORD_BYTES - 1 or end > len(data):
                raise CorruptFrame(f"record of {length} bytes at {pos}")
            timestamp_delta, pos = zigzag(data, pos + 1, 64)
            offset_delta, pos = zigzag(data, pos)
            key, pos = _read_bytes(data, pos)
            value, pos = _read_bytes(data, pos)
            headers, pos = _read_headers(data, pos, end)
        except IndexError as fault:
            raise CorruptFrame(f"record: {fault}") from fault
        if pos != end:
            raise CorruptFrame(f"record ends at {pos}, not at {end}")
        timestamp = base_timestamp + timestamp_delta if append_time is None else append_time
        yield Record(base_offset + offset_delta, timestamp, key, value, headers)
    if pos != len(data):
        raise CorruptFrame(f"{len(data) - pos} bytes after the last record")


def _read_bytes(data: bytes, pos: int) -> tuple[bytes | None, int]:
    length, pos = zigzag(data, pos)
    if length < 0:
        return None, pos
    end = pos + length
    if end > len(data):
        raise CorruptFrame("record: field ends beyond its batch")
    return data[pos:end], end


def _read_headers(data: bytes, pos: int, end: int) -> tuple[Sequence[Header], int]:
    count, pos = zigzag(data, pos)
    if not 0 <= count <= end - pos:
        raise CorruptFrame(f"record: {count} headers")
    if not count:
        return (), pos
    headers: list[Header] = []
    for _ in range(count):
        key, pos = _read_bytes(data, pos)
        if key is None:
            raise CorruptFrame("record: header without a key")
        value, pos = _read_bytes(data, pos)
        headers.append((key.decode(errors=_ODD_BYTES), value))
    return tuple(headers), pos


def build_batch(
    records: Sequence[NewRecord],
    *,
    codec: int = Codec.NONE,
    level: int | None = None,
    base_offset: int = 0,
    partition_leader_epoch: int = -1,
    producer: ProducerStamp = NO_PRODUCER,
    is_control: bool = False,
    append_time_ms: int | None = None,
) -> bytes:
    """A batch of at least one record. `append_time_ms` makes it one of LogAppendTime. ValueError if it is empty."""
    if not records:
        raise ValueError("a batch has at least one record")
    base_timestamp = latest = records[0].timestamp
    body = bytearray()
    for delta, (key, value, timestamp, headers) in enumerate(records):
        _put_record(body, delta, timestamp - base_timestamp, key, value, headers)
        if timestamp > latest:
            latest = timestamp
    attributes = (
        codec
        | (TRANSACTIONAL if producer.is_transactional else 0)
        | (CONTROL if is_control else 0)
        | (0 if append_time_ms is None else LOG_APPEND_TIME)
    )
    if append_time_ms is not None:
        latest = append_time_ms
    return _assemble(
        (base_offset, partition_leader_epoch),
        (attributes, len(records) - 1, base_timestamp, latest, *producer[:3]),
        len(records),
        compress(codec, body, level) if codec else body,
    )


class OpenBatch:
    """A batch that is built record by record, all of one timestamp: a long one is made in steps."""

    __slots__ = ("_body", "_count", "_timestamp")

    def __init__(self, timestamp: int) -> None:
        """`timestamp` is wall milliseconds."""
        self._body = bytearray()
        self._count = 0
        self._timestamp = timestamp

    def add(self, key: bytes | None, value: bytes | None) -> None:
        """One more record."""
        _put_record(self._body, self._count, 0, key, value, ())
        self._count += 1

    @property
    def size_bytes(self) -> int:
        """How large it has become, headers included."""
        return HEADER_BYTES + len(self._body)

    def closed(self, producer: ProducerStamp = NO_PRODUCER) -> bytes:
        """The batch with the records so far. ValueError if there is none."""
        if not self._count:
            raise ValueError("a batch has at least one record")
        attributes = TRANSACTIONAL if producer.is_transactional else 0
        body = (attributes, self._count - 1, self._timestamp, self._timestamp, *producer[:3])
        return _assemble((0, -1), body, self._count, self._body)


def rebuild_batch(
    batch: RecordBatch,
    records: Iterable[Record],
    *,
    codec: int | None = None,
    level: int | None = None,
) -> bytes:
    """The batch with only these of its records, or with another codec: offsets, producer and sequences stay."""
    kept = list(records)
    attributes = batch.attributes
    base_timestamp = batch.base_timestamp
    if codec is not None:
        attributes = attributes & ~0x07 | codec
    latest = batch.max_timestamp
    if not batch.has_log_append_time:
        latest = max((record.timestamp for record in kept), default=latest)
    body = bytearray()
    for record in kept:
        deltas = record.offset - batch.base_offset, record.timestamp - base_timestamp
        _put_record(body, *deltas, record.key, record.value, record.headers)
    return _assemble(
        (batch.base_offset, batch.partition_leader_epoch),
        (
            attributes,
            batch.last_offset_delta,
            base_timestamp,
            latest,
            batch.producer_id,
            batch.producer_epoch,
            batch.base_sequence,
        ),
        len(kept),
        compress(attributes & 0x07, body, level) if kept else b"",
    )


def _put_record(
    out: bytearray,
    offset_delta: int,
    timestamp_delta: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[Header],
) -> None:
    if not headers and key is not None and value is not None and timestamp_delta == 0:  # as coordinators write them
        lengths = _zigzag(offset_delta), _zigzag(len(key)), _zigzag(len(value))
        record = b"".join((b"\0\0", lengths[0], lengths[1], key, lengths[2], value, b"\0"))
        out += _zigzag(len(record))
        out += record
        return
    one = bytearray(1)  # attributes, unused
    put_zigzag(one, timestamp_delta)
    put_zigzag(one, offset_delta)
    _put_bytes(one, key)
    _put_bytes(one, value)
    put_zigzag(one, len(headers))
    for name, content in headers:
        _put_bytes(one, name.encode(errors=_ODD_BYTES))
        _put_bytes(one, content)
    put_zigzag(out, len(one))
    out += one


@lru_cache(maxsize=4096)
def _zigzag(value: int) -> bytes:
    out = bytearray()
    put_zigzag(out, value)
    return bytes(out)


def _put_bytes(out: bytearray, value: bytes | None) -> None:
    if value is None:
        out.append(1)  # -1 in zigzag
    else:
        put_zigzag(out, len(value))
        out += value


def _assemble(
    stamp: tuple[int, int], body: tuple[int, int, int, int, int, int, int], count: int, records: bytes | bytearray
) -> bytes:
    base_offset, leader_epoch = stamp
    summed = _BODY.pack(*body, count) + records
    length = _HEAD.size - LOG_OVERHEAD_BYTES + len(summed)
    return _HEAD.pack(base_offset, length, leader_epoch, MAGIC, crc32c(summed)) + summed
