"""The settings of share groups: the broker's, and for each group its own where it has any (KIP-932)."""

from collections.abc import Callable
from dataclasses import dataclass

from ..modern.settings import ModernGroupSettings


def _defaults(group_id: str) -> ModernGroupSettings:
    return ModernGroupSettings()


@dataclass(frozen=True, slots=True)
class ShareGroupConfig:
    """What is the same for all groups; `of_group` gives the rest, as it is at the time."""

    max_size: int = 200  # group.share.max.size
    initialize_retry_interval_ms: int = 30_000  # group.share.initialize.retry.interval.ms
    of_group: Callable[[str], ModernGroupSettings] = _defaults
