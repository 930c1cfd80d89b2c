"""Which segments may go."""

import pytest

from odradek.storage.log_config import LogConfig
from odradek.storage.retention import SegmentFacts, find_expired

NOW = 1_000_000
OLD, NEW = NOW - 2000, NOW - 10


def _segments(*timestamps: int, active_bytes: int = 100) -> list[SegmentFacts]:
    """Segments of ten offsets and 100 bytes; the last is the active one."""
    last = len(timestamps) - 1
    return [
        SegmentFacts(10 * n, 10 * n + 10, active_bytes if n == last else 100, timestamp)
        for n, timestamp in enumerate(timestamps)
    ]


def _gone(
    segments: list[SegmentFacts], config: LogConfig, start: int = 0, high_watermark: int = 1000
) -> list[tuple[int, str]]:
    found = find_expired(segments, config, NOW, log_start_offset=start, high_watermark=high_watermark)
    return [(segment.base_offset, segment.reason) for segment in found]


def test_segments_go_by_age_until_the_first_young_one() -> None:
    config = LogConfig(retention_ms=1000)
    assert _gone(_segments(OLD, OLD, NEW, OLD), config) == [(0, "retention.ms"), (10, "retention.ms")]


@pytest.mark.parametrize(("timestamp", "goes"), [(NOW - 1000, False), (NOW - 1001, True), (NOW + 9999, False)])
def test_age_is_counted_from_the_records(timestamp: int, goes: bool) -> None:
    assert bool(_gone(_segments(timestamp, NEW), LogConfig(retention_ms=1000))) == goes


def test_the_active_segment_goes_too_when_all_of_it_is_old() -> None:
    assert len(_gone(_segments(OLD, OLD), LogConfig(retention_ms=1000))) == 2


def test_an_empty_active_segment_stays() -> None:
    assert _gone(_segments(OLD, OLD, active_bytes=0), LogConfig(retention_ms=1000)) == [(0, "retention.ms")]


@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (0, 3), (100, 2), (101, 1), (200, 1), (299, 0), (300, 0)])
def test_by_size_the_log_never_falls_below_the_limit(limit: int, count: int) -> None:
    config = LogConfig(retention_ms=-1, retention_bytes=limit)
    assert len(_gone(_segments(NEW, NEW, NEW), config)) == count


def test_nothing_at_or_beyond_the_high_watermark_goes() -> None:
    assert _gone(_segments(OLD, OLD), LogConfig(retention_ms=1000), high_watermark=15) == [(0, "retention.ms")]


def test_segments_before_the_start_of_the_log_go_and_the_active_one_stays() -> None:
    config = LogConfig(retention_ms=-1)
    assert _gone(_segments(NEW, NEW, NEW), config, start=19) == [(0, "log start offset")]
    assert _gone(_segments(NEW, NEW), config, start=20) == [(0, "log start offset")]


def test_compaction_alone_keeps_what_is_old_and_large() -> None:
    config = LogConfig(cleanup_policy=frozenset({"compact"}), retention_ms=1000, retention_bytes=1)
    assert _gone(_segments(OLD, OLD, OLD), config) == []
    assert _gone(_segments(OLD, OLD, OLD), config, start=10) == [(0, "log start offset")]


def test_age_and_size_add_up() -> None:
    config = LogConfig(retention_ms=1000, retention_bytes=150)
    assert _gone(_segments(OLD, NEW, NEW, NEW), config) == [(0, "retention.ms"), (10, "retention.bytes")]
