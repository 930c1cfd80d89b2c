"""A topic's settings in force."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError, topic_config_def
from odradek.broker.config.config_value import ConfigSource, ConfigValue
from odradek.broker.config.topic_config import chain_of, checked_configs, effective, log_config
from odradek.storage.log_config import LogConfig


def config(**settings: str) -> BrokerConfig:
    return BrokerConfig.from_settings({name.replace("_", "."): value for name, value in settings.items()})


def test_without_overrides_a_log_has_kafkas_defaults() -> None:
    assert log_config({}, config()) == LogConfig()


def test_every_setting_of_a_topic_reaches_its_log() -> None:
    overrides = {
        "segment.bytes": "1048577",
        "segment.ms": "2",
        "segment.jitter.ms": "3",
        "segment.index.bytes": "4",
        "index.interval.bytes": "5",
        "retention.ms": "6",
        "retention.bytes": "7",
        "max.message.bytes": "8",
        "message.timestamp.type": "LogAppendTime",
        "message.timestamp.before.max.ms": "9",
        "message.timestamp.after.max.ms": "10",
        "cleanup.policy": "compact,delete",
        "compression.type": "zstd",
        "flush.messages": "11",
        "flush.ms": "12",
        "file.delete.delay.ms": "13",
        "delete.retention.ms": "14",
        "min.cleanable.dirty.ratio": "0.25",
        "min.compaction.lag.ms": "16",
        "max.compaction.lag.ms": "17",
        "compression.gzip.level": "1",
        "compression.lz4.level": "2",
        "compression.zstd.level": "-3",
    }
    assert log_config(overrides, config(producer_id_expiration_ms="15")) == LogConfig(
        segment_bytes=1048577,
        segment_ms=2,
        segment_jitter_ms=3,
        segment_index_bytes=4,
        index_interval_bytes=5,
        retention_ms=6,
        retention_bytes=7,
        max_message_bytes=8,
        message_timestamp_type="LogAppendTime",
        message_timestamp_before_max_ms=9,
        message_timestamp_after_max_ms=10,
        cleanup_policy=frozenset({"compact", "delete"}),
        compression_type="zstd",
        flush_messages=11,
        flush_ms=12,
        file_delete_delay_ms=13,
        delete_retention_ms=14,
        min_cleanable_dirty_ratio=0.25,
        min_compaction_lag_ms=16,
        max_compaction_lag_ms=17,
        compression_gzip_level=1,
        compression_lz4_level=2,
        compression_zstd_level=-3,
        producer_id_expiration_ms=15,
    )


def test_an_empty_cleanup_policy_keeps_everything() -> None:
    assert log_config({"cleanup.policy": ""}, config()).cleanup_policy == frozenset()


@pytest.mark.parametrize("name", [name for name, setting in topic_config_def().items() if setting.synonyms])
def test_the_brokers_setting_stands_behind_a_topics_default(name: str) -> None:
    setting = topic_config_def()[name]
    value = effective(name, {}, config())
    assert value == ConfigValue(name, setting.default, ConfigSource.DEFAULT)
    (first, *_) = setting.synonyms
    assert all(link.name == first for link in chain_of(name, {}, config()))


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({"log.retention.hours": "1"}, "retention.ms", "3600000"),
        ({"log.retention.minutes": "2"}, "retention.ms", "120000"),
        ({"log.roll.hours": "3"}, "segment.ms", "10800000"),
        ({"log.roll.jitter.hours": "1"}, "segment.jitter.ms", "3600000"),
        ({"log.retention.hours": "-1"}, "retention.ms", "-1"),
        ({"log.flush.interval.messages": "4"}, "flush.messages", "4"),
    ],
)
def test_hours_and_minutes_become_milliseconds(settings: dict[str, str], name: str, value: str) -> None:
    assert effective(name, {}, BrokerConfig.from_settings(settings)).value == value


def test_an_override_wins_and_is_taken_in_kafkas_spelling() -> None:
    overrides = checked_configs({"retention.ms": " 5 ", "preallocate": "TRUE"})
    assert overrides == {"retention.ms": "5", "preallocate": "true"}
    assert effective("retention.ms", overrides, config(log_retention_hours="1")).value == "5"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no.such", "1"),
        ("retention.ms", None),
        ("retention.ms", "x"),
        ("cleanup.policy", "vanish"),
        ("remote.storage.enable", "true"),
    ],
)
def test_what_kafka_would_refuse_is_refused(name: str, value: str | None) -> None:
    with pytest.raises(ConfigError, match=name if name != "remote.storage.enable" else "Tiered Storage"):
        checked_configs({name: value})
