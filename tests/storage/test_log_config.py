"""What a topic's settings mean to its logs."""

from odradek.storage.log_config import LogConfig


def test_jitter_shortens_a_segments_life_by_less_than_itself() -> None:
    config = LogConfig(segment_ms=1000, segment_jitter_ms=300)
    lives = {config.roll_after_ms(seed) for seed in range(1000)}
    assert (min(lives), max(lives)) == (701, 1000)
    assert LogConfig(segment_ms=1000).roll_after_ms(99) == 1000


def test_a_topic_may_be_compacted_and_lose_old_segments_too() -> None:
    both = LogConfig(cleanup_policy=frozenset({"compact", "delete"}))
    assert (both.is_compacted, both.deletes_old_segments) == (True, True)
    assert (LogConfig().is_compacted, LogConfig().deletes_old_segments) == (False, True)
    compacted = LogConfig(cleanup_policy=frozenset({"compact"}))
    assert (compacted.is_compacted, compacted.deletes_old_segments) == (True, False)


def test_a_compacted_segment_is_sealed_in_time_for_its_cleaning() -> None:
    compacted = LogConfig(cleanup_policy=frozenset({"compact"}), segment_ms=1000, max_compaction_lag_ms=100)
    assert compacted.longest_segment_ms == 100
    assert LogConfig(segment_ms=1000, max_compaction_lag_ms=100).longest_segment_ms == 1000


def test_jitter_above_a_segments_life_leaves_it_some() -> None:
    config = LogConfig(segment_ms=100, segment_jitter_ms=10_000)
    assert {config.roll_after_ms(seed) for seed in range(1000)} == set(range(1, 101))


def test_the_brokers_clock_stamps_only_where_the_topic_asks_for_it() -> None:
    assert LogConfig(message_timestamp_type="LogAppendTime").stamps_append_time
    assert not LogConfig().stamps_append_time
