"""The levels of this broker's loggers (KIP-412): from which on each part of it writes its lines, until the next start.

Its names are those in the lines, and `root` for all the others; Kafka's own classes are not there.
"""

from collections.abc import Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig
from ..config.config_value import ConfigSource, ConfigValue
from ..log_output import set_threshold, thresholds
from .brokers import check_node_id
from .changes import ConfigChange, Operation
from .kind import DescribedConfig

ROOT = "root"
LEVELS: Mapping[str, int] = {"DEBUG": 10, "ERROR": 40, "FATAL": 50, "INFO": 20, "TRACE": 0, "WARN": 30}


class Loggers:
    """Nothing of it is recorded: the next start begins as it was asked to."""

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config

    def describe(self, name: str) -> Sequence[DescribedConfig]:
        """The level of every part."""
        if not name:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Broker id must not be empty")
        check_node_id(name, self._config.node_id, "Broker id", "Unexpected broker id, expected {} but received {}")
        described: list[DescribedConfig] = []
        for part, level in sorted(thresholds().items()):
            text = next((one for one, number in LEVELS.items() if number == level), str(level))
            value = ConfigValue(part or ROOT, text, ConfigSource.DYNAMIC_BROKER_LOGGER)
            described.append(DescribedConfig(value, type=None, documentation=""))
        return described

    def alter(self, name: str, changes: Sequence[ConfigChange], *, validate_only: bool) -> None:
        """Set levels, or take them back; all or none."""
        check_node_id(name, self._config.node_id, "Node id", "Unexpected node id. Expected {}, but received {}")
        known = {part or ROOT for part in thresholds()}
        for change in changes:
            _check(change, known)
        for change in () if validate_only else changes:
            level = LEVELS[change.value or ""] if change.operation == Operation.SET else None
            set_threshold("" if change.name == ROOT else change.name, level)


def _check(change: ConfigChange, known: set[str]) -> None:
    if change.operation not in (Operation.SET, Operation.DELETE):
        word = Operation(change.operation).name if change.operation in list(Operation) else "UNKNOWN"
        why = f"{word} operation is not allowed for the BROKER_LOGGER resource"
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)
    if change.name not in known:
        raise KafkaError(ErrorCode.INVALID_CONFIG, f"Logger {change.name} does not exist!")
    if change.operation == Operation.SET and change.value not in LEVELS:
        raise KafkaError(
            ErrorCode.INVALID_CONFIG,
            f"Cannot set the log level of {change.name} to {change.value} as it is not a supported log level. "
            f"Valid log levels are {', '.join(LEVELS)}",
        )
    if change.operation == Operation.DELETE and change.name == ROOT:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Removing the log level of the root logger is not allowed")
