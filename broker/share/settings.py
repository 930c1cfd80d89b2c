"""The settings of share groups as their partitions see them (KIP-932)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareGroupSettings:
    """What may be different for each group."""

    record_lock_duration_ms: int = 30_000
    delivery_count_limit: int = 5
    partition_max_record_locks: int = 2_000
    auto_offset_reset: str = "latest"
    is_read_committed: bool = False
    renew_acknowledge_enable: bool = True


SettingsOfGroup = Callable[[str], ShareGroupSettings]
