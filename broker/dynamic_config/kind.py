"""What is to be known of one kind of resource that has settings: topics, brokers, groups, client metrics, loggers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..config.config_def import ConfigKey
from ..config.config_value import ConfigSource, ConfigValue


@dataclass(frozen=True, slots=True)
class DescribedConfig:
    """One setting of a resource, as DescribeConfigs shows it. `chain` has every value known, the one in force first."""

    value: ConfigValue
    type: str | None  # Kafka's word; None for a setting that only its user knows
    chain: Sequence[ConfigValue] = field(default_factory=tuple[ConfigValue, ...])
    is_read_only: bool = False
    is_sensitive: bool = False
    documentation: str | None = None


class ConfigKind(Protocol):
    """One kind of resource. What is refused is refused in Kafka's words, by KafkaError."""

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """Every setting of the resource of that name, given or not."""
        ...

    def check_name(self, name: str) -> None:
        """Whether settings may be given to a resource of that name."""
        ...

    def find(self, key: str) -> ConfigKey | None:
        """The setting of that name, if it is one that Kafka knows of this kind of resource."""
        ...

    def check(self, name: str, configs: Mapping[str, str]) -> Mapping[str, str]:
        """All that is to be set of the resource of that name, as it is to be recorded."""
        ...


def inherited(key: ConfigKey, own: ConfigValue | None, others: Sequence[ConfigValue]) -> DescribedConfig:
    """A setting with its own value, if it has one, in front of those that stand behind it."""
    chain = list(others) if own is None else [own, *others]
    in_force = chain[0] if chain else ConfigValue(key.name, key.default, ConfigSource.DEFAULT)
    return DescribedConfig(ConfigValue(key.name, in_force.value, in_force.source), key.type, chain)
