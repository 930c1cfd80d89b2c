"""Which segments may go: by age, by size, or because the log starts behind them. Pure.

Always a run of the oldest segments, so that the log stays whole. Age is counted from the records' own timestamps,
as in Kafka: old data that arrives today is old.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .log_config import LogConfig


class SegmentFacts(NamedTuple):
    """What retention wants to know of a segment."""

    base_offset: int
    next_offset: int  # base of the following segment, or the end of the log
    size_bytes: int
    largest_timestamp: int  # of its records, else when the file last changed


class Expired(NamedTuple):
    """A segment that may go, and in Kafka's words why."""

    base_offset: int
    size_bytes: int
    reason: str


def find_expired(
    segments: Sequence[SegmentFacts],
    config: LogConfig,
    now_ms: int,
    *,
    log_start_offset: int,
    high_watermark: int,
) -> list[Expired]:
    """The segments to delete, oldest first; the active one is the last of `segments`."""
    expired: list[Expired] = []
    excess = sum(segment.size_bytes for segment in segments) - config.retention_bytes
    for segment in segments:
        is_empty_active = segment is segments[-1] and segment.size_bytes == 0
        if segment.next_offset > high_watermark or is_empty_active:
            break
        reason = None
        if config.deletes_old_segments:
            if 0 <= config.retention_ms < now_ms - segment.largest_timestamp:
                reason = "retention.ms"
            elif config.retention_bytes >= 0 and excess - segment.size_bytes >= 0:
                reason = "retention.bytes"
        if reason is None and segment is not segments[-1] and segment.next_offset <= log_start_offset:
            reason = "log start offset"
        if reason is None:
            break
        excess -= segment.size_bytes
        expired.append(Expired(segment.base_offset, segment.size_bytes, reason))
    return expired
