"""A topic's settings in force: its configs, else the broker's settings behind them, else Kafka's defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...storage.log_config import LogConfig
from .broker_config import BrokerConfig
from .config_def import ConfigError, topic_config_def
from .java_values import parse_double, split_list

DEFAULT_SOURCE: Final = 5
STATIC_BROKER_SOURCE: Final = 4
DYNAMIC_TOPIC_SOURCE: Final = 1

_UNITS_IN_MS = {"ms": 1, "minutes": 60_000, "hours": 3_600_000}


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One value in a setting's chain: under which name it was given, and where (DescribeConfigs' ConfigSource)."""

    name: str
    value: str | None
    source: int


def checked_configs(configs: Mapping[str, str | None]) -> dict[str, str]:
    """A topic's configs in Kafka's spelling; ConfigError in Kafka's own words."""
    checked: dict[str, str] = {}
    for name, value in configs.items():
        setting = topic_config_def().get(name)
        if setting is None or not setting.is_described:
            raise ConfigError(f"Unknown topic config name: {name}")
        if value is None:
            raise ConfigError(f"Null value not supported for topic configs: {name}")
        checked[name] = setting.check(value)
    if checked.get("remote.storage.enable") == "true":
        raise ConfigError(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )
    return checked


def chain_of(name: str, configs: Mapping[str, str], config: BrokerConfig) -> list[ConfigValue]:
    """Every value known for a topic setting, the one in force first."""
    setting = topic_config_def()[name]
    chain: list[ConfigValue] = []
    if name in configs:
        chain.append(ConfigValue(name, configs[name], DYNAMIC_TOPIC_SOURCE))
    given = next((s for s in setting.synonyms if s in config.given), None)
    if given is not None:
        chain.append(ConfigValue(given, config.given[given], STATIC_BROKER_SOURCE))
    if setting.synonyms:
        first = setting.synonyms[0]  # only its default counts: log.retention.ms has none, and .hours is not looked at
        default = config.effective(first) if first not in config.given else _default_of(first)
        if default is not None:
            chain.append(ConfigValue(first, default, DEFAULT_SOURCE))
    return chain


def _default_of(broker_name: str) -> str | None:
    return BrokerConfig().effective(broker_name)


def effective(name: str, configs: Mapping[str, str], config: BrokerConfig) -> ConfigValue:
    """The value in force of a topic setting, under the topic's name and in the topic's unit."""
    if name in configs:
        return ConfigValue(name, configs[name], DYNAMIC_TOPIC_SOURCE)
    setting = topic_config_def()[name]
    for synonym in setting.synonyms:
        if synonym in config.given:
            return ConfigValue(name, _in_ms(name, synonym, config.given[synonym]), STATIC_BROKER_SOURCE)
    return ConfigValue(name, setting.default, DEFAULT_SOURCE)


def _in_ms(name: str, synonym: str, value: str) -> str:
    """log.retention.hours=2 is retention.ms=7200000; every other pair has one unit."""
    unit = synonym.rpartition(".")[2]
    if not name.endswith(".ms") or unit not in _UNITS_IN_MS or int(value) < 0:
        return value
    return str(int(value) * _UNITS_IN_MS[unit])


def log_config(configs: Mapping[str, str], config: BrokerConfig) -> LogConfig:
    """What the log itself needs of a topic's settings."""

    def text(name: str) -> str:
        return effective(name, configs, config).value or ""

    def number(name: str) -> int:
        return int(text(name))

    return LogConfig(
        segment_bytes=number("segment.bytes"),
        segment_ms=number("segment.ms"),
        segment_jitter_ms=number("segment.jitter.ms"),
        segment_index_bytes=number("segment.index.bytes"),
        index_interval_bytes=number("index.interval.bytes"),
        retention_ms=number("retention.ms"),
        retention_bytes=number("retention.bytes"),
        max_message_bytes=number("max.message.bytes"),
        message_timestamp_type=text("message.timestamp.type"),
        message_timestamp_before_max_ms=number("message.timestamp.before.max.ms"),
        message_timestamp_after_max_ms=number("message.timestamp.after.max.ms"),
        cleanup_policy=frozenset(split_list(text("cleanup.policy"))),
        compression_type=text("compression.type"),
        compression_gzip_level=number("compression.gzip.level"),
        compression_lz4_level=number("compression.lz4.level"),
        compression_zstd_level=number("compression.zstd.level"),
        flush_messages=number("flush.messages"),
        flush_ms=number("flush.ms"),
        file_delete_delay_ms=number("file.delete.delay.ms"),
        delete_retention_ms=number("delete.retention.ms"),
        min_cleanable_dirty_ratio=parse_double(text("min.cleanable.dirty.ratio")),
        min_compaction_lag_ms=number("min.compaction.lag.ms"),
        max_compaction_lag_ms=number("max.compaction.lag.ms"),
        producer_id_expiration_ms=config.producer_id_expiration_ms,
    )
