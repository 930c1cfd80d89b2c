"""What of a log may be compacted, whether that is worth a pass, and which segments become one. Pure.

All is counted in whole segments, as in Kafka. A log is clean below its first dirty offset; from there a pass takes
the keys, and everything up to the first offset that must not be cleaned yet is rewritten.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from ..log_config import LONG_MAX, LogConfig

_MOST_SPAN = 0x7FFFFFFF
# A swap happens in one go, so its length is bounded; Kafka, whose cleaner has a thread, merges any number.
MOST_MERGED = 32


class SealedSegment(Protocol):
    """What is asked of a segment. Timestamps are read from its files when they matter, and only then."""

    base_offset: int
    created_ms: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the batches."""
        ...

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp of any record, -1 for none."""
        ...

    def read_first_timestamp(self) -> int:
        """The largest timestamp of the first batch, -1 for none."""
        ...


class Cleanable(NamedTuple):
    """What a pass would be about."""

    first_dirty_offset: int
    upper_offset: int  # the base of the first segment that must not be cleaned yet
    clean_bytes: int
    dirty_bytes: int
    is_overdue: bool  # something dirty is older than max.compaction.lag.ms

    @property
    def dirty_ratio(self) -> float:
        """Which part of what would be rewritten is new: what `min.cleanable.dirty.ratio` is about."""
        total = self.clean_bytes + self.dirty_bytes
        return self.dirty_bytes / total if total else 0.0

    def is_due(self, config: LogConfig) -> bool:
        """Whether a pass is worth its while, or must be."""
        return self.dirty_ratio > config.min_cleanable_dirty_ratio or (self.is_overdue and self.dirty_bytes > 0)


def find_cleanable(
    sealed: Sequence[SealedSegment],
    config: LogConfig,
    now_ms: int,
    *,
    checkpoint: int | None,
    log_start_offset: int,
    active_base_offset: int,
    last_stable_offset: int,
    log_end_offset: int,
) -> Cleanable:
    """What may be cleaned of these segments, all but the active one; `checkpoint` is where the last pass ended."""
    first_dirty = log_start_offset if checkpoint is None else checkpoint
    if not log_start_offset <= first_dirty <= log_end_offset:
        first_dirty = log_start_offset  # records were deleted, or cut off: nothing is known to be clean
    dirty = [one for at, one in enumerate(sealed) if _end_of(sealed, at, active_base_offset) > first_dirty]
    upper = min(last_stable_offset, active_base_offset)
    if config.min_compaction_lag_ms > 0:
        upper = min([upper, *(one.base_offset for one in dirty if _is_young(one, config, now_ms))])
    upper = _floor(sealed, max(first_dirty, upper), active_base_offset)
    return Cleanable(
        first_dirty,
        upper,
        sum(one.size_bytes for one in sealed if one.base_offset < min(first_dirty, upper)),
        sum(one.size_bytes for one in dirty if one.base_offset < upper),
        _is_overdue(dirty, config, now_ms),
    )


def may_be_due(sizes: Sequence[tuple[int, int]], config: LogConfig, checkpoint: int) -> bool:
    """Whether it is worth opening a log to see if a pass is due, by the base and the bytes of each of its segments."""
    clean = dirty = 0
    for (base_offset, size), (next_base, _) in pairwise(sizes):
        clean += size if base_offset < checkpoint else 0
        dirty += size if next_base > checkpoint else 0
    is_bounded = config.max_compaction_lag_ms < LONG_MAX
    return dirty > 0 and (is_bounded or dirty > config.min_cleanable_dirty_ratio * (clean + dirty))


def _end_of(sealed: Sequence[SealedSegment], at: int, active_base_offset: int) -> int:
    return sealed[at + 1].base_offset if at + 1 < len(sealed) else active_base_offset


def _floor(sealed: Sequence[SealedSegment], offset: int, active_base_offset: int) -> int:
    """The base of the segment that holds `offset`."""
    if offset >= active_base_offset:
        return active_base_offset
    return max((one.base_offset for one in sealed if one.base_offset <= offset), default=offset)


def _is_young(segment: SealedSegment, config: LogConfig, now_ms: int) -> bool:
    latest = segment.max_timestamp
    return (segment.created_ms if latest < 0 else latest) > now_ms - config.min_compaction_lag_ms


def _is_overdue(dirty: Sequence[SealedSegment], config: LogConfig, now_ms: int) -> bool:
    if config.max_compaction_lag_ms == LONG_MAX:
        return False
    known = [timestamp for one in dirty if (timestamp := one.read_first_timestamp()) > 0]
    return bool(known) and min(known) < now_ms - config.max_compaction_lag_ms


class SegmentExtent(NamedTuple):
    """A segment as the merging sees it."""

    base_offset: int
    next_offset: int
    size_bytes: int
    index_bytes: int  # of its larger index


def group_segments(segments: Sequence[SegmentExtent], config: LogConfig) -> list[list[int]]:
    """Runs of neighbours (by place) that fit into one segment as they are; what they shrink by counts next time."""
    groups: list[list[int]] = []
    size = index_bytes = 0
    for at, segment in enumerate(segments):
        size += segment.size_bytes
        index_bytes += segment.index_bytes
        if (
            groups
            and len(groups[-1]) < MOST_MERGED
            and size <= config.segment_bytes
            and index_bytes <= config.segment_index_bytes
            and segment.next_offset - 1 - segments[groups[-1][0]].base_offset <= _MOST_SPAN
        ):
            groups[-1].append(at)
            continue
        groups.append([at])
        size, index_bytes = segment.size_bytes, segment.index_bytes
    return groups
