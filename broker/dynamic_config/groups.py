"""The settings of groups (KIP-848, KIP-932, KIP-1071): kept and shown, held to the bounds of the broker."""

from collections.abc import Callable, Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType
from ..config.broker_config import BrokerConfig
from ..config.config_def import ConfigError, ConfigKey, broker_config_def
from ..config.config_value import ConfigSource, ConfigValue
from ..metadata.image import MetadataImage
from .kind import DescribedConfig, inherited


class GroupConfigs:
    """What groups have of their own; a group need not be there to have it."""

    def __init__(self, config: BrokerConfig, image: Callable[[], MetadataImage]) -> None:
        self._config = config
        self._image = image

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """All settings of a group."""
        if not name:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Group name must not be empty")
        given = self._image().configs.get((ConfigResourceType.GROUP, name), {})
        described: list[DescribedConfig] = []
        for key in self._config.release.group.values():
            own = None
            if key.name in given:
                own = ConfigValue(key.name, given[key.name], ConfigSource.DYNAMIC_GROUP)
            described.append(inherited(key, own, self._inherited(key)))
        return described

    def _inherited(self, key: ConfigKey) -> Sequence[ConfigValue]:
        if key.synonyms:
            return self._config.chain_of(key.synonyms)
        return [ConfigValue(key.name, key.default, ConfigSource.DEFAULT)]

    def check_name(self, name: str) -> None:
        """Any name but none."""
        if not name:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Default group resources are not allowed.")

    def find(self, key: str) -> ConfigKey | None:
        """One of Kafka's settings of groups."""
        return self._config.release.group.get(key)

    def check(self, name: str, configs: Mapping[str, str]) -> Mapping[str, str]:
        """INVALID_CONFIG."""
        try:
            return self._checked(configs)
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from None

    def _checked(self, configs: Mapping[str, str]) -> Mapping[str, str]:
        checked: dict[str, str] = {}
        for name, value in configs.items():
            key = self._config.release.group.get(name)
            if key is None:
                raise ConfigError(f"Unknown group config name: {name}")
            checked[name] = key.check(value)
        for name, value in checked.items():
            self._check_bounds(name, value)
        return checked

    def _check_bounds(self, name: str, value: str) -> None:
        """consumer.session.timeout.ms is held to group.consumer.min.session.timeout.ms, where there is one."""
        kind, _, rest = name.partition(".")
        for end, is_beyond, words in (
            ("min", int.__lt__, "greater than or equal to"),
            ("max", int.__gt__, "less than or equal to"),
        ):
            bound = f"group.{kind}.{end}.{rest.removeprefix('num.')}"
            if bound in broker_config_def() and is_beyond(int(value), int(self._config.effective(bound) or 0)):
                raise ConfigError(f"{name} must be {words} {bound}")
