"""The settings of all kinds of resources: shown, and changed as records of the metadata log.

The rule: each resource of a request is changed whole or not at all, and keeps no other from being changed. What is
recorded takes effect by following the metadata (`following.py`, and topics by themselves).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType, MetadataRecord
from ..config.broker_config import BrokerConfig
from ..log_output import get_logger
from ..metadata.eligible_leaders import check_min_isr, clear_elr_records
from ..metadata.image import MetadataImage, config_record
from ..metadata.metadata import Metadata
from ..slices import Steps
from .brokers import BrokerConfigs
from .changes import ConfigChange, Operation, ResourceChange
from .client_metrics import ClientMetricsConfigs
from .groups import GroupConfigs
from .kind import ConfigKind, DescribedConfig
from .loggers import Loggers
from .topics import TopicConfigs

logger = get_logger("settings")

Refusals = list[KafkaError | None]
"""For each resource of a request, in its order, why it stays as it was."""


class Configs:
    """What handlers call."""

    def __init__(
        self,
        config: BrokerConfig,
        metadata: Metadata,
        check_tls: Callable[[Mapping[str, str]], None] = lambda configs: None,
        check_logins: Callable[[BrokerConfig], None] = lambda config: None,
    ) -> None:
        """`check_tls` and `check_logins` say by a ConfigError that listeners could not be served with these."""

        def image() -> MetadataImage:
            return metadata.image

        self._metadata = metadata
        self._loggers = Loggers(config)
        self._kinds: Mapping[int, ConfigKind] = {
            ConfigResourceType.TOPIC: TopicConfigs(config, image),
            ConfigResourceType.BROKER: BrokerConfigs(config, image, check_tls, check_logins),
            ConfigResourceType.CLIENT_METRICS: ClientMetricsConfigs(image),
            ConfigResourceType.GROUP: GroupConfigs(config, image),
        }

    def describe(self, resource_type: int, name: str) -> Sequence[DescribedConfig]:
        """Every setting of a resource. KafkaError where it cannot have any."""
        if resource_type == ConfigResourceType.BROKER_LOGGER:
            return self._loggers.describe(name)
        kind = self._kinds.get(resource_type)
        if kind is None:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        return kind.describe(name)

    def alter(
        self, changes: Sequence[ResourceChange], then: Callable[[Refusals], None], *, validate_only: bool
    ) -> None:
        """Change each resource or say why not; `then` is called when what was changed is durable, and counts."""
        refusals: Refusals = [None] * len(changes)
        recorded: list[int] = []  # the resources that the metadata log has something of

        def decide(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
            times = Counter((change.resource_type, change.name) for change in changes)
            records: list[MetadataRecord] = []
            for at, change in enumerate(changes):
                try:
                    if times[(change.resource_type, change.name)] > 1:
                        raise KafkaError(ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")
                    change.check_form()
                    if change.resource_type == ConfigResourceType.BROKER_LOGGER and not change.is_whole:
                        self._loggers.alter(change.name, change.changes, validate_only=validate_only)
                    else:
                        records += self._records(change, image)
                        recorded.append(at)
                except KafkaError as error:
                    refusals[at] = error
                yield
            return () if validate_only else [*records, *clear_elr_records(records, image)]

        def altered(error: KafkaError | None) -> None:
            if error is not None:
                for at in recorded:
                    refusals[at] = error
            then(refusals)

        self._metadata.change(decide, altered)

    def _records(self, change: ResourceChange, image: MetadataImage) -> list[MetadataRecord]:
        kind = self._kinds.get(change.resource_type)
        if kind is None:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Unknown resource type {change.resource_type}")
        is_broker = change.resource_type == ConfigResourceType.BROKER
        kind.check_name(change.name)
        now = _own(change, image)
        after = change.applied(now, kind.find, _default(kind), _refused_by_broker if is_broker else _refused)
        checked = kind.check(change.name, after)
        resource = (change.resource_type, change.name)
        # What is set or deleted of a broker is recorded though it is the same: files under it may be others (KAFKA-14136).
        again = {one.name: None for one in change.changes} if is_broker else dict[str, None]()
        records: list[MetadataRecord] = [
            config_record(resource, name, value)
            for name, value in checked.items()
            if now.get(name) != value or name in again
        ]
        records += [config_record(resource, name, None) for name in {**now, **again} if name not in checked]
        check_min_isr(records, image)
        return records


def _own(change: ResourceChange, image: MetadataImage) -> Mapping[str, str]:
    if change.resource_type != ConfigResourceType.TOPIC:
        return image.configs.get((change.resource_type, change.name), {})
    topic = image.topics.get(change.name)
    return {} if topic is None else topic.configs


def _default(kind: ConfigKind) -> Callable[[str], str | None]:
    def default(name: str) -> str | None:
        key = kind.find(name)
        return None if key is None else key.default

    return default


def _refused(change: ConfigChange) -> KafkaError:
    if change.operation not in list(Operation):
        return KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    word = Operation(change.operation).name
    return KafkaError(ErrorCode.INVALID_CONFIG, f"Can't {word} to key {change.name} because its type is not LIST.")


def _refused_by_broker(change: ConfigChange) -> KafkaError:
    if change.operation not in list(Operation):
        return KafkaError(ErrorCode.INVALID_REQUEST, f"Unknown operations type {change.operation}")
    word = Operation(change.operation).name.lower()
    why = f"Config value {word} is not allowed for config key: {change.name}"
    return KafkaError(ErrorCode.INVALID_CONFIG, why)
