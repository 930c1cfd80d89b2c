"""What a producer's batch must satisfy before it is appended, in Kafka's order and with Kafka's codes. Pure.

The header is believed in nothing that it says of its records: they are walked over, and where it is wrong about their
largest timestamp it is put right (clients have sent -1). Structural refusals carry no text for the client, refusals
of single records do (KIP-467).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..protocol.batch import (
    CODEC_MASK,
    CRC_FROM,
    HEADER_BYTES,
    LOG_APPEND_TIME,
    LOG_OVERHEAD_BYTES,
    MAGIC_AT,
    RecordBatch,
)
from ..protocol.compression import MAX_INFLATED_BYTES, Codec, compress
from ..protocol.crc32c import crc32c
from ..protocol.errors import ErrorCode, KafkaError
from ..protocol.record_walk import LongWalk, RecordFacts, each_record, walk_few, walk_records
from ..protocol.wire import CorruptFrame
from .effort import WITHOUT_HASTE, Effort, HeavyBatch
from .files.files import Buffer
from .log_config import LONG_MAX, LogConfig

ZSTD_FROM_PRODUCE_VERSION = 7

_MAGIC = 2
_LEAST_SIZE_FIELD = 14  # of the oldest format; below it nothing can be a batch
_ERRORS_SHOWN = 3
_NO_TIMESTAMP = -1
_FEW_RECORDS = 32
_FEW_BYTES = 16 * 1024
_LEAST_LONG = -1 << 63
# Kafka lists every one. An answer of millions of sentences is itself a bomb.
MOST_RECORD_ERRORS = 1000
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


@dataclass(slots=True)
class BatchCheck:
    """A check of one batch, by the settings and the time that it was asked for: on the loop, or on any thread."""

    config: LogConfig
    now_ms: int
    topic_partition: str

    def check(self, batch: RecordBatch, effort: Effort = WITHOUT_HASTE) -> RecordBatch:
        """The batch as it is to be stored: itself, restamped or recompressed.

        Raises KafkaError or InvalidRecords, and HeavyBatch if it takes more than the effort allows.
        """
        _check_header(batch, self.config)
        config = self.config
        facts = self._facts(batch, effort)
        codec = _CODECS.get(config.compression_type)
        is_recompressed = codec is not None and codec != batch.codec
        if config.stamps_append_time:
            attributes, latest = batch.attributes | LOG_APPEND_TIME, self.now_ms
        else:
            attributes, latest = batch.attributes & ~LOG_APPEND_TIME, batch.max_timestamp
            if not batch.has_log_append_time:
                latest = batch.base_timestamp + facts.latest_delta
            latest = max(latest, _NO_TIMESTAMP)
        if codec is not None and is_recompressed:
            return self._recompressed(batch, codec, attributes, latest, effort)
        if attributes != batch.attributes or latest != batch.max_timestamp:
            return RestampedBatch(batch, attributes, latest)
        return batch

    def _facts(self, batch: RecordBatch, effort: Effort) -> RecordFacts:
        """What is true of the batch's records, if that is nothing to refuse it for."""
        try:
            facts = walk_few(bytes(batch.records), batch.records_count) if _has_few_records(batch) else None
            if facts is None:
                facts = walk_records(effort.opened(batch), batch.records_count, effort.most_steps)
        except LongWalk as fault:
            raise HeavyBatch from fault
        except CorruptFrame as fault:
            # A retriable code would make clients send the same bytes for ever.
            raise KafkaError(ErrorCode.INVALID_RECORD, str(fault)) from fault
        base = batch.base_timestamp
        if base + facts.earliest_delta < _LEAST_LONG or base + facts.latest_delta > LONG_MAX:
            raise KafkaError(ErrorCode.INVALID_RECORD, "a timestamp of more than 64 bits")
        is_key_missing = self.config.is_compacted and facts.first_without_key is not None
        if is_key_missing or not self._are_times_fine(batch, facts):
            self._refuse_records(batch, effort)
        return facts

    def _are_times_fine(self, batch: RecordBatch, facts: RecordFacts) -> bool:
        """Whether no timestamp of the batch is one to refuse."""
        if batch.has_log_append_time:
            # All its records have the batch's.
            return self._time_problem(batch, 0, batch.max_timestamp) is None
        if self.config.stamps_append_time:
            return True
        earliest, latest = self._time_range
        base = batch.base_timestamp
        return earliest <= base + facts.earliest_delta and base + facts.latest_delta <= latest

    @property
    def _time_range(self) -> tuple[int, int]:
        before_ms, after_ms = self.config.message_timestamp_before_max_ms, self.config.message_timestamp_after_max_ms
        return self.now_ms - before_ms, self.now_ms + after_ms

    def _time_problem(self, batch: RecordBatch, index: int, timestamp: int) -> str | None:
        if not self.config.stamps_append_time and timestamp != _NO_TIMESTAMP:
            earliest, latest = self._time_range
            if earliest <= timestamp <= latest:
                return None
            return (
                f"Timestamp {timestamp} of message with offset {index} is out of range. "
                f"The timestamp should be within [{earliest}, {latest}]"
            )
        if batch.has_log_append_time:
            return (
                f"Invalid timestamp type in message with offset {index}. "
                "Producer should not set timestamp type to LogAppendTime."
            )
        return None

    def _refuse_records(self, batch: RecordBatch, effort: Effort) -> None:
        """Find each record at fault and raise InvalidRecords; there may be none, as -1 is no timestamp out of range."""
        errors: list[RecordError] = []
        has_bad_time = False
        missing = f"Compacted topic cannot accept message without key in topic partition {self.topic_partition}"
        for index, (delta, _, has_key) in enumerate(each_record(effort.opened(batch), batch.records_count)):
            if index >= effort.most_listed:
                raise HeavyBatch
            if self.config.is_compacted and not has_key:
                errors.append(RecordError(index, missing))
            else:
                timestamp = batch.max_timestamp if batch.has_log_append_time else batch.base_timestamp + delta
                problem = self._time_problem(batch, index, timestamp)
                if problem is not None:
                    has_bad_time = True
                    errors.append(RecordError(index, problem))
            if len(errors) >= MOST_RECORD_ERRORS:
                break
        if has_bad_time:
            why = "One or more records have been rejected due to invalid timestamp"
            raise InvalidRecords(ErrorCode.INVALID_TIMESTAMP, why, errors)
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

    def _recompressed(
        self, batch: RecordBatch, codec: Codec, attributes: int, latest: int, effort: Effort
    ) -> RecordBatch:
        config = self.config
        # What is stored as it is need not be opened further than it may be large.
        most_bytes = config.max_message_bytes if codec == Codec.NONE else MAX_INFLATED_BYTES
        try:
            plain = effort.opened_whole(batch, most_bytes)
        except CorruptFrame as fault:
            raise KafkaError(ErrorCode.MESSAGE_TOO_LARGE, f"with the topic's codec: {fault}") from fault
        levels = {
            Codec.GZIP: config.compression_gzip_level,
            Codec.LZ4: config.compression_lz4_level,
            Codec.ZSTD: config.compression_zstd_level,
        }
        stored = batch.refilled(
            compress(codec, plain, levels.get(codec)),
            batch.records_count,
            attributes=attributes & ~CODEC_MASK | codec,
            base_timestamp=batch.base_timestamp,
            max_timestamp=latest,
        )
        if stored.size_bytes > config.max_message_bytes:
            raise KafkaError(
                ErrorCode.MESSAGE_TOO_LARGE,
                f"{stored.size_bytes} bytes with the topic's codec are more than max.message.bytes",
            )
        return stored


def check_batch(batch: RecordBatch, config: LogConfig, now_ms: int, *, topic: str, partition: int) -> RecordBatch:
    """The batch as it is to be stored, however long the check takes; KafkaError or InvalidRecords otherwise."""
    return BatchCheck(config, now_ms, f"{topic}-{partition}").check(batch)


def _has_few_records(batch: RecordBatch) -> bool:
    """Whether it is a plain batch that is walked over sooner than a walk in pieces has begun."""
    return batch.codec == Codec.NONE and batch.records_count <= _FEW_RECORDS and batch.size_bytes <= _FEW_BYTES


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
