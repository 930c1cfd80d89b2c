"""The settings of groups, held to the bounds of the broker."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.dynamic_config.groups import GroupConfigs
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.errors import ErrorCode, KafkaError

GROUPS = GroupConfigs(BrokerConfig(), MetadataImage)


def test_every_setting_of_a_group_that_has_none_is_the_brokers() -> None:
    found = {one.value.name: one for one in GROUPS.describe("g")}
    assert len(found) == 17
    assert found["consumer.session.timeout.ms"].chain[0].name == "group.consumer.session.timeout.ms"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("consumer.session.timeout.ms", "1000"),
        ("consumer.session.timeout.ms", "60001"),
        ("consumer.heartbeat.interval.ms", "1"),
        ("share.record.lock.duration.ms", "1000000"),
        ("streams.num.standby.replicas", "3"),
        ("consumer.session.timeout.ms", "soon"),
        ("no.such", "1"),
    ],
)
def test_what_is_out_of_bounds_is_an_invalid_config(key: str, value: str) -> None:
    with pytest.raises(KafkaError) as refused:
        GROUPS.check("g", {key: value})
    assert refused.value.code == ErrorCode.INVALID_CONFIG


def test_what_is_within_them_is_taken() -> None:
    given = {"consumer.session.timeout.ms": "46000", "share.auto.offset.reset": "earliest"}
    assert GROUPS.check("g", given) == given


def test_a_group_has_a_name() -> None:
    for ask in (GROUPS.check_name, GROUPS.describe):
        with pytest.raises(KafkaError):
            ask("")
