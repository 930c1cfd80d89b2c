"""What Kafka asks of a broker's settings at its start beyond each one's own bounds, most of it of several together.

Pure, and in Kafka's words. What concerns settings that were not given is not asked: the defaults agree.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from .config_def import ConfigError, broker_config_def
from .java_values import split_list

ValueOf = Callable[[str], str | None]

MEGABYTE = 1024 * 1024
# Refused of a running broker, too.
NO_ROLL_TIME = "log.roll.ms must be greater than or equal to 1"
NEGATIVE_ROLL_JITTER = "log.roll.jitter.ms must be greater than or equal to 0"
NO_RETENTION_TIME = "log.retention.ms must be unlimited (-1) or, greater than or equal to 1"
SMALL_DEDUPE_BUFFER = "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread."
NO_CONNECTIONS_PER_IP = (
    "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set."
)
_LEAST_OF_GROUPS = re.compile(r"group\.(consumer|share|streams)\.min\.(.+)")
# Of share groups; Kafka checks these in other words than the rest.
_OF_SHARE_PARTITIONS = ("delivery.count.limit", "partition.max.record.locks", "record.lock.duration.ms")
_CODECS = ("0", "1", "2", "3", "4")
_NOT_EMPTY = (
    *("advertised.listeners", "controller.listener.names", "group.consumer.assignors", "group.share.assignors"),
    *("log.dir", "log.dirs", "process.roles", "group.coordinator.rebalance.protocols"),
)
_RETENTIONS = ("log.retention.ms", "log.retention.minutes", "log.retention.hours")  # the first that is given counts


def check_together(given: Mapping[str, str], value_of: ValueOf) -> None:
    """Whether a broker starts with these, as checked text; `value_of` is what is in force. ConfigError."""
    faults = chain(
        _empty_lists(given),
        _faults_of_logs(given, value_of),
        _faults_of_names(given, value_of),
        _faults_of_groups(given),
    )
    for fault in faults:
        raise ConfigError(fault)


def _empty_lists(given: Mapping[str, str]) -> Iterator[str]:
    for name in _NOT_EMPTY:
        if given.get(name) == "":
            choices = broker_config_def()[name].valid or "any non-empty value"
            yield f"Configuration '{name}' must not be empty. Valid values include: {choices}"


def _faults_of_logs(given: Mapping[str, str], value_of: ValueOf) -> Iterator[str]:
    def number(name: str) -> int:
        return int(value_of(name) or 0)

    if given.get("log.roll.ms") == "0":
        yield NO_ROLL_TIME
    if int(given.get("log.roll.jitter.ms", 0)) < 0:
        yield NEGATIVE_ROLL_JITTER
    if next((given[name] for name in _RETENTIONS if name in given), "") == "0":
        yield NO_RETENTION_TIME
    if number("log.cleaner.dedupe.buffer.size") < number("log.cleaner.threads") * MEGABYTE:
        yield SMALL_DEDUPE_BUFFER
    longest_wait_ms = number("replica.fetch.wait.max.ms")
    if longest_wait_ms > number("replica.socket.timeout.ms"):
        yield (
            "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary "
            "socket timeouts"
        )
    if longest_wait_ms > number("replica.lag.time.max.ms"):
        yield (
            "replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent "
            "frequent changes in ISR"
        )
    codec = given.get("offsets.topic.compression.codec", "0")
    if codec not in _CODECS:
        yield f"Unknown compression type id: {codec}"
    most_queued = int(given.get("queued.max.request.bytes", -1))
    if 0 < most_queued < number("socket.request.max.bytes"):
        yield "queued.max.request.bytes must be larger or equal to socket.request.max.bytes"


def _faults_of_names(given: Mapping[str, str], value_of: ValueOf) -> Iterator[str]:
    node_id, broker_id = given.get("node.id"), given.get("broker.id", "-1")
    if node_id is not None and int(broker_id) >= 0 and int(broker_id) != int(node_id):
        yield "You must set `node.id` to the same value as `broker.id`."
    if given.get("max.connections.per.ip") == "0" and not given.get("max.connections.per.ip.overrides"):
        yield NO_CONNECTIONS_PER_IP
    name = given.get("inter.broker.listener.name")
    protocols = value_of("listener.security.protocol.map") or ""
    if name and name.upper() not in [one.partition(":")[0].strip().upper() for one in split_list(protocols)]:
        yield (
            f"Listener with name {name.upper()} defined in inter.broker.listener.name not found in "
            "listener.security.protocol.map."
        )


def _faults_of_groups(given: Mapping[str, str]) -> Iterator[str]:
    if "classic" not in split_list(given.get("group.coordinator.rebalance.protocols", "classic")):
        yield "Disabling the 'classic' protocol is not supported."
    known = broker_config_def()

    def number(name: str) -> int:
        return int(given.get(name, known[name].default or 0))

    for least in known:
        if (match := _LEAST_OF_GROUPS.fullmatch(least)) is None:
            continue
        most, middle = f"group.{match[1]}.max.{match[2]}", f"group.{match[1]}.{match[2]}"
        if most not in known or middle not in known or not {least, most, middle} & set(given):
            continue
        if match[2] in _OF_SHARE_PARTITIONS:
            pairs = ((most, middle), (middle, least))
            yield from (f"{a} must be greater than or equal to {b}" for a, b in pairs if number(a) < number(b))
            continue
        if number(most) < number(least):
            yield f"{most} must be greater than or equal to {least}"
        if number(middle) < number(least):
            yield f"{middle} must be greater than or equal to {least}"
        if number(middle) > number(most):
            yield f"{middle} must be less than or equal to {most}"
    sessions, size = "group.share.max.share.sessions", "group.share.max.size"
    if {sessions, size} & set(given) and number(sessions) < number(size):
        yield f"{sessions} must be greater than or equal to {size}"
    for kind in ("consumer", "share", "streams"):
        beat, session = f"group.{kind}.heartbeat.interval.ms", f"group.{kind}.session.timeout.ms"
        if {beat, session} & set(given) and number(beat) >= number(session):
            yield f"{beat} must be less than {session}"
    standbys, most_standbys = "group.streams.num.standby.replicas", "group.streams.max.standby.replicas"
    if {standbys, most_standbys} & set(given) and number(standbys) > number(most_standbys):
        yield f"{standbys} must be less than or equal to {most_standbys}"
