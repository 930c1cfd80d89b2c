"""The settings of topics."""

from collections.abc import Callable, Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig
from ..config.config_def import ConfigError, ConfigKey
from ..config.topic_config import chain_of, checked_configs, effective
from ..metadata.image import MetadataImage
from ..topic_names import check_topic_name
from .kind import DescribedConfig


class TopicConfigs:
    """What topics have of their own, before what they inherit of the broker."""

    def __init__(self, config: BrokerConfig, image: Callable[[], MetadataImage]) -> None:
        self._config = config
        self._image = image

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """All settings of a topic."""
        check_topic_name(name)
        topic = self._image().topics.get(name)
        if topic is None:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return [
            DescribedConfig(
                effective(key.name, topic.configs, self._config),
                key.type,
                chain_of(key.name, topic.configs, self._config),
            )
            for key in self._config.release.topic.values()
            if key.is_described or key.name in topic.configs
        ]

    def check_name(self, name: str) -> None:
        """Any name that a topic may have."""
        if not name:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Default topic resources are not allowed.")
        check_topic_name(name)

    def find(self, key: str) -> ConfigKey | None:
        """One of Kafka's settings of topics."""
        return self._config.release.topic.get(key)

    def check(self, name: str, configs: Mapping[str, str]) -> Mapping[str, str]:
        """INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION."""
        try:
            checked = checked_configs(configs, self._config.release.topic)
        except ConfigError as error:
            raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from None
        if name not in self._image().topics:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{name}' does not exist.")
        return checked
