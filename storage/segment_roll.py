"""When the active segment is sealed before an append: when it, or an index of it, would be too large or too old.

Age counts from the records' own timestamps, as in Kafka: from the first batch to the one that arrives.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.batch import RecordBatch
from ..protocol.crc32c import crc32c
from ..protocol.errors import ErrorCode, KafkaError
from .log_config import LogConfig
from .segment import MOST_RELATIVE_OFFSET, Segment


class Incoming(NamedTuple):
    """What is about to be appended."""

    size: int
    last_offset: int
    max_timestamp: int


def must_roll(segment: Segment, config: LogConfig, incoming: Incoming, now_ms: int, name: str) -> bool:
    """Whether what comes belongs into a new segment; RECORD_LIST_TOO_LARGE when none could hold it.

    `name` is that of the partition: it decides where in the jitter this log lies.
    """
    size, last_offset, max_timestamp = incoming
    if size > config.segment_bytes:
        why = f"{size} bytes are more than a segment holds ({config.segment_bytes})"
        raise KafkaError(ErrorCode.RECORD_LIST_TOO_LARGE, why)
    size_bytes = segment.records.size_bytes
    return size_bytes > 0 and (
        size_bytes + size > config.segment_bytes
        or last_offset - segment.base_offset > MOST_RELATIVE_OFFSET
        or segment.indexes.is_full(config.segment_index_bytes)
        or _is_old(segment, config, None, max_timestamp, now_ms, name)
    )


def count_fitting(segment: Segment, config: LogConfig, batches: Sequence[RecordBatch], now_ms: int, name: str) -> int:
    """How many of a leader's batches belong into this segment before a new one begins, had they come one by one.

    An empty segment takes one at least, however large: its leader has it already.
    """
    size, most = segment.records.size_bytes, config.segment_bytes
    if size and segment.indexes.is_full(config.segment_index_bytes):
        return 0
    highest = segment.base_offset + MOST_RELATIVE_OFFSET
    first_timestamp = None if size else batches[0].max_timestamp
    for n, batch in enumerate(batches):
        if size and (
            size + batch.size_bytes > most
            or batch.last_offset > highest
            or _is_old(segment, config, first_timestamp, batch.max_timestamp, now_ms, name)
        ):
            return n
        size += batch.size_bytes
    return len(batches)


def _is_old(
    segment: Segment, config: LogConfig, first_timestamp: int | None, max_timestamp: int, now_ms: int, name: str
) -> bool:
    if first_timestamp is None:
        first_timestamp = segment.first_timestamp
    if first_timestamp is None:
        first_timestamp = segment.read_first_timestamp()
    if first_timestamp >= 0 and max_timestamp >= 0:
        age_ms = max_timestamp - first_timestamp
    else:
        age_ms = now_ms - segment.created_ms
    if config.segment_jitter_ms == 0:
        return age_ms > config.longest_segment_ms
    return age_ms > config.roll_after_ms(seed=crc32c(f"{name}-{segment.base_offset}".encode()))
