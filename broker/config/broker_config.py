"""BrokerConfig: the broker settings that have an effect here, under Kafka's names with `_` for `.`.

The rule: a running broker has one, which changes by `set_dynamic` alone; whoever reads a setting where it is used has
it as it is now. The defaults are Kafka's own, but for a one-node broker where Kafka's cannot be meant; each of those
says why.
"""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .config_def import ConfigError, broker_config_def, check_broker_config, parse_number
from .config_value import ConfigSource, ConfigValue

NO_LIMIT = 9223372036854775807


@dataclass(kw_only=True)
class BrokerConfig:
    """The settings of one broker; build it from Kafka's names with `from_settings`."""

    node_id: int = 1  # Kafka has no default; its own quick start says 1
    listeners: str = "PLAINTEXT://127.0.0.1:9092"  # Kafka listens on every interface; a dev broker should not
    advertised_listeners: str = ""
    log_dirs: str = "odradek-data"
    broker_rack: str | None = None

    auto_create_topics_enable: bool = True
    delete_topic_enable: bool = True
    num_partitions: int = 1
    default_replication_factor: int = 1

    socket_request_max_bytes: int = 104857600
    queued_max_request_bytes: int = 268435456  # Kafka has no limit, and a heap that is one
    socket_listen_backlog_size: int = 50
    connections_max_idle_ms: int = 600000
    max_connections: int = 2147483647
    max_connections_per_ip: int = 2147483647

    fetch_max_bytes: int = 57671680
    max_incremental_fetch_session_cache_slots: int = 1000

    producer_id_expiration_ms: int = 86400000
    producer_id_expiration_check_interval_ms: int = 600000
    log_retention_check_interval_ms: int = 300000
    log_flush_offset_checkpoint_interval_ms: int = 60000
    log_segment_delete_delay_ms: int = 60000

    log_cleaner_enable: bool = True
    log_cleaner_backoff_ms: int = 15000
    log_cleaner_dedupe_buffer_size: int = 134217728
    log_cleaner_io_buffer_load_factor: float = 0.9
    log_cleaner_io_max_bytes_per_second: float = 1.7976931348623157e308

    metadata_log_segment_bytes: int = 1073741824
    metadata_log_segment_ms: int = 604800000
    metadata_log_max_record_bytes_between_snapshots: int = 20971520
    metadata_log_max_snapshot_interval_ms: int = 3600000

    group_min_session_timeout_ms: int = 6000
    group_max_session_timeout_ms: int = 1800000
    group_initial_rebalance_delay_ms: int = 0  # Kafka: 3000; its own images say 0, and a test waits three seconds less
    group_max_size: int = 2147483647
    offset_metadata_max_bytes: int = 4096
    offsets_retention_minutes: int = 10080
    offsets_retention_check_interval_ms: int = 600000
    offsets_topic_num_partitions: int = 50
    offsets_topic_segment_bytes: int = 104857600
    offsets_topic_replication_factor: int = 1  # Kafka: 3, which one node cannot give

    transaction_max_timeout_ms: int = 900000
    transactional_id_expiration_ms: int = 604800000
    transaction_state_log_num_partitions: int = 50
    transaction_state_log_segment_bytes: int = 104857600
    transaction_state_log_replication_factor: int = 1  # Kafka: 3, which one node cannot give
    transaction_state_log_min_isr: int = 1  # Kafka: 2
    transaction_abort_timed_out_transaction_cleanup_interval_ms: int = 10000
    transaction_remove_expired_transaction_cleanup_interval_ms: int = 3600000
    transaction_partition_verification_enable: bool = True

    # Every setting that was given, effect or none, as checked text: what DescribeConfigs calls static.
    given: Mapping[str, str] = field(default_factory=dict[str, str])
    # What clients have set since: for this broker, and for every broker of the cluster.
    dynamic: Mapping[str, str] = field(default_factory=dict[str, str])
    dynamic_default: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> "BrokerConfig":
        """Build from Kafka's names; ConfigError for a name or value that Kafka would refuse."""
        given = {name: check_broker_config(name, value) for name, value in settings.items()}
        config = cls(given=given)
        config._take(given)
        config.listener()
        config.advertised()
        return config

    def set_dynamic(self, dynamic: Mapping[str, str], dynamic_default: Mapping[str, str]) -> None:
        """What clients have set is this from now on, as checked text."""
        changed = {*self.dynamic, *self.dynamic_default, *dynamic, *dynamic_default}
        self.dynamic, self.dynamic_default = dynamic, dynamic_default
        self._take(changed)

    def _take(self, names: Collection[str]) -> None:
        """Read these settings anew from what was given."""
        for f in dataclasses.fields(self):
            name = f.name.replace("_", ".")
            if name in names and name in broker_config_def():
                given = self._given(name)
                value = f.default if given is None else _typed(broker_config_def()[name].type, given)
                setattr(self, f.name, value)

    def _given(self, name: str) -> str | None:
        for values in (self.dynamic, self.dynamic_default, self.given):
            if name in values:
                return values[name]
        return None

    def effective(self, name: str) -> str | None:
        """The value in force of any broker setting, as Kafka would print it."""
        given = self._given(name)
        return _default_of(name) if given is None else given

    def chain_of(self, names: Sequence[str]) -> list[ConfigValue]:
        """Every value known for a setting that has these names, the one in force first.

        As Apache Kafka has it, nothing is known for log.retention.ms, the first of its names, while only
        log.retention.hours is given.
        """
        chain: list[ConfigValue] = []
        for source, value_of in (
            (ConfigSource.DYNAMIC_BROKER, self.dynamic.get),
            (ConfigSource.DYNAMIC_DEFAULT_BROKER, self.dynamic_default.get),
            (ConfigSource.STATIC_BROKER, self._static),
            (ConfigSource.DEFAULT, _default_of_kafka),
        ):
            for name in names:
                value = value_of(name)
                if value is not None:
                    chain.append(ConfigValue(name, value, source))
        while chain and chain[0].name != names[0]:
            del chain[0]
        return chain

    def _static(self, name: str) -> str | None:
        """What differs from Kafka's default was decided by this broker: to a client that is static, too."""
        if name in self.given:
            return self.given[name]
        ours = _default_of(name)
        return None if ours == _default_of_kafka(name) else ours

    def listener(self) -> tuple[str, int]:
        """Host and port to bind to."""
        return _endpoint(self.listeners, "listeners")

    def advertised(self) -> tuple[str, int] | None:
        """Host and port that clients are told, where they differ from the listener's."""
        if not self.advertised_listeners:
            return None
        host, port = _endpoint(self.advertised_listeners, "advertised.listeners")
        if host in ("0.0.0.0", "::", ""):
            raise ConfigError(f"advertised.listeners cannot use the address {host!r}: no client can connect to it")
        return host, port


