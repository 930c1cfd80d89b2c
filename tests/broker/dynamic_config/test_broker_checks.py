"""Settings of a running broker that are within their own bounds, and make no sense all the same."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.dynamic_config.broker_checks import check_broker_values
from odradek.protocol.errors import ErrorCode, KafkaError

NOW = BrokerConfig().effective


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("log.roll.ms", "0", "greater than or equal to 1"),
        ("log.roll.jitter.ms", "-1", "greater than or equal to 0"),
        ("log.retention.ms", "0", "unlimited"),
        ("log.cleaner.dedupe.buffer.size", "1048575", "1MB per cleaner thread"),
        ("log.cleaner.threads", "3", "more than double the current value 1"),
        ("max.connections", "0", "Invalid max.connections 0"),
        ("max.connection.creation.rate", "0", "Invalid max.connection.creation.rate 0"),
        ("listener.name.x.max.connection.creation.rate", "0", "Invalid max.connection.creation.rate 0"),
        ("max.connections.per.ip", "0", "can be set to zero only if max.connections.per.ip.overrides"),
        ("num.io.threads", "17", "not be greater than double the current value 8"),
        ("num.io.threads", "3", "at least half the current value 8"),
        ("principal.builder.class", "x.Y", "Class x.Y could not be found."),
    ],
)
def test_what_kafka_refuses_is_refused_in_its_words(name: str, value: str, why: str) -> None:
    with pytest.raises(KafkaError, match=why) as refused:
        check_broker_values({name: value}, NOW)
    assert refused.value.code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log.roll.ms", "1"),
        ("log.retention.ms", "-1"),
        ("log.cleaner.dedupe.buffer.size", "1048576"),
        ("log.cleaner.threads", "2"),
        ("max.connections", "1"),
        ("max.connection.creation.rate", "1"),
        ("listener.name.x.max.connection.creation.rate", "1"),
        ("num.io.threads", "16"),
        ("num.io.threads", "4"),
        ("my.own", "x"),
    ],
)
def test_what_kafka_takes_is_taken(name: str, value: str) -> None:
    check_broker_values({name: value}, NOW)


def test_no_connection_is_let_in_but_for_those_of_some_addresses() -> None:
    check_broker_values({"max.connections.per.ip": "0", "max.connections.per.ip.overrides": "127.0.0.1:5"}, NOW)


def test_more_cleaners_need_a_larger_buffer() -> None:
    with pytest.raises(KafkaError, match="1MB per cleaner thread"):
        check_broker_values({"log.cleaner.threads": "2", "log.cleaner.dedupe.buffer.size": "1048576"}, NOW)
