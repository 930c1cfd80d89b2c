"""The settings of streams groups: the broker's, and for each group its own where it has any (KIP-1071)."""

from collections.abc import Callable
from dataclasses import dataclass

from ..modern.settings import ModernGroupSettings

NUM_STANDBY_REPLICAS = "num.standby.replicas"


@dataclass(frozen=True, slots=True)
class StreamsGroupSettings(ModernGroupSettings):
    """What may be different for each group; times are milliseconds. The names are `group.streams.*`."""

    initial_rebalance_delay_ms: int = 3_000  # group.streams.initial.rebalance.delay.ms
    num_standby_replicas: int = 0  # group.streams.num.standby.replicas

    @property
    def assignment_configs(self) -> dict[str, str]:
        """What an assignment depends on, as records and the assignor have it."""
        return {NUM_STANDBY_REPLICAS: str(self.num_standby_replicas)}


def _defaults(group_id: str) -> StreamsGroupSettings:
    return StreamsGroupSettings()


@dataclass(frozen=True, slots=True)
class StreamsConfig:
    """What is the same for all groups; `of_group` gives the rest, as it is at the time."""

    max_size: int = 0x7FFFFFFF  # group.streams.max.size
    of_group: Callable[[str], StreamsGroupSettings] = _defaults
