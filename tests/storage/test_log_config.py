"""What a topic's settings mean to its logs."""

from odradek.storage.log_config import LogConfig


def test_jitter_shortens_a_segments_life_by_less_than_itself() -> None:
    config = LogConfig(segment_ms=1000, segment_jitter_ms=300)
    lives = {config.roll_after_ms(seed) for seed in range(1000)}
    assert (min(lives), max(lives)) == (701, 1000)
    assert LogConfig(segment_ms=1000).roll_after_ms(99) == 1000
