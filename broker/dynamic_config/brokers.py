"""The settings of this broker, and of every broker of the cluster (the empty name)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType
from ..config.broker_config import BrokerConfig
from ..config.config_def import (
    ConfigError,
    ConfigKey,
    broker_config_def,
    find_broker_config,
    topic_config_def,
    without_listener,
)
from ..config.config_value import ConfigSource, ConfigValue
from ..config.java_values import parse_integer, split_list
from ..metadata.image import MetadataImage
from .broker_checks import check_broker_values
from .kind import DescribedConfig

OF_ALL = ""
PER_BROKER = "per-broker"
# Kafka's brokers take these while they run, and this one only when it starts.
AT_THE_START = ("listeners", "listener.security.protocol.map")
_OF_LOGINS = "sasl."  # a part of each such setting, of whatever listener and mechanism
OVERRIDES = "max.connections.per.ip.overrides"
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")


class BrokerConfigs:
    """What the broker was started with is not changed; what clients set stands in front of it."""

    def __init__(
        self,
        config: BrokerConfig,
        image: Callable[[], MetadataImage],
        check_logins: Callable[[BrokerConfig], None] = lambda config: None,
    ) -> None:
        """`check_logins` raises ConfigError for settings with which nobody could log in."""
        self._config = config
        self._image = image
        self._check_logins = check_logins

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """All settings of this broker; of the empty name, what was set for all."""
        if not name:
            return [self._of_all(key) for key in self._given(OF_ALL)]
        unexpected = "Unexpected broker id, expected {} or empty string, but received {}"
        check_node_id(name, self._config.node_id, "Broker id", unexpected)
        known = {key.name: None for key in broker_config_def().values() if key.is_described}
        return [self._described(key) for key in {**known, **self._given(OF_ALL), **self._given(name)}]

    def _given(self, name: str) -> Mapping[str, str]:
        return self._image().configs.get((ConfigResourceType.BROKER, name), {})

    def _described(self, name: str) -> DescribedConfig:
        chain = self._config.chain_of(_names_of(name))
        source = chain[0].source if chain else ConfigSource.DEFAULT
        return _shown(ConfigValue(name, self._config.effective(name), source), chain)

    def _of_all(self, name: str) -> DescribedConfig:
        value = ConfigValue(name, self._given(OF_ALL)[name], ConfigSource.DYNAMIC_DEFAULT_BROKER)
        return _shown(value, [value])

    def check_name(self, name: str) -> None:
        """This broker's id, or the empty name."""
        if name:
            check_node_id(name, self._config.node_id, "Node id", "Unexpected broker id, expected {}, but received {}")

    def find(self, key: str) -> ConfigKey | None:
        """One of Kafka's settings of brokers."""
        return broker_config_def().get(key)

    def check(self, name: str, configs: Mapping[str, str]) -> Mapping[str, str]:
        """INVALID_REQUEST. What Kafka does not know is kept all the same: something else may."""
        known = {key: broker_config_def()[key] for key in configs if key in broker_config_def()}
        _refuse([key.name for key in known.values() if key.is_read_only], "Cannot update these configs dynamically")
        if not name:
            _refuse(
                [key.name for key in known.values() if key.update_mode == PER_BROKER],
                "Cannot update these configs at default cluster level, broker id must be specified",
            )
        try:
            spelled = {
                key: value if (found := find_broker_config(key)) is None else found.check(value)
                for key, value in configs.items()
            }
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_REQUEST, str(error)) from None
        _check_overrides(spelled.get(OVERRIDES, ""))
        check_broker_values(spelled, self._config.effective)
        if any(_OF_LOGINS in key for key in configs):
            self._try_logins(name, configs)
        given = self._given(name)
        _refuse(
            [key for key in AT_THE_START if configs.get(key) != given.get(key)],
            "This broker listens where it was told to at its start; cannot update",
        )
        return configs

    def _try_logins(self, name: str, configs: Mapping[str, str]) -> None:
        """Whether clients could still log in: else the broker would not start again either. INVALID_REQUEST."""
        altered = replace(self._config)
        own, of_all = (configs if key == name else self._given(key) for key in (str(self._config.node_id), OF_ALL))
        try:
            altered.set_dynamic(own, of_all)
            self._check_logins(altered)
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_REQUEST, str(error)) from None


def check_node_id(name: str, node_id: int, what: str, unexpected: str) -> None:
    """Whether a resource is named after this node. INVALID_REQUEST, each time in other words."""
    if not _INTEGER.fullmatch(name):
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{what} must be an integer, but it is: {name}")
    if int(name) != node_id:
        raise KafkaError(ErrorCode.INVALID_REQUEST, unexpected.format(node_id, name))


def _names_of(name: str) -> Sequence[str]:
    """All names that a setting has, its own first: log.retention.ms is log.retention.hours, too.

    What is said of one listener stands before what is said of all.
    """
    if (of_all := without_listener(name)) != name:
        return [name, of_all]
    for key in topic_config_def().values():
        if name in key.synonyms:
            return [name, *(one for one in key.synonyms if one != name)]
    return [name]


def _shown(value: ConfigValue, chain: Sequence[ConfigValue]) -> DescribedConfig:
    key = find_broker_config(value.name)
    if key is None:  # it may be a password
        return DescribedConfig(value, None, chain, is_read_only=True, is_sensitive=True)
    is_read_only = key.is_read_only or key.name != value.name
    return DescribedConfig(value, key.type, chain, is_read_only=is_read_only, is_sensitive=key.is_sensitive)


def _refuse(names: Sequence[str], why: str) -> None:
    if names:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{why}: [{', '.join(names)}]")


def _check_overrides(value: str) -> None:
    """HOST:COUNT,…, or a fault in Java's words."""
    for part in split_list(value):
        host, colon, count = part.rpartition(":")
        try:
            if not colon:
                raise ValueError(f"begin 0, end -1, length {len(part)}")
            if not host:
                raise ValueError("no host")
            parse_integer(count, 32)
        except ValueError as error:
            why = f"Error parsing configuration property '{OVERRIDES}': {error}"
            raise KafkaError(ErrorCode.INVALID_REQUEST, why) from None
