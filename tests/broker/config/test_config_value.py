"""Where a value was given, in Kafka's numbers."""

from odradek.broker.config.config_value import ConfigSource, ConfigValue


def test_the_numbers_are_kafkas() -> None:
    assert [(one.name, one.value) for one in ConfigSource][:5] == [
        ("DYNAMIC_TOPIC", 1),
        ("DYNAMIC_BROKER", 2),
        ("DYNAMIC_DEFAULT_BROKER", 3),
        ("STATIC_BROKER", 4),
        ("DEFAULT", 5),
    ]


def test_two_values_are_the_same_that_say_the_same() -> None:
    assert ConfigValue("a", "1", ConfigSource.DEFAULT) == ConfigValue("a", "1", ConfigSource.DEFAULT)
