"""BrokerConfig: the broker settings that have an effect here, under Kafka's names with `_` for `.`.

The defaults are Kafka's own, but for a one-node broker where Kafka's cannot be meant; each of those says why.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from .config_def import ConfigError, broker_config_def, check_broker_config

NO_LIMIT = 9223372036854775807


@dataclass(frozen=True, kw_only=True)
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

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> "BrokerConfig":
        """Build from Kafka's names; ConfigError for a name or value that Kafka would refuse."""
        given = {name: check_broker_config(name, value) for name, value in settings.items()}
        values: dict[str, object] = {}
        for f in dataclasses.fields(cls):
            name = f.name.replace("_", ".")
            if f.name != "given" and name in given:
                values[f.name] = _typed(broker_config_def()[name].type, given[name])
        config = cls(**values, given=given)  # type: ignore[arg-type]
        config.listener()
        config.advertised()
        return config

    def effective(self, name: str) -> str | None:
        """The value in force of any broker setting, as Kafka would print it."""
        if name in self.given:
            return self.given[name]
        ours = getattr(self, name.replace(".", "_"), None)
        if ours is not None:
            return str(ours).lower() if isinstance(ours, bool) else str(ours)
        return broker_config_def()[name].default

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


def _typed(kind: str, text: str) -> object:
    if kind in ("INT", "LONG", "SHORT"):
        return int(text)
    if kind == "BOOLEAN":
        return text == "true"
    if kind == "DOUBLE":
        return float(text)
    return text


def _endpoint(listeners: str, name: str) -> tuple[str, int]:
    first, _, others = listeners.partition(",")
    protocol, separator, address = first.strip().rpartition("://")
    if others.strip():
        raise ConfigError(f"{name}: one listener is served, {listeners!r} names more")
    if separator and protocol != "PLAINTEXT":
        raise ConfigError(f"{name}: only PLAINTEXT is served, not {protocol!r}")
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{name}: {first.strip()!r} is not PLAINTEXT://HOST:PORT")
    return host.strip("[]"), int(port)
