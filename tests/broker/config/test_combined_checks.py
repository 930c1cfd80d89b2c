"""What Kafka refuses at its start although each setting is within its bounds."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError

ZERO_RETENTION = "log.retention.ms must be unlimited (-1) or, greater than or equal to 1"
REFUSED = [
    ("log.roll.ms=0", "log.roll.ms must be greater than or equal to 1"),
    ("log.retention.ms=0", ZERO_RETENTION),
    ("log.retention.minutes=0", ZERO_RETENTION),
    ("log.retention.hours=0", ZERO_RETENTION),
    ("log.cleaner.dedupe.buffer.size=1000", "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread."),
    ("log.cleaner.threads=200", "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread."),
    ("replica.fetch.wait.max.ms=60000", "replica.socket.timeout.ms should always be at least replica.fetch.wait.max"),
    ("replica.lag.time.max.ms=100", "replica.fetch.wait.max.ms should always be less than or equal to replica.lag"),
    ("offsets.topic.compression.codec=9", "Unknown compression type id: 9"),
    ("queued.max.request.bytes=100", "queued.max.request.bytes must be larger or equal to socket.request.max.bytes"),
    ("node.id=1 broker.id=7", "You must set `node.id` to the same value as `broker.id`."),
    ("log.roll.jitter.ms=-1", "log.roll.jitter.ms must be greater than or equal to 0"),
    ("log.dirs=", "Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value"),
    ("advertised.listeners=", "Configuration 'advertised.listeners' must not be empty."),
    ("process.roles=", "Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]"),
    ("group.share.assignors=", "Configuration 'group.share.assignors' must not be empty."),
    ("max.connections.per.ip=0", "can be set to zero only if max.connections.per.ip.overrides property is set."),
    ("inter.broker.listener.name=FOO", "Listener with name FOO defined in inter.broker.listener.name not found in"),
    ("group.coordinator.rebalance.protocols=consumer", "Disabling the 'classic' protocol is not supported."),
    (
        "group.consumer.heartbeat.interval.ms=60000",
        "group.consumer.heartbeat.interval.ms must be less than or equal to group.consumer.max.heartbeat.interval.ms",
    ),
    (
        "group.consumer.session.timeout.ms=1",
        "group.consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
    ),
    (
        "group.consumer.min.session.timeout.ms=1000 group.consumer.session.timeout.ms=2000",
        "group.consumer.heartbeat.interval.ms must be less than group.consumer.session.timeout.ms",
    ),
    (
        "group.streams.num.standby.replicas=3",
        "group.streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas",
    ),
    (
        "group.share.max.heartbeat.interval.ms=1",
        "group.share.max.heartbeat.interval.ms must be greater than or equal to group.share.min.heartbeat.interval.ms",
    ),
    (
        "group.share.delivery.count.limit=8 group.share.max.delivery.count.limit=6",
        "group.share.max.delivery.count.limit must be greater than or equal to group.share.delivery.count.limit",
    ),
    (
        "group.share.partition.max.record.locks=100 group.share.min.partition.max.record.locks=200",
        "group.share.partition.max.record.locks must be greater than or equal to group.share.min.partition.max.record",
    ),
    (
        "group.share.max.share.sessions=5",
        "group.share.max.share.sessions must be greater than or equal to group.share.max.size",
    ),
]
TAKEN = [
    "log.retention.ms=-1 log.retention.hours=0",
    "queued.max.request.bytes=-1",
    "socket.request.max.bytes=500000000",
    "node.id=7 broker.id=7",
    "node.id=7 broker.id=-1",
    "broker.id=7",
    "max.connections.per.ip=0 max.connections.per.ip.overrides=127.0.0.1:5",
    "inter.broker.listener.name=plaintext",
    "group.coordinator.rebalance.protocols=classic",
    "group.consumer.session.timeout.ms=60000",
    "group.consumer.min.session.timeout.ms=1000 group.consumer.session.timeout.ms=6000",
    "group.share.max.size=5 group.share.max.share.sessions=5",
    "log.cleaner.threads=2 log.cleaner.dedupe.buffer.size=2097152",
]


def settings(text: str) -> dict[str, str]:
    pairs = (one.partition("=") for one in text.split())
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_kafka_refuses_at_its_start_is_refused_in_its_words(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        BrokerConfig.from_settings(settings(text))
    assert why in str(refused.value)


@pytest.mark.parametrize("text", TAKEN)
def test_what_kafka_takes_is_taken(text: str) -> None:
    BrokerConfig.from_settings(settings(text))
