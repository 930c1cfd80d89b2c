import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.groups.streams.settings import StreamsConfig, StreamsGroupSettings
from odradek.broker.coordination.groups.streams_config import streams_config
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import ConfigResourceType

DEFAULTS = StreamsGroupSettings()


def config_with(own: dict[str, str], **settings: str) -> StreamsConfig:
    image = MetadataImage()
    image.configs[ConfigResourceType.GROUP, "g"] = own
    given = {f"group.streams.{name.replace('_', '.')}": value for name, value in settings.items()}
    return streams_config(BrokerConfig.from_settings(given), lambda: image)


def test_a_group_has_its_own_settings_and_the_others_those_of_the_broker() -> None:
    own = {
        "streams.session.timeout.ms": "50000",
        "streams.heartbeat.interval.ms": "6000",
        "streams.assignment.interval.ms": "0",
        "streams.initial.rebalance.delay.ms": "7",
        "streams.num.standby.replicas": "1",
    }
    config = config_with(own, max_size="3")
    assert config.of_group("g") == StreamsGroupSettings(50_000, 6_000, 0, 7, 1)
    assert (config.of_group("h"), config.max_size) == (DEFAULTS, 3)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("session.timeout.ms", "1", 45_000),
        ("session.timeout.ms", "70000", 60_000),
        ("heartbeat.interval.ms", "1", 5_000),
        ("heartbeat.interval.ms", "20000", 15_000),
        ("assignment.interval.ms", "20000", 15_000),
        ("num.standby.replicas", "9", 2),
    ],
)
def test_what_is_beyond_the_bounds_of_the_broker_is_held_to_them(name: str, value: str, kept: int) -> None:
    found = config_with({f"streams.{name}": value}).of_group("g")
    assert getattr(found, name.replace(".", "_")) == kept
