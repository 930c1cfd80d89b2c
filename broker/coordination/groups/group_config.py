"""The settings that group coordination reads, under Kafka's names and with Kafka's defaults."""

from dataclasses import dataclass, field

from .consumer.settings import ConsumerConfig
from .share.settings import ShareGroupConfig
from .streams.settings import StreamsConfig


@dataclass(frozen=True, slots=True)
class GroupConfig:
    """A part of the broker's configuration; times are milliseconds."""

    min_session_timeout_ms: int = 6_000  # group.min.session.timeout.ms
    max_session_timeout_ms: int = 1_800_000  # group.max.session.timeout.ms
    initial_rebalance_delay_ms: int = 3_000  # group.initial.rebalance.delay.ms
    max_size: int = 0x7FFFFFFF  # group.max.size
    offset_metadata_max_bytes: int = 4_096  # offset.metadata.max.bytes
    offsets_retention_ms: int = 10_080 * 60_000  # offsets.retention.minutes
    offsets_retention_check_interval_ms: int = 600_000  # offsets.retention.check.interval.ms
    offsets_topic_partitions: int = 50  # offsets.topic.num.partitions
    consumer: ConsumerConfig = field(default_factory=ConsumerConfig)  # group.consumer.*
    streams: StreamsConfig = field(default_factory=StreamsConfig)  # group.streams.*
    share: ShareGroupConfig = field(default_factory=ShareGroupConfig)  # group.share.*
    new_member_join_timeout_ms: int = 300_000  # internal in Kafka: how long a newcomer may wait for a generation
