"""Where settings come from, in this order: a properties file, a scenario, the environment, flags; the later counts.

The environment is read as the image apache/kafka reads it, and as bitnami/kafka does (KAFKA_CFG_…): what starts one of
them starts Odradek. A file and an environment may name settings that are not Kafka's: those are left out and named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from .config_def import ConfigError, broker_config_def, is_known, nearest, parse_properties
from .listeners import PLAINTEXT
from .release import AS_VERSION
from .start_topics import (
    CREATE_TOPICS,
    CREATE_TOPICS_SEPARATOR,
    TOPICS_SETTING,
    StartTopic,
    merged,
    parse_create_topics,
    parse_start_topic,
    parse_start_topics,
)

DEFAULT_ADDRESS = "127.0.0.1:9092"
_PREFIXES = ("KAFKA_CFG_", "KAFKA_")
_CLUSTER_IDS = ("CLUSTER_ID", "KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID")
# What the images read themselves: options of the JVM, of its log, of their own scripts.
_NOT_SETTINGS = frozenset(
    {
        *_CLUSTER_IDS,
        *("KAFKA_VERSION", "KAFKA_HOME", "KAFKA_HEAP_OPTS", "KAFKA_HEAP_OPT", "KAFKA_OPTS", "KAFKA_DEBUG"),
        *("KAFKA_LOG4J_OPTS", "KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_LOG4J_LOGGERS", "KAFKA_TOOLS_LOG4J_LOGLEVEL"),
        *("KAFKA_JMX_OPTS", "KAFKA_JMX_PORT", "KAFKA_JMX_HOSTNAME", "KAFKA_JVM_PERFORMANCE_OPTS"),
        *("KAFKA_GC_LOG_OPTS", "KAFKA_ENABLE_KRAFT", CREATE_TOPICS, CREATE_TOPICS_SEPARATOR),
    }
)


@dataclass(slots=True)
class Settings:
    """What was given: Kafka's settings by their names, what is not one of them, and what else the environment says."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    unknown: list[str] = field(default_factory=list[str])  # each with a hint
    from_environment: list[str] = field(default_factory=list[str])
    cluster_id: str | None = None
    topics: list[StartTopic] = field(default_factory=list[StartTopic])


def collect(
    properties: str | None,
    environment: Mapping[str, str],
    assignments: Iterable[str],
    topics: Iterable[str] = (),
    of_scenario: Mapping[str, str] = MappingProxyType({}),
) -> Settings:
    """All of it; `topics` are those of the flag, `of_scenario` counts after the file.

    ConfigError for what cannot be read as what it should be.
    """
    settings = Settings()
    of_file = {} if properties is None else parse_properties(properties)
    topics_of_file = parse_start_topics(of_file.pop(TOPICS_SETTING, ""), TOPICS_SETTING)
    for name, value in of_file.items():
        _take(settings, name, value)
    settings.values.update(of_scenario)
    for name, value in from_environment(environment).items():
        _take(settings, name, value)
        settings.from_environment.append(name)
    settings.cluster_id = next((environment[name] for name in _CLUSTER_IDS if environment.get(name)), None)
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        if not separator:
            raise ConfigError(f"--set {assignment!r} is not NAME=VALUE")
        settings.values[name.strip()] = value.strip()
    settings.topics = merged(
        topics_of_file,
        parse_create_topics(environment.get(CREATE_TOPICS, ""), environment.get(CREATE_TOPICS_SEPARATOR, "")),
        parse_start_topics(settings.values.pop(TOPICS_SETTING, ""), f"--set {TOPICS_SETTING}"),
        [parse_start_topic(text, "--topic") for text in topics],
    )
    return settings


def from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """KAFKA_LOG_RETENTION_MS is log.retention.ms; two underscores are one, three a dash."""
    found: dict[str, str] = {}
    for variable, value in sorted(environment.items()):
        prefix = next((prefix for prefix in _PREFIXES if variable.startswith(prefix)), None)
        if prefix is not None and variable not in _NOT_SETTINGS:
            dotted = variable.removeprefix(prefix).lower().replace("_", ".")
            found[dotted.replace("...", "-").replace("..", "_")] = value
    return found


def _take(settings: Settings, name: str, value: str) -> None:
    if is_known(name) or name == AS_VERSION:
        settings.values[name] = value
    else:
        settings.unknown.append(f"{name}{nearest(name, broker_config_def())}")


def read_properties(path: Path | None) -> str | None:
    """What a file of settings says, if there is one. ConfigError."""
    if path is None:
        return None
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None


def listeners_of(addresses: Sequence[str], protocol: str = PLAINTEXT) -> dict[str, str]:
    """The settings that say the same as some HOST:PORT, all with one security protocol."""
    if len(addresses) == 1:
        return {"listeners": f"{protocol}://{addresses[0]}"}
    names = [protocol, *(f"{protocol}{number}" for number in range(2, len(addresses) + 1))]
    return {
        "listeners": ",".join(f"{name}://{address}" for name, address in zip(names, addresses, strict=True)),
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name in names),
    }
