import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.coordination.groups.consumer_config import consumer_config
from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import ConfigResourceType


def test_a_group_has_its_own_settings_from_the_moment_it_is_given_them() -> None:
    image = MetadataImage()
    config = consumer_config(BrokerConfig.from_settings({}), lambda: image)
    assert config.of_group("g") == ModernGroupSettings(45_000, 5_000, 1_000)
    own = {
        "consumer.session.timeout.ms": "50000",
        "consumer.heartbeat.interval.ms": "6000",
        "consumer.assignment.interval.ms": "0",
    }
    image.configs[ConfigResourceType.GROUP, "g"] = own
    assert config.of_group("g") == ModernGroupSettings(50_000, 6_000, 0)
    assert config.of_group("h") == ModernGroupSettings(45_000, 5_000, 1_000)


def test_the_bounds_of_the_broker_hold_for_what_a_group_was_given_before() -> None:
    image = MetadataImage()
    settings = {"group.consumer.max.session.timeout.ms": "46000", "group.consumer.max.size": "7"}
    config = consumer_config(BrokerConfig.from_settings(settings), lambda: image)
    image.configs[ConfigResourceType.GROUP, "g"] = {"consumer.session.timeout.ms": "60000"}
    assert (config.of_group("g").session_timeout_ms, config.max_size) == (46_000, 7)


def test_a_setting_of_the_broker_that_is_changed_while_it_runs_counts_at_once() -> None:
    broker = BrokerConfig.from_settings({})
    config = consumer_config(broker, MetadataImage)
    broker.set_dynamic({}, {"group.consumer.assignment.interval.ms": "0"})
    assert config.of_group("g").assignment_interval_ms == 0


@pytest.mark.parametrize(("given", "names"), [("range", ["range"]), ("range, uniform", ["range", "uniform"])])
def test_the_first_assignor_is_the_default_one(given: str, names: list[str]) -> None:
    config = BrokerConfig.from_settings({"group.consumer.assignors": given})
    assert list(consumer_config(config, MetadataImage).assignors) == names


@pytest.mark.parametrize("given", ["sticky", "uniform,org.example.Mine", ""])
def test_an_assignor_that_is_not_there_keeps_the_broker_from_starting(given: str) -> None:
    with pytest.raises(ConfigError, match=r"group\.consumer\.assignors"):
        BrokerConfig.from_settings({"group.consumer.assignors": given})


@pytest.mark.parametrize(
    ("given", "may_upgrade", "may_downgrade"),
    [
        ("bidirectional", True, True),
        ("Upgrade", True, False),
        ("DOWNGRADE", False, True),
        ("disabled", False, False),
    ],
)
def test_the_policy_says_which_way_a_group_may_change(given: str, may_upgrade: bool, may_downgrade: bool) -> None:
    config = consumer_config(
        BrokerConfig.from_settings({"group.consumer.migration.policy": given}), lambda: MetadataImage()
    )
    assert (config.may_upgrade, config.may_downgrade) == (may_upgrade, may_downgrade)


def test_a_policy_that_is_none_keeps_the_broker_from_starting() -> None:
    with pytest.raises(ConfigError, match=r"group\.consumer\.migration\.policy"):
        BrokerConfig.from_settings({"group.consumer.migration.policy": "sometimes"})
