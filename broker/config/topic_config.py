"""A topic's settings in force: its configs, else the broker's settings behind them, else Kafka's defaults."""

from collections.abc import Mapping

from ...storage.log_config import LogConfig
from .broker_config import BrokerConfig
from .config_def import ConfigError, ConfigKey, topic_config_def
from .config_value import ConfigSource, ConfigValue
from .java_values import parse_double, split_list

_UNITS_IN_MS = {"ms": 1, "minutes": 60_000, "hours": 3_600_000}


def checked_configs(configs: Mapping[str, str | None], known: Mapping[str, ConfigKey] | None = None) -> dict[str, str]:
    """A topic's configs in Kafka's spelling; ConfigError in Kafka's own words. `known` are those of a release."""
    checked: dict[str, str] = {}
    known = topic_config_def() if known is None else known
    for name, value in configs.items():
        setting = known.get(name)
        if setting is None:
            raise ConfigError(f"Unknown topic config name: {name}")
        if value is None:
            raise ConfigError(f"Null value not supported for topic configs: {name}")
        checked[name] = setting.check(value)
    _check_together(checked)
    return checked


def _check_together(checked: Mapping[str, str]) -> None:
    shortest, longest = (checked.get(f"{end}.compaction.lag.ms") for end in ("min", "max"))
    if shortest is not None and longest is not None and int(shortest) > int(longest):
        raise ConfigError(
            f"conflict topic config setting min.compaction.lag.ms ({shortest}) > max.compaction.lag.ms ({longest})"
        )
    if checked.get("remote.storage.enable") == "true":
        raise ConfigError(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )


def chain_of(name: str, configs: Mapping[str, str], config: BrokerConfig) -> list[ConfigValue]:
    """Every value known for a topic setting, the one in force first."""
    own = [ConfigValue(name, configs[name], ConfigSource.DYNAMIC_TOPIC)] if name in configs else []
    synonyms = config.release.topic_setting(name).synonyms
    return own + config.chain_of(synonyms) if synonyms else own


def effective(name: str, configs: Mapping[str, str], config: BrokerConfig) -> ConfigValue:
    """The value in force of a topic setting, under the topic's name and in the topic's unit."""
    if name in configs:
        return ConfigValue(name, configs[name], ConfigSource.DYNAMIC_TOPIC)
    setting = config.release.topic_setting(name)
    chain = config.chain_of(setting.synonyms) if setting.synonyms else []
    source = chain[0].source if chain else ConfigSource.DEFAULT
    return ConfigValue(name, in_force(name, configs, config), source)


def in_force(name: str, configs: Mapping[str, str], config: BrokerConfig) -> str | None:
    """The value alone."""
    if name in configs:
        return configs[name]
    setting = config.release.topic_setting(name)
    for synonym in setting.synonyms:
        for given in (config.dynamic, config.dynamic_default, config.given):
            if synonym in given:
                return _in_ms(name, synonym, given[synonym])
    return setting.default


def _in_ms(name: str, synonym: str, value: str) -> str:
    """log.retention.hours=2 is retention.ms=7200000; every other pair has one unit."""
    unit = synonym.rpartition(".")[2]
    if not name.endswith(".ms") or unit not in _UNITS_IN_MS or int(value) < 0:
        return value
    return str(int(value) * _UNITS_IN_MS[unit])


def log_config(configs: Mapping[str, str], config: BrokerConfig) -> LogConfig:
    """What the log itself needs of a topic's settings."""

    def text(name: str) -> str:
        return in_force(name, configs, config) or ""

    def number(name: str) -> int:
        return int(text(name))

    return LogConfig(
        segment_bytes=number("internal.segment.bytes" if "internal.segment.bytes" in configs else "segment.bytes"),
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
