"""The settings of client metrics subscriptions (KIP-714): kept and shown; no client is asked for metrics yet."""

from collections.abc import Callable, Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType
from ..client_pattern import compile_client_pattern
from ..config.config_def import ConfigError, ConfigKey, client_metrics_config_def
from ..config.config_value import ConfigSource, ConfigValue
from ..config.java_values import split_list
from ..metadata.image import MetadataImage
from .kind import DescribedConfig, inherited

SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS = 100, 3_600_000
MATCHED = frozenset(
    {
        "client_instance_id",
        "client_id",
        "client_software_name",
        "client_software_version",
        "client_source_address",
        "client_source_port",
    }
)


class ClientMetricsConfigs:
    """What subscriptions have; one is there once it has something."""

    def __init__(self, image: Callable[[], MetadataImage]) -> None:
        self._image = image

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """All settings of a subscription."""
        if not name:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Client metrics subscription name must not be empty")
        given = self._image().configs.get((ConfigResourceType.CLIENT_METRICS, name), {})
        described: list[DescribedConfig] = []
        for key in client_metrics_config_def().values():
            own = None
            if key.name in given:
                own = ConfigValue(key.name, given[key.name], ConfigSource.DYNAMIC_CLIENT_METRICS)
            described.append(inherited(key, own, ()))
        return described

    def check_name(self, name: str) -> None:
        """Any name but none."""
        if not name:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Subscription name can't be empty")

    def find(self, key: str) -> ConfigKey | None:
        """None: Kafka's controller does not know that two of them are lists, and lets neither be added to."""
        return None

    def check(self, name: str, configs: Mapping[str, str]) -> Mapping[str, str]:
        """INVALID_REQUEST, INVALID_CONFIG."""
        checked: dict[str, str] = {}
        for key, value in configs.items():
            setting = client_metrics_config_def().get(key)
            if setting is None:
                raise KafkaError(ErrorCode.INVALID_REQUEST, f"Unknown client metrics configuration: {key}")
            try:
                checked[key] = setting.check(value)
            except ConfigError as error:
                raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from None
        _check_interval(checked.get("interval.ms"))
        for pattern in split_list(checked.get("match", "")):
            _check_pattern(pattern)
        return checked


def _check_interval(value: str | None) -> None:
    if value is not None and not SHORTEST_INTERVAL_MS <= int(value) <= LONGEST_INTERVAL_MS:
        why = f"Invalid value {value} for interval.ms, interval must be between 100 and 3600000 (1 hour)"
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)


def _check_pattern(pattern: str) -> None:
    name, separator, expression = pattern.partition("=")
    refused = KafkaError(ErrorCode.INVALID_CONFIG, f"Illegal client matching pattern: {pattern}")
    if not separator or name.strip() not in MATCHED:
        raise refused
    try:
        compile_client_pattern(expression.strip())
    except KafkaError:
        raise refused from None
