"""What Kafka asks of a broker's settings beyond each one's own bounds, when clients give them to a running broker.

Pure, and in Kafka's words, wrappings included.
"""

from collections.abc import Callable, Mapping

from ...protocol.errors import ErrorCode, KafkaError
from ..config.authorizer_config import DEFAULT_PRINCIPAL_BUILDER
from ..config.combined_checks import (
    MEGABYTE,
    NEGATIVE_ROLL_JITTER,
    NO_CONNECTIONS_PER_IP,
    NO_RETENTION_TIME,
    NO_ROLL_TIME,
    SMALL_DEDUPE_BUFFER,
)

# Pools that grow and shrink at most to double and half.
_THREADS = (
    "num.network.threads",
    "num.io.threads",
    "num.replica.fetchers",
    "num.recovery.threads.per.data.dir",
    "background.threads",
)
CONNECTION_RATE = "max.connection.creation.rate"


def is_connection_rate(name: str) -> bool:
    """Whether a setting is the rate of new connections, of the broker or of one listener."""
    return name == CONNECTION_RATE or (name.startswith("listener.name.") and name.endswith(f".{CONNECTION_RATE}"))


def check_broker_values(configs: Mapping[str, str], in_force: Callable[[str], str | None]) -> None:
    """Whether a broker may have these, as checked text; `in_force` is what it has now. INVALID_REQUEST."""

    def given(name: str) -> int | None:
        return int(configs[name]) if name in configs else None

    def now(name: str) -> int:
        return int(in_force(name) or 0)

    builder = configs.get("principal.builder.class", DEFAULT_PRINCIPAL_BUILDER)
    if builder != DEFAULT_PRINCIPAL_BUILDER:
        why = f"Class {builder} could not be found."
        raise _refused(f"Invalid value {builder} for configuration principal.builder.class: {why}")
    if given("log.roll.ms") == 0:
        raise _refused(f"requirement failed: {NO_ROLL_TIME}")
    if (given("log.roll.jitter.ms") or 0) < 0:
        raise _refused(f"requirement failed: {NEGATIVE_ROLL_JITTER}")
    if given("log.retention.ms") == 0:
        raise _refused(f"requirement failed: {NO_RETENTION_TIME}")
    _check_cleaner(given("log.cleaner.dedupe.buffer.size"), given("log.cleaner.threads"), now)
    overrides = configs.get("max.connections.per.ip.overrides", in_force("max.connections.per.ip.overrides"))
    if given("max.connections.per.ip") == 0 and not overrides:
        raise _refused(f"requirement failed: {NO_CONNECTIONS_PER_IP}")
    if given("max.connections") == 0:
        raise _wrapped("Invalid max.connections 0")
    if any(int(value) == 0 for name, value in configs.items() if is_connection_rate(name)):
        raise _wrapped(f"Invalid {CONNECTION_RATE} 0")
    for name in _THREADS:
        _check_pool(name, given(name), now(name))


def _check_cleaner(buffer_bytes: int | None, threads: int | None, now: Callable[[str], int]) -> None:
    current = now("log.cleaner.threads")
    if buffer_bytes is not None and buffer_bytes < (threads or current) * MEGABYTE:
        raise _refused(f"requirement failed: {SMALL_DEDUPE_BUFFER}")
    if threads is not None and threads > 2 * current:
        raise _wrapped(f"Log cleaner threads cannot be increased to more than double the current value {current}")
    if threads is not None and threads < current // 2:
        raise _wrapped(f"Log cleaner threads cannot be reduced to less than half the current value {current}")


def _check_pool(name: str, wanted: int | None, current: int) -> None:
    if wanted is None or wanted == current:
        return
    text = f"Dynamic thread count update validation failed for {name}={wanted}, "
    if wanted > 2 * current:
        raise _wrapped(f"{text}value should not be greater than double the current value {current}")
    if wanted < current / 2:
        raise _wrapped(f"{text}value should be at least half the current value {current}")


def _refused(why: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REQUEST, why)


def refused_stores(why: str) -> KafkaError:
    """As Kafka refuses key stores and trust stores that listeners cannot go on with."""
    return _wrapped(
        "Validation of dynamic config update of SSLFactory failed: "
        f"org.apache.kafka.common.errors.InvalidConfigurationException: {why}"
    )


def _wrapped(why: str) -> KafkaError:
    """As Kafka hands on what a part of the broker refuses."""
    return _refused(
        f"Invalid value org.apache.kafka.common.config.ConfigException: {why} for configuration Invalid dynamic "
        "configuration"
    )
