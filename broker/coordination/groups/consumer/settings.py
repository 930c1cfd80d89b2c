"""The settings of consumer groups: the broker's, and for each group its own where it has any (KIP-848)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..modern.settings import ModernGroupSettings

# Internal in Kafka: patterns are not resolved again before so long has passed.
REGEX_REFRESH_MIN_INTERVAL_MS = 10_000


def _defaults(group_id: str) -> ModernGroupSettings:
    return ModernGroupSettings()


@dataclass(frozen=True, slots=True)
class ConsumerConfig:
    """What is the same for all groups; `of_group` gives the rest, as it is at the time."""

    max_size: int = 0x7FFFFFFF  # group.consumer.max.size
    may_upgrade: bool = True  # group.consumer.migration.policy
    may_downgrade: bool = True
    assignors: Sequence[str] = ("uniform", "range")  # group.consumer.assignors, the default one first
    regex_refresh_interval_ms: int = 600_000  # group.consumer.regex.refresh.interval.ms
    of_group: Callable[[str], ModernGroupSettings] = _defaults
