import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.broker.coordination.groups.share_group_config import share_group_config
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import ConfigResourceType


def test_a_group_has_its_own_settings_from_the_moment_it_is_given_them() -> None:
    image = MetadataImage()
    config = share_group_config(BrokerConfig.from_settings({}), lambda: image)
    assert config.of_group("g") == ModernGroupSettings(45_000, 5_000, 1_000)
    own = {
        "share.session.timeout.ms": "50000",
        "share.heartbeat.interval.ms": "6000",
        "share.assignment.interval.ms": "0",
        "consumer.session.timeout.ms": "46000",
    }
    image.configs[ConfigResourceType.GROUP, "g"] = own
    assert config.of_group("g") == ModernGroupSettings(50_000, 6_000, 0)
    assert config.of_group("h") == ModernGroupSettings(45_000, 5_000, 1_000)


def test_the_bounds_of_the_broker_hold_for_what_a_group_was_given_before() -> None:
    image = MetadataImage()
    settings = {
        "group.share.max.session.timeout.ms": "46000",
        "group.share.max.size": "7",
        "group.share.initialize.retry.interval.ms": "5",
    }
    config = share_group_config(BrokerConfig.from_settings(settings), lambda: image)
    image.configs[ConfigResourceType.GROUP, "g"] = {"share.session.timeout.ms": "60000"}
    assert (config.of_group("g").session_timeout_ms, config.max_size) == (46_000, 7)
    assert config.initialize_retry_interval_ms == 5


def test_a_setting_of_the_broker_that_is_changed_while_it_runs_counts_at_once() -> None:
    broker = BrokerConfig.from_settings({})
    config = share_group_config(broker, MetadataImage)
    broker.set_dynamic({}, {"group.share.assignment.interval.ms": "0"})
    assert config.of_group("g").assignment_interval_ms == 0


@pytest.mark.parametrize("given", ["uniform", "simple,org.example.Mine", ""])
def test_an_assignor_that_is_not_there_keeps_the_broker_from_starting(given: str) -> None:
    with pytest.raises(ConfigError, match=r"group\.share\.assignors"):
        BrokerConfig.from_settings({"group.share.assignors": given})
