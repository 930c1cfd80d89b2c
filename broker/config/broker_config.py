"""BrokerConfig: the broker settings that have an effect here, under Kafka's names with `_` for `.`.

The rule: a running broker has one, which changes by `set_dynamic` alone; whoever reads a setting where it is used has
it as it is now. The defaults are Kafka's own, but for a one-node broker where Kafka's cannot be meant; each of those
says why.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .authorizer_config import DEFAULT_PRINCIPAL_BUILDER, SUPER_USERS, check_authorizer
from .cluster_defaults import OF_KAFKA, replicas_by_default
from .combined_checks import check_together
from .config_def import ConfigError, broker_config_def, parse_number
from .config_value import ConfigSource, ConfigValue
from .java_values import spell_double, split_list
from .listeners import Endpoint, advertised_endpoints, own_name, parse_endpoints, protocols_of, served_endpoints
from .release import AS_VERSION, NEWEST, Release, find_release, newest

NO_LIMIT = 9223372036854775807
_OVERRIDES = "max.connections.per.ip.overrides"
# Settings that are read beside the fields.
ASSIGNORS = ("uniform", "range")
READ_BY_NAME = frozenset({"listener.security.protocol.map", "controller.listener.names", "broker.id", "log.dir"})


@dataclass(kw_only=True)
class BrokerConfig:
    """The settings of one broker; build it from Kafka's names with `from_settings`."""

    node_id: int = 1  # Kafka has no default; its own quick start says 1
    listeners: str = "PLAINTEXT://127.0.0.1:9092"  # Kafka listens on every interface; a dev broker should not
    advertised_listeners: str | None = None
    log_dirs: str = "odradek-data"
    broker_rack: str | None = None

    auto_create_topics_enable: bool = True
    delete_topic_enable: bool = True
    num_partitions: int = 1
    default_replication_factor: int = 1

    authorizer_class_name: str = ""
    principal_builder_class: str = DEFAULT_PRINCIPAL_BUILDER

    socket_request_max_bytes: int = 104857600
    queued_max_request_bytes: int = 268435456  # Kafka has no limit, and a heap that is one
    socket_listen_backlog_size: int = 50
    connections_max_idle_ms: int = 600000
    max_connections: int = 2147483647
    max_connections_per_ip: int = 2147483647
    max_connections_per_ip_overrides: str = ""
    max_connection_creation_rate: int = 2147483647

    sasl_enabled_mechanisms: str = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"  # Kafka: GSSAPI, which is not served
    sasl_jaas_config: str | None = field(default=None, repr=False)
    sasl_server_callback_handler_class: str | None = None
    sasl_server_max_receive_size: int = 524288
    connection_failed_authentication_delay_ms: int = 100
    connections_max_reauth_ms: int = 0
    sasl_oauthbearer_jwks_endpoint_url: str | None = None
    sasl_oauthbearer_jwks_endpoint_refresh_ms: int = 3600000
    sasl_oauthbearer_jwks_endpoint_retry_backoff_ms: int = 100
    sasl_oauthbearer_jwks_endpoint_retry_backoff_max_ms: int = 10000
    sasl_oauthbearer_expected_audience: str = ""
    sasl_oauthbearer_expected_issuer: str | None = None
    sasl_oauthbearer_scope_claim_name: str = "scope"
    sasl_oauthbearer_sub_claim_name: str = "sub"
    sasl_oauthbearer_clock_skew_seconds: int = 30
    delegation_token_secret_key: str | None = field(default=None, repr=False)
    delegation_token_max_lifetime_ms: int = 604800000
    delegation_token_expiry_time_ms: int = 86400000
    delegation_token_expiry_check_interval_ms: int = 3600000

    quota_window_num: int = 11
    quota_window_size_seconds: int = 1
    controller_quota_window_num: int = 11
    controller_quota_window_size_seconds: int = 1

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
    group_coordinator_rebalance_protocols: str = "classic,consumer,streams"
    group_consumer_session_timeout_ms: int = 45000
    group_consumer_min_session_timeout_ms: int = 45000
    group_consumer_max_session_timeout_ms: int = 60000
    group_consumer_heartbeat_interval_ms: int = 5000
    group_consumer_min_heartbeat_interval_ms: int = 5000
    group_consumer_max_heartbeat_interval_ms: int = 15000
    group_consumer_assignment_interval_ms: int = 1000
    group_consumer_min_assignment_interval_ms: int = 0
    group_consumer_max_assignment_interval_ms: int = 15000
    group_consumer_regex_refresh_interval_ms: int = 600000
    group_consumer_max_size: int = 2147483647
    group_consumer_assignors: str = "uniform,range"
    group_consumer_migration_policy: str = "bidirectional"
    group_share_record_lock_duration_ms: int = 30000
    group_share_min_record_lock_duration_ms: int = 15000
    group_share_max_record_lock_duration_ms: int = 60000
    group_share_delivery_count_limit: int = 5
    group_share_min_delivery_count_limit: int = 2
    group_share_max_delivery_count_limit: int = 10
    group_share_partition_max_record_locks: int = 2000
    group_share_min_partition_max_record_locks: int = 100
    group_share_max_partition_max_record_locks: int = 4000
    group_share_max_share_sessions: int = 2000
    group_streams_session_timeout_ms: int = 45000
    group_streams_min_session_timeout_ms: int = 45000
    group_streams_max_session_timeout_ms: int = 60000
    group_streams_heartbeat_interval_ms: int = 5000
    group_streams_min_heartbeat_interval_ms: int = 5000
    group_streams_max_heartbeat_interval_ms: int = 15000
    group_streams_assignment_interval_ms: int = 1000
    group_streams_min_assignment_interval_ms: int = 0
    group_streams_max_assignment_interval_ms: int = 15000
    group_streams_initial_rebalance_delay_ms: int = 3000
    group_streams_num_standby_replicas: int = 0
    group_streams_max_standby_replicas: int = 2
    group_streams_max_size: int = 2147483647
    group_share_session_timeout_ms: int = 45000
    group_share_min_session_timeout_ms: int = 45000
    group_share_max_session_timeout_ms: int = 60000
    group_share_heartbeat_interval_ms: int = 5000
    group_share_min_heartbeat_interval_ms: int = 5000
    group_share_max_heartbeat_interval_ms: int = 15000
    group_share_assignment_interval_ms: int = 1000
    group_share_min_assignment_interval_ms: int = 0
    group_share_max_assignment_interval_ms: int = 15000
    group_share_initialize_retry_interval_ms: int = 30000
    group_share_max_size: int = 200
    group_share_assignors: str = "simple"
    offset_metadata_max_bytes: int = 4096
    offsets_retention_minutes: int = 10080
    offsets_retention_check_interval_ms: int = 600000
    offsets_topic_num_partitions: int = 50
    offsets_topic_segment_bytes: int = 104857600
    offsets_topic_replication_factor: int = 1  # Kafka: 3 (cluster_defaults.py)

    transaction_max_timeout_ms: int = 900000
    transactional_id_expiration_ms: int = 604800000
    transaction_state_log_num_partitions: int = 50
    transaction_state_log_segment_bytes: int = 104857600
    transaction_state_log_replication_factor: int = 1  # Kafka: 3 (cluster_defaults.py)
    transaction_state_log_min_isr: int = 1  # Kafka: 2
    transaction_abort_timed_out_transaction_cleanup_interval_ms: int = 10000
    transaction_remove_expired_transaction_cleanup_interval_ms: int = 3600000
    transaction_partition_verification_enable: bool = True

    share_coordinator_state_topic_num_partitions: int = 50
    share_coordinator_state_topic_segment_bytes: int = 104857600
    share_coordinator_state_topic_replication_factor: int = 1  # Kafka: 3 (cluster_defaults.py)
    share_coordinator_state_topic_min_isr: int = 1  # Kafka: 2
    share_coordinator_state_topic_prune_interval_ms: int = 300000
    share_coordinator_snapshot_update_records_per_snapshot: int = 500
    share_coordinator_cold_partition_snapshot_interval_ms: int = 300000

    # Not one of Kafka's: how many brokers the cluster has, and whether factors beyond that are lowered, not refused.
    brokers: int = 1
    lower_replication_factors: bool = False
    # Not one of Kafka's: the release whose APIs, features and defaults clients see.
    release: Release = field(default_factory=newest)

    # Every setting that was given, effect or none, in Kafka's spelling: what DescribeConfigs calls static. There are
    # passwords among them, which no log is to show.
    given: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    # What clients have set since: for this broker, and for every broker of the cluster.
    dynamic: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    dynamic_default: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    # The same as it was written: "compact, delete", "0.30f".
    written: Mapping[ConfigSource, Mapping[str, str]] = field(
        default_factory=dict[ConfigSource, Mapping[str, str]], repr=False
    )

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, str], *, lower_replication_factors: bool = False, brokers: int = 1
    ) -> "BrokerConfig":
        """Build from Kafka's names; ConfigError for a name or value that Kafka would refuse."""
        settings = dict(settings)
        release = find_release(settings.pop(AS_VERSION, NEWEST))
        given = {name: release.check_broker_config(name, value) for name, value in settings.items()}
        written: dict[ConfigSource, Mapping[str, str]] = {ConfigSource.STATIC_BROKER: settings}
        config = cls(given=given, written=written, release=release, brokers=brokers)
        config.lower_replication_factors = lower_replication_factors
        config._take({*given, *release.defaults, *OF_KAFKA})
        config._take_older_names()
        config._check_roles()
        check_together(given, config.effective)
        check_authorizer(config.authorizer_class_name, given.get(SUPER_USERS, ""), config.principal_builder_class)
        config.consumer_assignors()
        config.check_share_assignors()
        config.advertised()
        try:
            config.connections_from("")
        except ValueError:
            raise ConfigError(f"{_OVERRIDES}: {given[_OVERRIDES]!r} is not HOST:COUNT,…") from None
        return config

    def set_dynamic(self, dynamic: Mapping[str, str], dynamic_default: Mapping[str, str]) -> None:
        """What clients have set is this from now on, as it was written. ConfigError, and nothing is changed."""
        own, of_all = self._spelled(dynamic), self._spelled(dynamic_default)
        changed = {*self.dynamic, *self.dynamic_default, *own, *of_all}
        self.dynamic, self.dynamic_default = own, of_all
        self.written = {
            **self.written,
            ConfigSource.DYNAMIC_BROKER: dynamic,
            ConfigSource.DYNAMIC_DEFAULT_BROKER: dynamic_default,
        }
        self._take(changed)

    def _take(self, names: Collection[str]) -> None:
        """Read these settings anew from what was given."""
        for f in dataclasses.fields(self):
            name = f.name.replace("_", ".")
            if name in names and name in broker_config_def():
                given = self._given(name)
                if given is None:
                    given = self.release.defaults.get(name)
                own = replicas_by_default(name, self.brokers) or f.default
                setattr(self, f.name, own if given is None else _typed(broker_config_def()[name].type, given))

    def _take_older_names(self) -> None:
        if "node.id" not in self.given and int(self.given.get("broker.id", -1)) >= 0:
            self.node_id = int(self.given["broker.id"])
        if "log.dirs" not in self.given and "log.dir" in self.given:
            self.log_dirs = self.given["log.dir"]
        number = {"broker.id": str(self.node_id)}  # which Kafka makes the same
        self.given = {**self.given, **number}
        self.written = {ConfigSource.STATIC_BROKER: {**self._written(ConfigSource.STATIC_BROKER), **number}}

    def _check_roles(self) -> None:
        roles = split_list(self.given.get("process.roles", "broker"))
        if roles and "broker" not in roles:
            raise ConfigError(f"process.roles: {','.join(roles)} alone is not served: it has no clients")

    def connections_from(self, host: str) -> int:
        """How many connections an address may have."""
        return _overrides(self.max_connections_per_ip_overrides).get(host, self.max_connections_per_ip)

    def replication_factor(self, wanted: int) -> int:
        """What becomes of a replication factor that was asked for."""
        return min(wanted, self.brokers) if self.lower_replication_factors else wanted

    def _given(self, name: str) -> str | None:
        for values in (self.dynamic, self.dynamic_default, self.given):
            if name in values:
                return values[name]
        return None

    def effective(self, name: str) -> str | None:
        """The value in force of any broker setting, as Kafka would print it."""
        given = self._given(name)
        return self._default_of(name) if given is None else given

    def for_listener(self, listener: str, name: str, mechanism: str = "") -> str | None:
        """What is in force on one listener, for one SASL mechanism; what is said most closely counts."""
        return self.effective(self.name_in_force(listener, name, mechanism))

    def name_in_force(self, listener: str, name: str, mechanism: str = "") -> str:
        """By which name that was given; the name itself where nobody gave it."""
        own = own_name(listener, "")
        of_mechanism = [f"{own}{mechanism.lower()}.{name}", f"{mechanism.lower()}.{name}"] if mechanism else []
        known = (*of_mechanism, f"{own}{name}")
        return next((one for one in known if self._given(one) is not None), name)

    def is_given(self, listener: str, name: str) -> bool:
        """Whether a setting was given, for this listener or for all."""
        return self.is_own(listener, name) or self._given(name) is not None

    def is_own(self, listener: str, name: str) -> bool:
        """Whether a setting was given for this listener by itself."""
        return self._given(own_name(listener, name)) is not None

    def chain_of(self, names: Sequence[str]) -> list[ConfigValue]:
        """Every value known for a setting that has these names, as it was written, the one in force first.

        As Apache Kafka has it, nothing is known for log.retention.ms, the first of its names, while only
        log.retention.hours is given.
        """
        chain: list[ConfigValue] = []
        for source, value_of in (
            (ConfigSource.DYNAMIC_BROKER, self._written(ConfigSource.DYNAMIC_BROKER).get),
            (ConfigSource.DYNAMIC_DEFAULT_BROKER, self._written(ConfigSource.DYNAMIC_DEFAULT_BROKER).get),
            (ConfigSource.STATIC_BROKER, self._static),
            (ConfigSource.DEFAULT, self._default_of_kafka),
        ):
            for name in names:
                value = value_of(name)
                if value is not None:
                    chain.append(ConfigValue(name, value, source))
        while chain and chain[0].name != names[0]:
            del chain[0]
        return chain

    def _written(self, source: ConfigSource) -> Mapping[str, str]:
        return self.written.get(source, {})

    def _static(self, name: str) -> str | None:
        """What differs from Kafka's default was decided by this broker: to a client that is static, too."""
        written = self._written(ConfigSource.STATIC_BROKER)
        if name in written:
            return written[name]
        ours = self._default_of(name)
        return None if ours == self._default_of_kafka(name) else ours

    def _spelled(self, configs: Mapping[str, str]) -> dict[str, str]:
        """What Kafka knows of these, in its spelling; ConfigError. What it does not know stays as it is."""
        release = self.release
        return {
            name: release.check_broker_config(name, value) if release.is_known(name) else value
            for name, value in configs.items()
        }

    def _default_of(self, name: str) -> str | None:
        """Our default of any broker setting, as Kafka would print it."""
        ours = replicas_by_default(name, self.brokers)
        if ours is None and name in broker_config_def():
            ours = getattr(BrokerConfig, name.replace(".", "_"), None)
        if ours is None or name in self.release.defaults:
            return self._default_of_kafka(name)
        if isinstance(ours, float):
            return spell_double(ours)
        return str(ours).lower() if isinstance(ours, bool) else str(ours)

    def _default_of_kafka(self, name: str) -> str | None:
        setting = self.release.find_broker_config(name)
        return None if setting is None or setting.name != name else setting.default

    def endpoints(self) -> list[Endpoint]:
        """Where it listens for clients. ConfigError."""
        controllers = self.controllers()
        protocols = protocols_of(self.effective("listener.security.protocol.map") or "", controllers)
        return served_endpoints(self.listeners, protocols, controllers)

    def left_out_listeners(self) -> list[Endpoint]:
        """What `listeners` names for controllers."""
        controllers = self.controllers()
        return [one for one in parse_endpoints(self.listeners, "listeners") if one.name in controllers]

    def consumer_assignors(self) -> list[str]:
        """The assignors of consumer groups, the default one first. ConfigError for one that is not there."""
        names = split_list(self.group_consumer_assignors)
        for name in names:
            if name not in ASSIGNORS:
                raise ConfigError(
                    f"group.consumer.assignors: there is no {name!r} here; there are: {', '.join(ASSIGNORS)}"
                )
        if not names:
            raise ConfigError("group.consumer.assignors is empty")
        return names

    def check_share_assignors(self) -> None:
        """ConfigError for an assignor of share groups that is not there: there is one."""
        if split_list(self.group_share_assignors) != ["simple"]:
            raise ConfigError(f"group.share.assignors: {self.group_share_assignors!r} is not the one there is: simple")

    def advertised(self) -> Mapping[str, tuple[str, int]]:
        """What clients of each listener are told, where that is given. ConfigError."""
        return advertised_endpoints(self.advertised_listeners or "", self.endpoints(), self.controllers())

    def controllers(self) -> list[str]:
        """The names of the listeners that controllers have: this process has no use for them."""
        return [name.upper() for name in split_list(self.effective("controller.listener.names") or "")]


@lru_cache(maxsize=16)
def _overrides(text: str) -> Mapping[str, int]:
    """max.connections.per.ip.overrides: HOST:COUNT,…"""
    parts = [part.rpartition(":") for part in split_list(text)]
    return {host.strip("[]"): int(count) for host, _, count in parts}


def _typed(kind: str, text: str) -> object:
    if kind in ("INT", "LONG", "SHORT", "DOUBLE"):
        return parse_number(kind, text)
    if kind == "BOOLEAN":
        return text == "true"
    return text
