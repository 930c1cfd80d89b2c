"""What of a log may be compacted, when that is worth it, and which segments become one."""

from dataclasses import dataclass, replace

import pytest

from odradek.storage.compaction.cleanable import (
    MOST_MERGED,
    Cleanable,
    SegmentExtent,
    find_cleanable,
    group_segments,
    may_be_due,
)
from odradek.storage.log_config import LogConfig

NOW_MS = 1_000_000
CONFIG = LogConfig(cleanup_policy=frozenset({"compact"}))


@dataclass
class Sealed:
    """A segment of ten offsets and a hundred bytes."""

    base_offset: int
    max_timestamp: int = 0
    size_bytes: int = 100
    created_ms: int = 0

    def read_first_timestamp(self) -> int:
        return self.max_timestamp


def find(
    *timestamps: int, config: LogConfig = CONFIG, checkpoint: int | None = None, start: int = 0, stable: int = 10**9
) -> Cleanable:
    """Of sealed segments with these largest timestamps, and an active one."""
    active = 10 * len(timestamps)
    return find_cleanable(
        [Sealed(10 * n, timestamp) for n, timestamp in enumerate(timestamps)],
        config,
        NOW_MS,
        checkpoint=checkpoint,
        log_start_offset=start,
        active_base_offset=active,
        last_stable_offset=min(stable, active + 5),
        log_end_offset=active + 5,
    )


def test_everything_but_the_active_segment_is_dirty_at_first() -> None:
    found = find(1, 1, 1)
    assert found == Cleanable(0, 30, 0, 300, is_overdue=False)
    assert found.dirty_ratio == 1.0
    assert found.is_due(CONFIG)


@pytest.mark.parametrize(
    ("checkpoint", "clean", "dirty"), [(10, 100, 200), (15, 200, 200), (20, 200, 100), (30, 300, 0)]
)
def test_what_lies_below_the_checkpoint_is_clean(checkpoint: int, clean: int, dirty: int) -> None:
    found = find(1, 1, 1, checkpoint=checkpoint)
    assert found[:4] == (checkpoint, 30, clean, dirty)
    assert found.is_due(CONFIG) == (dirty > clean)


@pytest.mark.parametrize("checkpoint", [4, 36, 1000])
def test_a_checkpoint_outside_the_log_means_that_nothing_is_clean(checkpoint: int) -> None:
    assert find(1, 1, 1, checkpoint=checkpoint, start=5).first_dirty_offset == 5


def test_the_segment_in_which_the_first_open_transaction_begins_is_the_first_to_stay() -> None:
    assert find(1, 1, 1, stable=10).upper_offset == 10
    assert find(1, 1, 1, stable=19).upper_offset == 10
    assert find(1, 1, 1, stable=20).upper_offset == 20
    assert find(1, 1, 1, stable=3)[1:4] == (0, 0, 0)


def test_a_young_segment_and_all_behind_it_stay() -> None:
    config = replace(CONFIG, min_compaction_lag_ms=1000)
    assert find(NOW_MS - 1000, NOW_MS - 999, 1, config=config).upper_offset == 10
    assert find(NOW_MS - 1000, NOW_MS - 1000, 1, config=config).upper_offset == 30


def test_a_segment_without_timestamps_is_as_young_as_it_looks() -> None:
    config = replace(CONFIG, min_compaction_lag_ms=1000)
    young = Sealed(0, -1, created_ms=NOW_MS - 1)
    asked = {"log_start_offset": 0, "active_base_offset": 10, "last_stable_offset": 15, "log_end_offset": 15}
    assert find_cleanable([young], config, NOW_MS, checkpoint=None, **asked).upper_offset == 0
    young.created_ms = NOW_MS - 1000
    assert find_cleanable([young], config, NOW_MS, checkpoint=None, **asked).upper_offset == 10


def test_dirty_records_older_than_max_compaction_lag_ms_are_overdue() -> None:
    config = replace(CONFIG, max_compaction_lag_ms=1000)
    old, young = NOW_MS - 1001, NOW_MS - 1000
    assert not find(old, young, config=config, checkpoint=10).is_overdue
    found = find(young, young, old, config=config, checkpoint=20)
    assert found.is_overdue
    assert found.is_due(config)
    assert not find(-1, 0, config=config).is_overdue
    assert not find(old, checkpoint=10).is_overdue


def test_nothing_dirty_is_never_due() -> None:
    config = replace(CONFIG, min_cleanable_dirty_ratio=0.0)
    assert not find(1, 1, config=config, checkpoint=20).is_due(config)
    assert not find(config=config).is_due(config)


def test_the_files_alone_tell_whether_a_log_is_worth_opening() -> None:
    sizes = [(0, 100), (10, 100), (20, 100), (30, 5)]
    assert may_be_due(sizes, CONFIG, 0)
    assert may_be_due(sizes, CONFIG, 10)
    assert not may_be_due(sizes, CONFIG, 20)
    assert may_be_due(sizes, replace(CONFIG, max_compaction_lag_ms=1), 20)
    assert not may_be_due(sizes, replace(CONFIG, max_compaction_lag_ms=1), 30)
    assert not may_be_due(sizes[:1], CONFIG, 0)
    assert not may_be_due([], CONFIG, 0)


def extents(*sizes: int) -> list[SegmentExtent]:
    return [SegmentExtent(10 * n, 10 * n + 10, size, 12) for n, size in enumerate(sizes)]


def test_neighbours_are_merged_as_far_as_a_segment_reaches() -> None:
    config = replace(CONFIG, segment_bytes=100)
    assert group_segments(extents(40, 60, 1, 99, 0, 101, 5), config) == [[0, 1], [2, 3, 4], [5], [6]]
    assert group_segments([], config) == []


def test_indexes_that_would_be_too_large_keep_segments_apart() -> None:
    config = replace(CONFIG, segment_index_bytes=36)
    assert group_segments(extents(1, 1, 1, 1), config) == [[0, 1, 2], [3]]


def test_offsets_too_far_apart_keep_segments_apart() -> None:
    far = [SegmentExtent(0, 10, 1, 0), SegmentExtent(10, 2**31, 1, 0), SegmentExtent(2**31, 2**31 + 1, 1, 0)]
    assert group_segments(far, CONFIG) == [[0, 1], [2]]


def test_one_swap_does_not_take_more_segments_than_a_moment_allows() -> None:
    groups = group_segments(extents(*[1] * (MOST_MERGED + 3)), CONFIG)
    assert [len(group) for group in groups] == [MOST_MERGED, 3]
