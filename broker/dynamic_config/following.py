"""A running broker's settings follow the metadata: what clients have set takes effect, and what they take back ends."""

from collections.abc import Mapping

from ...protocol.metadata_records import ConfigResourceType
from ..config.broker_config import BrokerConfig
from ..config.config_def import ConfigError
from ..config.release import Release
from ..log_output import get_logger
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from .brokers import AT_THE_START, OF_ALL

logger = get_logger("settings")


class BrokerConfigFollower:
    """Subscribed before all others, so that they find the new settings."""

    def __init__(self, config: BrokerConfig, image: MetadataImage) -> None:
        self._config = config
        self._resources = {(ConfigResourceType.BROKER, OF_ALL), (ConfigResourceType.BROKER, str(config.node_id))}
        self._take(image)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Settings of brokers may have changed."""
        if not self._resources.isdisjoint(delta.changed_configs):
            self._take(image)

    def _take(self, image: MetadataImage) -> None:
        own = image.configs.get((ConfigResourceType.BROKER, str(self._config.node_id)), {})
        of_all = image.configs.get((ConfigResourceType.BROKER, OF_ALL), {})
        release = self._config.release
        self._config.set_dynamic(_checked(own, release), _checked(of_all, release))


def _checked(configs: Mapping[str, str], release: Release) -> dict[str, str]:
    """What another release of Kafka has recorded may be no value here: it is left out, and the rest counts."""
    checked: dict[str, str] = {}
    for name, value in configs.items():
        if name in AT_THE_START:
            logger.warning("a recorded setting has no effect", setting=name, why="it is taken from the start alone")
            continue
        try:
            if release.is_known(name):
                release.check_broker_config(name, value)
        except ConfigError as error:
            logger.warning("a recorded setting has no effect", setting=name, why=str(error))
        else:
            checked[name] = value
    return checked
