"""The settings of consumer groups: the broker's, and for each group its own where it has any (KIP-848)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Internal in Kafka: patterns are not resolved again before so long has passed.
REGEX_REFRESH_MIN_INTERVAL_MS = 10_000


@dataclass(frozen=True, slots=True)
class ConsumerGroupSettings:
    """What may be different for each group; times are milliseconds."""

    session_timeout_ms: int = 45_000  # group.consumer.session.timeout.ms
    heartbeat_interval_ms: int = 5_000  # group.consumer.heartbeat.interval.ms
    assignment_interval_ms: int = 1_000  # group.consumer.assignment.interval.ms


def _defaults(group_id: str) -> ConsumerGroupSettings:
    return ConsumerGroupSettings()


@dataclass(frozen=True, slots=True)
class ConsumerConfig:
    """What is the same for all groups; `of_group` gives the rest, as it is at the time."""

    max_size: int = 0x7FFFFFFF  # group.consumer.max.size
    assignors: Sequence[str] = ("uniform", "range")  # group.consumer.assignors, the default one first
    regex_refresh_interval_ms: int = 600_000  # group.consumer.regex.refresh.interval.ms
    of_group: Callable[[str], ConsumerGroupSettings] = _defaults
