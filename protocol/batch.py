"""A record batch of magic 2: a view on its bytes, never a copy and never its records.

The 61 bytes of the header, all big-endian (semantics of KIP-98):

     0 int64  base_offset              producer sends 0, the broker stamps it
     8 int32  batch_length             bytes after this field
    12 int32  partition_leader_epoch   the broker stamps it
    16 int8   magic                    2
    17 uint32 crc                      CRC-32C of everything from byte 21 on
    21 int16  attributes               codec, timestamp type, transactional, control, delete horizon
    23 int32  last_offset_delta
    27 int64  base_timestamp
    35 int64  max_timestamp
    43 int64  producer_id
    51 int16  producer_epoch
    53 int32  base_sequence
    57 int32  records_count
    61        records
"""

import struct
from collections.abc import Iterator

from .crc32c import crc32c

HEADER_BYTES = 61
LOG_OVERHEAD_BYTES = 12  # base_offset and batch_length, which batch_length does not count
MAGIC_AT = 16
CRC_FROM = 21
MAX_SEQUENCE = 0x7FFFFFFF

CODEC_MASK = 0x07
LOG_APPEND_TIME = 0x08
TRANSACTIONAL = 0x10
CONTROL = 0x20
DELETE_HORIZON = 0x40

_HEADER = struct.Struct(">qiibIhiqqqhii")
_STAMP = struct.Struct(">qii")
_SIZE = struct.Struct(">i")
_SUMMED = struct.Struct(">hiqqqhii")  # from CRC_FROM on
_CRC = struct.Struct(">I")


def sequence_after(sequence: int, delta: int) -> int:
    """A sequence number `delta` further on; 2147483647 is followed by 0."""
    return (sequence + delta) & MAX_SEQUENCE


class RecordBatch:
    """One batch: its header decoded, its bytes a view. The caller has checked that all bytes are there."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "crc",
        "last_offset_delta",
        "magic",
        "max_timestamp",
        "partition_leader_epoch",
        "producer_epoch",
        "producer_id",
        "records_count",
        "size_bytes",
        "view",
    )

    base_offset: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records_count: int
    size_bytes: int
    view: memoryview

    def __init__(self, data: bytes | bytearray | memoryview, pos: int = 0) -> None:
        (
            self.base_offset,
            length,
            self.partition_leader_epoch,
            self.magic,
            self.crc,
            self.attributes,
            self.last_offset_delta,
            self.base_timestamp,
            self.max_timestamp,
            self.producer_id,
            self.producer_epoch,
            self.base_sequence,
            self.records_count,
        ) = _HEADER.unpack_from(data, pos)
        self.size_bytes = length + LOG_OVERHEAD_BYTES
        self.view = memoryview(data)[pos : pos + self.size_bytes]

    def __repr__(self) -> str:
        return (
            f"RecordBatch(offsets {self.base_offset}-{self.last_offset}, {self.size_bytes} bytes, "
            f"producer {self.producer_id}/{self.producer_epoch} at {self.base_sequence}, "
            f"attributes {self.attributes:#x})"
        )

    @property
    def last_offset(self) -> int:
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        """The first offset after this batch."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def last_sequence(self) -> int:
        """Derived from last_offset_delta, not from records_count: compaction lowers the count."""
        return -1 if self.base_sequence < 0 else sequence_after(self.base_sequence, self.last_offset_delta)

    @property
    def codec(self) -> int:
        return self.attributes & CODEC_MASK

    @property
    def has_log_append_time(self) -> bool:
        return bool(self.attributes & LOG_APPEND_TIME)

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & CONTROL)

    @property
    def has_delete_horizon(self) -> bool:
        return bool(self.attributes & DELETE_HORIZON)

    @property
    def has_producer(self) -> bool:
        """Whether sequences are checked: an id and an epoch, both given."""
        return self.producer_id >= 0 and self.producer_epoch >= 0

    @property
    def records(self) -> memoryview:
        """Everything after the header, compressed as it came."""
        return self.view[HEADER_BYTES:]

    def is_intact(self) -> bool:
        """Whether the checksum matches the bytes."""
        return crc32c(self.view[CRC_FROM:]) == self.crc

    def stamped(self, base_offset: int, leader_epoch: int) -> tuple[bytes, memoryview]:
        """This batch under its offset and epoch, as two segments: 16 new bytes, then the rest of the view.

        Those 16 bytes lie outside the CRC, so nothing is copied and nothing is summed again.
        """
        head = _STAMP.pack(base_offset, self.size_bytes - LOG_OVERHEAD_BYTES, leader_epoch)
        return head, self.view[MAGIC_AT:]

    def refilled(
        self, records: bytes, count: int, *, attributes: int, base_timestamp: int, max_timestamp: int
    ) -> "RecordBatch":
        """This batch around other records: offsets, epochs, producer and sequences stay, also when none are left."""
        header = bytearray(self.view[:HEADER_BYTES])
        _SIZE.pack_into(header, 8, HEADER_BYTES - LOG_OVERHEAD_BYTES + len(records))
        _SUMMED.pack_into(
            header,
            CRC_FROM,
            attributes,
            self.last_offset_delta,
            base_timestamp,
            max_timestamp,
            self.producer_id,
            self.producer_epoch,
            self.base_sequence,
            count,
        )
        _CRC.pack_into(header, MAGIC_AT + 1, crc32c(records, crc32c(memoryview(header)[CRC_FROM:])))
        return RecordBatch(b"".join((header, records)))


def whole_batches(data: bytes | bytearray | memoryview, pos: int = 0) -> Iterator[RecordBatch]:
    """The batches that lie whole in `data`; stops silently at the first one that does not."""
    end = len(data)
    while end - pos >= HEADER_BYTES:
        (length,) = _SIZE.unpack_from(data, pos + 8)
        size = length + LOG_OVERHEAD_BYTES
        if size < HEADER_BYTES or size > end - pos:
            return
        yield RecordBatch(data, pos)
        pos += size
