"""The settings that the state of share partitions reads, under Kafka's names and with Kafka's defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareStateConfig:
    """A part of the broker's configuration; times are milliseconds."""

    updates_per_snapshot: int = 500  # share.coordinator.snapshot.update.records.per.snapshot
    prune_interval_ms: int = 300_000  # share.coordinator.state.topic.prune.interval.ms
    cold_snapshot_interval_ms: int = 300_000  # share.coordinator.cold.partition.snapshot.interval.ms
    state_topic_partitions: int = 50  # share.coordinator.state.topic.num.partitions
    # What a partition may have, and as much again that is written: twice group.share.max.partition.max.record.locks.
    max_batches: int = 8_000
