"""What several brokers have that one alone does not: the settings of replicas and elections, read by name.

A broker alone reads none of them.
"""

from collections.abc import Mapping
from typing import Final

from .broker_config import NO_LIMIT, BrokerConfig
from .topic_config import in_force

LAG: Final = "replica.lag.time.max.ms"
FETCH_MAX_BYTES: Final = "replica.fetch.max.bytes"
RESPONSE_MAX_BYTES: Final = "replica.fetch.response.max.bytes"
FETCH_BACKOFF: Final = "replica.fetch.backoff.ms"
SESSION_TIMEOUT: Final = "broker.session.timeout.ms"
COMMIT_TIMEOUT: Final = "offsets.commit.timeout.ms"
SHARE_WRITE_TIMEOUT: Final = "share.coordinator.write.timeout.ms"
ADD_PARTITIONS_BACKOFF: Final = "add.partitions.to.txn.retry.backoff.ms"
ADD_PARTITIONS_MAX: Final = "add.partitions.to.txn.retry.backoff.max.ms"
SELECTOR: Final = "replica.selector.class"
RACK_AWARE_SELECTOR: Final = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
AUTO_REBALANCE: Final = "auto.leader.rebalance.enable"
IMBALANCE_INTERVAL: Final = "leader.imbalance.check.interval.seconds"
QUOTA_SAMPLES: Final = "replication.quota.window.num"
QUOTA_WINDOW: Final = "replication.quota.window.size.seconds"
LEADER_RATE: Final = "leader.replication.throttled.rate"
FOLLOWER_RATE: Final = "follower.replication.throttled.rate"
LEADER_REPLICAS: Final = "leader.replication.throttled.replicas"
FOLLOWER_REPLICAS: Final = "follower.replication.throttled.replicas"

MIN_ISR: Final = "min.insync.replicas"
UNCLEAN: Final = "unclean.leader.election.enable"
UNCLEAN_INTERVAL: Final = "unclean.leader.election.interval.ms"

OF_SEVERAL_BROKERS: Final = frozenset(
    {
        LAG,
        FETCH_MAX_BYTES,
        RESPONSE_MAX_BYTES,
        FETCH_BACKOFF,
        SESSION_TIMEOUT,
        COMMIT_TIMEOUT,
        SHARE_WRITE_TIMEOUT,
        ADD_PARTITIONS_BACKOFF,
        ADD_PARTITIONS_MAX,
        SELECTOR,
        AUTO_REBALANCE,
        IMBALANCE_INTERVAL,
        QUOTA_SAMPLES,
        QUOTA_WINDOW,
        LEADER_RATE,
        FOLLOWER_RATE,
        LEADER_REPLICAS,
        FOLLOWER_REPLICAS,
        MIN_ISR,
        UNCLEAN,
        UNCLEAN_INTERVAL,
    }
)
"""What has an effect with several brokers, and none with one."""

SET_BY_CLIENTS: Final = frozenset({LEADER_RATE, FOLLOWER_RATE})
"""Of these, what has none when it is given at the start: Apache Kafka looks at what clients have set alone (KIP-73)."""


class ReplicationConfig:
    """The settings in force, looked up each time: clients change some while brokers run."""

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config

    def _number(self, name: str) -> int:
        return int(self._config.effective(name) or 0)

    @property
    def lag_s(self) -> float:
        """`replica.lag.time.max.ms`, in seconds: how long a replica may be behind and stay in sync."""
        return self._number(LAG) / 1000

    @property
    def fetch_max_bytes(self) -> int:
        """`replica.fetch.max.bytes`: of one partition at a time."""
        return self._number(FETCH_MAX_BYTES)

    @property
    def response_max_bytes(self) -> int:
        """`replica.fetch.response.max.bytes`: of all partitions in one answer."""
        return self._number(RESPONSE_MAX_BYTES)

    @property
    def backoff_s(self) -> float:
        """`replica.fetch.backoff.ms`, in seconds."""
        return self._number(FETCH_BACKOFF) / 1000

    @property
    def session_timeout_s(self) -> float:
        """`broker.session.timeout.ms`, in seconds: after which a broker that is not heard of is fenced."""
        return self._number(SESSION_TIMEOUT) / 1000

    @property
    def commit_timeout_s(self) -> float:
        """`offsets.commit.timeout.ms`, in seconds: how long a group coordinator waits for followers."""
        return self._number(COMMIT_TIMEOUT) / 1000

    @property
    def share_write_timeout_s(self) -> float:
        """`share.coordinator.write.timeout.ms`, in seconds: likewise for the state of share partitions."""
        return self._number(SHARE_WRITE_TIMEOUT) / 1000

    @property
    def add_partitions_backoff_s(self) -> float:
        """`add.partitions.to.txn.retry.backoff.ms`, in seconds."""
        return self._number(ADD_PARTITIONS_BACKOFF) / 1000

    @property
    def add_partitions_retry_s(self) -> float:
        """`add.partitions.to.txn.retry.backoff.max.ms`, in seconds: how long a partition is tried to be added."""
        return self._number(ADD_PARTITIONS_MAX) / 1000

    @property
    def imbalance_interval_s(self) -> float | None:
        """How often leaders are set back to the preferred ones; None for never."""
        if self._config.effective(AUTO_REBALANCE) != "true":
            return None
        return float(self._number(IMBALANCE_INTERVAL))

    @property
    def quota_samples(self) -> int:
        """`replication.quota.window.num`: over how many windows throttled replication is averaged."""
        return self._number(QUOTA_SAMPLES)

    @property
    def quota_window_ms(self) -> int:
        """`replication.quota.window.size.seconds`, in milliseconds: how long each is."""
        return self._number(QUOTA_WINDOW) * 1000

    @property
    def leader_throttled_rate(self) -> int:
        """`leader.replication.throttled.rate`, in bytes a second: what throttled followers get of this broker."""
        return self._set_by_clients(LEADER_RATE)

    @property
    def follower_throttled_rate(self) -> int:
        """`follower.replication.throttled.rate`, in bytes a second: what this broker takes in as one of them."""
        return self._set_by_clients(FOLLOWER_RATE)

    def _set_by_clients(self, name: str) -> int:
        config = self._config
        return int(config.dynamic.get(name, config.dynamic_default.get(name, NO_LIMIT)))

    def min_isr(self, topic_configs: Mapping[str, str]) -> int:
        """`min.insync.replicas` of a topic with these configs."""
        return int(in_force(MIN_ISR, topic_configs, self._config) or 1)
