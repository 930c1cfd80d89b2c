"""One value of a setting, and where it was given: what DescribeConfigs calls its source (KIP-226)."""

from dataclasses import dataclass
from enum import IntEnum


class ConfigSource(IntEnum):
    """Kafka's numbers."""

    DYNAMIC_TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    DYNAMIC_BROKER_LOGGER = 6
    DYNAMIC_CLIENT_METRICS = 7
    DYNAMIC_GROUP = 8


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One value in a setting's chain: under which name it was given, and where."""

    name: str
    value: str | None
    source: ConfigSource
