"""A setting with what stands behind it."""

from odradek.broker.config.config_def import group_config_def
from odradek.broker.config.config_value import ConfigSource, ConfigValue
from odradek.broker.dynamic_config.kind import inherited

KEY = group_config_def()["consumer.session.timeout.ms"]
OWN = ConfigValue(KEY.name, "1", ConfigSource.DYNAMIC_GROUP)
BEHIND = ConfigValue("group." + KEY.name, "2", ConfigSource.STATIC_BROKER)


def test_its_own_value_goes_first() -> None:
    found = inherited(KEY, OWN, [BEHIND])
    assert (found.value, found.chain) == (OWN, [OWN, BEHIND])


def test_without_one_it_has_the_next_under_its_own_name() -> None:
    found = inherited(KEY, None, [BEHIND])
    assert found.value == ConfigValue(KEY.name, "2", ConfigSource.STATIC_BROKER)


def test_without_any_it_has_the_default() -> None:
    assert inherited(KEY, None, ()).value == ConfigValue(KEY.name, "45000", ConfigSource.DEFAULT)
