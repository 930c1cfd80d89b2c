"""Releases of Apache Kafka: what is written of each in releases.json, laid over 4.3."""

import pytest

from odradek.broker.apis import TABLE
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError, broker_config_def
from odradek.broker.config.config_value import ConfigSource
from odradek.broker.config.release import AS_VERSION, NEWEST, find_release, newest
from odradek.broker.config.topic_config import checked_configs, effective
from odradek.protocol.api_keys import ApiKey

RELEASES = ("2.8", *(f"3.{minor}" for minor in range(10)), "4.0", "4.1", "4.2")


def as_version(version: str, **settings: str) -> BrokerConfig:
    named = {name.replace("_", "."): value for name, value in settings.items()}
    return BrokerConfig.from_settings({AS_VERSION: version, **named})


def test_without_a_word_a_broker_is_what_it_is() -> None:
    assert BrokerConfig().release is BrokerConfig.from_settings({}).release is find_release(NEWEST) is newest()
    assert (newest().apis, newest().features, newest().defaults) == ({}, {}, {})


@pytest.mark.parametrize("version", RELEASES)
def test_a_release_names_apis_that_are_served_here_and_versions_in_order(version: str) -> None:
    release = find_release(version)
    assert set(release.apis) <= {ApiKey(key).name for key in TABLE}
    assert all(versions is None or versions[0] <= versions[1] for versions in release.apis.values())
    assert all(levels is None or levels[0] <= levels[2] <= levels[1] for levels in release.features.values())
    assert release.defaults == {
        name: key.default
        for name, key in release.broker.items()
        if name in broker_config_def() and key.default not in (None, broker_config_def()[name].default)
    }


@pytest.mark.parametrize(
    ("version", "near"),
    [("3.9.1", "3.9"), ("v4.0", "4.0"), ("3.10", "3.9"), ("2.7", "2.8"), ("5", "4.3"), ("4.4", "4.3"), ("x", "4.3")],
)
def test_a_release_that_is_not_there_is_refused_with_the_nearest(version: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{near}'") as refused:
        as_version(version)
    assert "4.2, 4.1, 4.0, 3.9" in str(refused.value)


def test_the_defaults_of_a_release_count_until_something_else_is_given() -> None:
    assert BrokerConfig().group_coordinator_rebalance_protocols == "classic,consumer,streams"
    assert as_version("4.0").group_coordinator_rebalance_protocols == "classic,consumer"
    older = as_version("3.9")
    assert older.group_coordinator_rebalance_protocols == "classic"
    assert older.effective("num.recovery.threads.per.data.dir") == "1"
    assert [value.source for value in older.chain_of(["num.recovery.threads.per.data.dir"])] == [ConfigSource.DEFAULT]
    given = as_version("3.9", group_coordinator_rebalance_protocols="classic,consumer")
    assert given.group_coordinator_rebalance_protocols == "classic,consumer"


def test_what_clients_take_back_falls_to_the_default_of_the_release() -> None:
    config = as_version("4.1")
    config.set_dynamic({"group.coordinator.append.linger.ms": "9"}, {})
    assert config.effective("group.coordinator.append.linger.ms") == "9"
    config.set_dynamic({}, {})
    assert config.effective("group.coordinator.append.linger.ms") == "5"


def test_defaults_that_are_ours_stay_ours() -> None:
    for version in RELEASES:
        config = as_version(version)
        assert config.group_initial_rebalance_delay_ms == 0
        assert config.offsets_topic_replication_factor == 1
        assert config.listeners == BrokerConfig().listeners


def test_a_topic_has_the_settings_bounds_and_defaults_of_the_release() -> None:
    older, now = as_version("3.9"), BrokerConfig()
    assert effective("message.timestamp.after.max.ms", {}, older).value == "9223372036854775807"
    assert effective("message.timestamp.after.max.ms", {}, now).value == "3600000"
    assert effective("message.format.version", {}, older).value == "3.0-IV1"
    assert checked_configs({"segment.bytes": "14"}, older.release.topic) == {"segment.bytes": "14"}
    with pytest.raises(ConfigError, match="at least 1048576"):
        checked_configs({"segment.bytes": "14"}, now.release.topic)
    with pytest.raises(ConfigError, match=r"Unknown topic config name: compression\.gzip\.level"):
        checked_configs({"compression.gzip.level": "3"}, find_release("3.7").topic)


def test_a_setting_of_a_later_release_has_an_effect_all_the_same() -> None:
    assert as_version("2.8", group_share_max_size="7").group_share_max_size == 7


def test_a_setting_of_the_release_that_is_gone_by_now_is_known() -> None:
    config = as_version("3.9", inter_broker_protocol_version="3.8")
    assert config.effective("inter.broker.protocol.version") == "3.8"
    with pytest.raises(ConfigError, match=r"unknown setting 'inter\.broker\.protocol\.version'"):
        as_version("4.0", inter_broker_protocol_version="3.8")
