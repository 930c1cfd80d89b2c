"""What a topic's settings mean to its logs: Kafka's names and Kafka's defaults, no parsing.

The broker resolves overrides and synonyms and hands down a value of this class; a log may be given another
one at any time (`PartitionLog.config`), so nothing here may be copied into longer-lived state.
"""

from dataclasses import dataclass

LONG_MAX = 0x7FFFFFFFFFFFFFFF

CREATE_TIME = "CreateTime"
LOG_APPEND_TIME = "LogAppendTime"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """The topic settings a partition's log obeys (times in milliseconds, sizes in bytes, -1: no limit)."""

    segment_bytes: int = 1073741824
    segment_ms: int = 604800000
    segment_jitter_ms: int = 0
    segment_index_bytes: int = 10485760
    index_interval_bytes: int = 4096
    retention_ms: int = 604800000
    retention_bytes: int = -1
    max_message_bytes: int = 1048588
    message_timestamp_type: str = CREATE_TIME
    message_timestamp_before_max_ms: int = LONG_MAX
    message_timestamp_after_max_ms: int = 3600000
    cleanup_policy: frozenset[str] = frozenset({"delete"})
    compression_type: str = "producer"
    compression_gzip_level: int = -1
    compression_lz4_level: int = 9
    compression_zstd_level: int = 3
    flush_messages: int = LONG_MAX
    flush_ms: int = LONG_MAX
    file_delete_delay_ms: int = 60000
    delete_retention_ms: int = 86400000
    min_cleanable_dirty_ratio: float = 0.5
    min_compaction_lag_ms: int = 0
    max_compaction_lag_ms: int = LONG_MAX
    producer_id_expiration_ms: int = 86400000

    @property
    def is_compacted(self) -> bool:
        """Whether records must have keys."""
        return "compact" in self.cleanup_policy

    @property
    def deletes_old_segments(self) -> bool:
        """Whether age and size may remove segments; compaction alone never loses a key's last value."""
        return "delete" in self.cleanup_policy

    @property
    def stamps_append_time(self) -> bool:
        """Whether the broker's clock replaces the producers' timestamps."""
        return self.message_timestamp_type == LOG_APPEND_TIME

    @property
    def longest_segment_ms(self) -> int:
        """How long a segment may be appended to: a compacted one must be sealed before it can be cleaned (KIP-354)."""
        return min(self.segment_ms, self.max_compaction_lag_ms) if self.is_compacted else self.segment_ms

    def roll_after_ms(self, seed: int) -> int:
        """How long a segment may live; `seed` spreads segments over the jitter, since storage has no random numbers."""
        if self.segment_jitter_ms <= 0:
            return self.longest_segment_ms
        return self.longest_segment_ms - seed % min(self.segment_jitter_ms, max(self.longest_segment_ms, 1))