def _default_of(name: str) -> str | None:
    """Our default of any broker setting, as Kafka would print it."""
    ours = getattr(BrokerConfig, name.replace(".", "_"), None) if name in broker_config_def() else None
    if ours is None:
        return _default_of_kafka(name)
    return str(ours).lower() if isinstance(ours, bool) else str(ours)


def _default_of_kafka(name: str) -> str | None:
    setting = broker_config_def().get(name)
    return None if setting is None else setting.default


def _typed(kind: str, text: str) -> object:
    if kind in ("INT", "LONG", "SHORT", "DOUBLE"):
        return parse_number(kind, text)
    if kind == "BOOLEAN":
        return text == "true"
    return text


def _endpoint(listeners: str, name: str) -> tuple[str, int]:
    first, _, others = listeners.partition(",")
    protocol, separator, address = first.strip().rpartition("://")
    if others.strip():
        raise ConfigError(f"{name}: one listener is served, {listeners!r} names more")
    if separator and protocol != "PLAINTEXT":
        raise ConfigError(f"{name}: only PLAINTEXT is served, not {protocol!r}")
    host, colon, port = address.rpartition(":")
    if not colon or re.fullmatch("[0-9]{1,5}", port) is None or int(port) > 65535:
        raise ConfigError(f"{name}: {first.strip()!r} is not PLAINTEXT://HOST:PORT")
    return host.strip("[]"), int(port)
