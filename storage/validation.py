"""What a producer's batch must satisfy before it is appended, in Kafka's order and with Kafka's codes. Pure.

The header alone decides on the plain path. Records are opened only where their content matters: on compacted
topics, for timestamps out of range, for another codec. Structural refusals carry no text for the client, refusals
of single records do (KIP-467).
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.batch import CRC_FROM, HEADER_BYTES, LOG_APPEND_TIME, LOG_OVERHEAD_BYTES, MAGIC_AT, RecordBatch
from ..protocol.compression import Codec
from ..protocol.crc32c import crc32c
from ..protocol.errors import ErrorCode, KafkaError
from ..protocol.records import Record, read_records, rebuild_batch
from ..protocol.wire import CorruptFrame
from .files.files import Buffer
from .log_config import LONG_MAX, LogConfig

ZSTD_FROM_PRODUCE_VERSION = 7

_MAGIC = 2
_LEAST_SIZE_FIELD = 14  # of the oldest format; below it nothing can be a batch
_ERRORS_SHOWN = 3
_NO_TIMESTAMP = -1
_SIZE = struct.Struct(">i")
_STAMP = struct.Struct(">qii")
_CRC = struct.Struct(">I")
_ATTRIBUTES = struct.Struct(">h")
_TIMESTAMP = struct.Struct(">q")
_ATTRIBUTES_AT = 21
_MAX_TIMESTAMP_AT = 35
_CODECS = {
    "uncompressed": Codec.NONE,
    "none": Codec.NONE,
    "gzip": Codec.GZIP,
    "snappy": Codec.SNAPPY,
    "lz4": Codec.LZ4,
    "zstd": Codec.ZSTD,
}


class RecordError(NamedTuple):
    """One refused record: its index in the batch, and why."""

    batch_index: int
    message: str


class InvalidRecords(KafkaError):
    """A batch refused for some of its records; an answer from Produce 8 on lists them."""

    def __init__(self, code: ErrorCode, why: str, record_errors: Sequence[RecordError]) -> None:
        super().__init__(code, why)
        self.record_errors = record_errors


class RestampedBatch(RecordBatch):
    """A batch whose attributes or largest timestamp the broker changed: 61 new bytes, the records where they were."""

    __slots__ = ("_header",)

    def __init__(self, original: RecordBatch, attributes: int, max_timestamp: int) -> None:
        super().__init__(original.view)
        header = bytearray(original.view[:HEADER_BYTES])
        _ATTRIBUTES.pack_into(header, _ATTRIBUTES_AT, attributes)
        _TIMESTAMP.pack_into(header, _MAX_TIMESTAMP_AT, max_timestamp)
        self.crc = crc32c(original.records, crc32c(memoryview(header)[CRC_FROM:]))
        _CRC.pack_into(header, MAGIC_AT + 1, self.crc)
        self.attributes = attributes
        self.max_timestamp = max_timestamp
        self._header = header

    def stamped(self, base_offset: int, leader_epoch: int) -> tuple[bytes, memoryview]:
        """As two segments: the whole header, then the records as they came."""
        _STAMP.pack_into(self._header, 0, base_offset, self.size_bytes - LOG_OVERHEAD_BYTES, leader_epoch)
        return bytes(self._header), self.view[HEADER_BYTES:]


def split_batch(records: Buffer | None, version: int) -> RecordBatch:
    """The one batch of a partition in a Produce request of this version.

    Raises CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION_TYPE or INVALID_RECORD.
    """
    size = 0 if not records else _batch_size(records, 0)
    if not records or size == 0:
        raise KafkaError(ErrorCode.INVALID_RECORD, "no whole record batch")
    if records[MAGIC_AT] != _MAGIC:
        raise KafkaError(ErrorCode.INVALID_RECORD, f"a record batch of magic {records[MAGIC_AT]}")
    if size < HEADER_BYTES:
        raise KafkaError(ErrorCode.CORRUPT_MESSAGE, f"a record batch of {size} bytes")
    batch = RecordBatch(records)
    if batch.codec == Codec.ZSTD and version < ZSTD_FROM_PRODUCE_VERSION:
        raise KafkaError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, f"zstd in Produce {version}")
    # Bytes that are the beginning of a batch are dropped in silence; a whole one is one too many.
    if len(records) > size and _batch_size(records, size):
        raise KafkaError(ErrorCode.INVALID_RECORD, "more than one record batch")
    return batch


def _batch_size(data: Buffer, at: int) -> int:
    """The size of the batch at `at`, 0 when it is not whole; CORRUPT_MESSAGE when it cannot be one."""
    left = len(data) - at
    if left < LOG_OVERHEAD_BYTES:
        return 0
    (length,) = _SIZE.unpack_from(data, at + 8)
    if length < _LEAST_SIZE_FIELD:
        why = f"Record size {length} is less than the minimum record overhead ({_LEAST_SIZE_FIELD})"
        raise InvalidRecords(ErrorCode.CORRUPT_MESSAGE, why, ())
    if left <= MAGIC_AT:
        return 0
    magic = data[at + MAGIC_AT]
    if magic > _MAGIC:
        signed = magic - 256 if magic > 127 else magic
        raise InvalidRecords(ErrorCode.CORRUPT_MESSAGE, f"Invalid magic found in record: {signed}", ())
    size = int(length) + LOG_OVERHEAD_BYTES
    return size if size <= left else 0


def check_batch(batch: RecordBatch, config: LogConfig, now_ms: int, *, topic: str, partition: int) -> RecordBatch:
    """The batch as it is to be stored: itself, restamped or recompressed; KafkaError or InvalidRecords otherwise."""
    _check_header(batch, config)
    codec = _CODECS.get(config.compression_type)
    is_recompressed = codec is not None and codec != batch.codec
    if is_recompressed or config.is_compacted or _needs_timestamps_read(batch, config, now_ms):
        records = _opened(batch)
        _check_records(batch, records, config, now_ms, f"{topic}-{partition}")
        if is_recompressed:
            assert codec is not None
            batch = _recompressed(batch, records, codec, config)
        else:
            latest = max(record.timestamp for record in records)
            if not config.stamps_append_time and latest != batch.max_timestamp:
                return RestampedBatch(batch, batch.attributes & ~LOG_APPEND_TIME, max(latest, _NO_TIMESTAMP))
    if config.stamps_append_time:
        return RestampedBatch(batch, batch.attributes | LOG_APPEND_TIME, now_ms)
    if batch.has_log_append_time:
        return RestampedBatch(batch, batch.attributes & ~LOG_APPEND_TIME, batch.max_timestamp)
    return batch


def _check_header(batch: RecordBatch, config: LogConfig) -> None:
    if batch.base_offset != 0:
        raise KafkaError(ErrorCode.INVALID_RECORD, f"base offset {batch.base_offset}, not 0")
    if batch.size_bytes > config.max_message_bytes:
        raise KafkaError(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"{batch.size_bytes} bytes are more than max.message.bytes ({config.max_message_bytes})",
        )
    if not batch.is_intact():
        raise KafkaError(ErrorCode.CORRUPT_MESSAGE, "the checksum is wrong")
    count = batch.records_count
    if count <= 0 or batch.last_offset_delta + 1 != count:
        raise KafkaError(ErrorCode.INVALID_RECORD, f"{count} records, last offset delta {batch.last_offset_delta}")
    if batch.is_control:
        raise KafkaError(ErrorCode.INVALID_RECORD, "clients may not write control batches")
    if batch.has_producer and batch.base_sequence < 0:
        raise KafkaError(ErrorCode.INVALID_RECORD, f"producer {batch.producer_id} without a sequence number")
    if batch.codec > Codec.ZSTD:
        raise KafkaError(ErrorCode.INVALID_RECORD, f"no codec has the number {batch.codec}")


def _needs_timestamps_read(batch: RecordBatch, config: LogConfig, now_ms: int) -> bool:
    """Whether the header leaves a doubt: it knows the largest timestamp and not the smallest."""
    if config.stamps_append_time:
        return batch.has_log_append_time
    if batch.has_log_append_time and batch.max_timestamp == _NO_TIMESTAMP:
        return True
    return (
        batch.max_timestamp - now_ms > config.message_timestamp_after_max_ms
        or config.message_timestamp_before_max_ms < LONG_MAX
    )


def _opened(batch: RecordBatch) -> list[Record]:
    try:
        records = list(read_records(batch))
    except CorruptFrame as fault:
        # A retriable code would make clients send the same bytes for ever.
        raise KafkaError(ErrorCode.INVALID_RECORD, str(fault)) from fault
    for index, record in enumerate(records):
        if record.offset != index:
            raise KafkaError(ErrorCode.INVALID_RECORD, f"record {index} has offset delta {record.offset}")
    return records


def _check_records(
    batch: RecordBatch, records: list[Record], config: LogConfig, now_ms: int, topic_partition: str
) -> None:
    errors: list[RecordError] = []
    has_bad_time = False
    for index, record in enumerate(records):
        if config.is_compacted and record.key is None:
            why = f"Compacted topic cannot accept message without key in topic partition {topic_partition}"
            errors.append(RecordError(index, why))
            continue
        late = _timestamp_problem(batch, record, config, now_ms)
        if late is not None:
            has_bad_time = True
            errors.append(RecordError(index, late))
    if has_bad_time:
        raise InvalidRecords(
            ErrorCode.INVALID_TIMESTAMP, "One or more records have been rejected due to invalid timestamp", errors
        )
    if errors:
        shown = ", ".join(
            f"RecordError(batchIndex={error.batch_index}, message='{error.message}')"
            for error in errors[:_ERRORS_SHOWN]
        )
        raise InvalidRecords(
            ErrorCode.INVALID_RECORD,
            f"One or more records have been rejected due to {len(errors)} record errors in total, and only showing "
            f"the first three errors at most: [{shown}]",
            errors,
        )


def _timestamp_problem(batch: RecordBatch, record: Record, config: LogConfig, now_ms: int) -> str | None:
    if not config.stamps_append_time and record.timestamp != _NO_TIMESTAMP:
        earliest = now_ms - config.message_timestamp_before_max_ms
        latest = now_ms + config.message_timestamp_after_max_ms
        if earliest <= record.timestamp <= latest:
            return None
        return (
            f"Timestamp {record.timestamp} of message with offset {record.offset} is out of range. "
            f"The timestamp should be within [{earliest}, {latest}]"
        )
    if batch.has_log_append_time:
        return (
            f"Invalid timestamp type in message with offset {record.offset}. "
            "Producer should not set timestamp type to LogAppendTime."
        )
    return None


def _recompressed(batch: RecordBatch, records: list[Record], codec: Codec, config: LogConfig) -> RecordBatch:
    levels = {
        Codec.GZIP: config.compression_gzip_level,
        Codec.LZ4: config.compression_lz4_level,
        Codec.ZSTD: config.compression_zstd_level,
    }
    stored = RecordBatch(rebuild_batch(batch, records, codec=codec, level=levels.get(codec)))
    if stored.size_bytes > config.max_message_bytes:
        raise KafkaError(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"{stored.size_bytes} bytes with the topic's codec are more than max.message.bytes",
        )
    return stored
