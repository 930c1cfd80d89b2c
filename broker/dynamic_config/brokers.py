"""The settings of this broker, and of every broker of the cluster (the empty name)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType
from ..config.broker_config import BrokerConfig
from ..config.config_def import (
    OF_AUTHORIZER,
    ConfigError,
    ConfigKey,
    broker_config_def,
    without_listener,
)
from ..config.config_value import ConfigSource, ConfigValue
from ..config.java_values import parse_integer, split_list
from ..config.listeners import TLS_RELOADED
from ..metadata.image import MetadataImage
from .broker_checks import CONNECTION_RATE, check_broker_values, refused_stores
from .kind import DescribedConfig

OF_ALL = ""
PER_BROKER = "per-broker"
# Kafka's brokers take these while they run, and this one only when it starts.
AT_THE_START = ("listeners", "listener.security.protocol.map")
ONLY_OF_LISTENERS = "These security configs can be dynamically updated only per-listener using the listener prefix"
_OF_LOGINS = "sasl."  # a part of each such setting, of whatever listener and mechanism
OVERRIDES = "max.connections.per.ip.overrides"
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")


class BrokerConfigs:
    """What the broker was started with is not changed; what clients set stands in front of it."""

    def __init__(
        self,
        config: BrokerConfig,
        image: Callable[[], MetadataImage],
        check_tls: Callable[[Mapping[str, str]], None] = lambda configs: None,
        check_logins: Callable[[BrokerConfig], None] = lambda config: None,
    ) -> None:
        """`check_tls` and `check_logins` raise ConfigError for settings that listeners could not be served with."""
        self._config = config
        self._image = image
        self._check_tls = check_tls
        self._check_logins = check_logins

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """All settings of this broker; of the empty name, what was set for all."""
        if not name:
            return [self._of_all(key) for key in self._given(OF_ALL)]
        unexpected = "Unexpected broker id, expected {} or empty string, but received {}"
        check_node_id(name, self._config.node_id, "Broker id", unexpected)
        known = {key.name: None for key in self._config.release.broker.values() if key.is_described}
        beside = {key: None for key in OF_AUTHORIZER if key in self._config.given}
        return [self._described(key) for key in {**known, **beside, **self._given(OF_ALL), **self._given(name)}]

    def _given(self, name: str) -> Mapping[str, str]:
        return self._image().configs.get((ConfigResourceType.BROKER, name), {})

    def _described(self, name: str) -> DescribedConfig:
        chain = self._config.chain_of(_names_of(name, self._config.release.topic))
        source = chain[0].source if chain else ConfigSource.DEFAULT
        return self._shown(ConfigValue(name, self._config.effective(name), source), chain)

    def _of_all(self, name: str) -> DescribedConfig:
        value = ConfigValue(name, self._given(OF_ALL)[name], ConfigSource.DYNAMIC_DEFAULT_BROKER)
        return self._shown(value, [value])

    def _shown(self, value: ConfigValue, chain: Sequence[ConfigValue]) -> DescribedConfig:
        key = None if value.name in OF_AUTHORIZER else self._config.release.find_broker_config(value.name)
        if key is None:  # it may be a password
            return DescribedConfig(value, None, chain, is_read_only=True, is_sensitive=True)
        is_read_only = key.is_read_only or key.name != value.name
        return DescribedConfig(value, key.type, chain, is_read_only=is_read_only, is_sensitive=key.is_sensitive)

    def check_name(self, name: str) -> None:
        """This broker's id, or the empty name."""
        if name:
            check_node_id(name, self._config.node_id, "Node id", "Unexpected broker id, expected {}, but received {}")

    def find(self, key: str) -> ConfigKey | None:
        """One of Kafka's settings of brokers."""
        return self._config.release.broker.get(key)

    def check(self, name: str, configs: Mapping[str, str]) -> Mapping[str, str]:
        """INVALID_REQUEST. What Kafka does not know is kept all the same: something else may."""
        of_release = self._config.release.broker
        known = {key: of_release[key] for key in configs if key in of_release}
        _refuse([key.name for key in known.values() if key.is_read_only], "Cannot update these configs dynamically")
        _refuse([key for key in configs if key in TLS_RELOADED], ONLY_OF_LISTENERS)
        try:
            spelled = {
                key: value if (found := self._config.release.find_broker_config(key)) is None else found.check(value)
                for key, value in configs.items()
            }
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_REQUEST, str(error)) from None
        if not name:
            _refuse(
                [key for key in configs if _is_per_broker(key)],
                "Cannot update these configs at default cluster level, broker id must be specified",
            )
        _check_overrides(spelled.get(OVERRIDES, ""))
        check_broker_values(spelled, self._config.effective)
        if name:
            self._check_stores(name, configs)
        if any(_OF_LOGINS in key for key in configs):
            self._try_logins(name, configs)
        given = self._given(name)
        _refuse(
            [key for key in AT_THE_START if configs.get(key) != given.get(key)],
            "This broker listens where it was told to at its start; cannot update",
        )
        return configs

    def _check_stores(self, name: str, configs: Mapping[str, str]) -> None:
        """Whether the listeners of TLS can go on with these; their files are looked at again."""
        if not any(without_listener(key) in TLS_RELOADED for key in (*configs, *self._given(name))):
            return
        try:
            self._check_tls(configs)
        except ConfigError as error:
            raise refused_stores(str(error)) from None

    def _try_logins(self, name: str, configs: Mapping[str, str]) -> None:
        """Whether clients could still log in: else the broker would not start again either. INVALID_REQUEST."""
        altered = replace(self._config)
        own, of_all = (configs if key == name else self._given(key) for key in (str(self._config.node_id), OF_ALL))
        try:
            altered.set_dynamic(own, of_all)
            self._check_logins(altered)
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_REQUEST, str(error)) from None


def _is_per_broker(name: str) -> bool:
    """Whether every broker has its own. Of listeners' own settings only these are said of all brokers at once."""
    of_all = without_listener(name)
    if of_all != name:
        return of_all not in ("max.connections", CONNECTION_RATE)
    key = broker_config_def().get(name)
    return key is not None and key.update_mode == PER_BROKER


def check_node_id(name: str, node_id: int, what: str, unexpected: str) -> None:
    """Whether a resource is named after this node. INVALID_REQUEST, each time in other words."""
    if not _INTEGER.fullmatch(name):
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{what} must be an integer, but it is: {name}")
    if int(name) != node_id:
        raise KafkaError(ErrorCode.INVALID_REQUEST, unexpected.format(node_id, name))


def _names_of(name: str, topic_settings: Mapping[str, ConfigKey]) -> Sequence[str]:
    """All names that a setting has, its own first: log.retention.ms is log.retention.hours, too.

    What is said of one listener stands before what is said of all.
    """
    if (of_all := without_listener(name)) != name:
        return [name, of_all]
    for key in topic_settings.values():
        if name in key.synonyms:
            return [name, *(one for one in key.synonyms if one != name)]
    return [name]


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
