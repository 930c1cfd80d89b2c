"""Puts the parts of a broker together, in order, over a data directory and a clock. Nothing here listens."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..storage.directory import Identity
from .apis import TABLE
from .clock import Alarm, Clock, Schedule
from .cluster import ClusterLog
from .cluster_loading import load_cluster
from .config import BrokerConfig
from .context import FEATURES, METADATA_VERSION, TRANSACTION_VERSION, Context
from .coordination.coordinator_topic import CoordinatorTopic
from .coordination.groups.coordinator import GroupCoordinator
from .coordination.groups.runner import GroupRunner
from .coordination.groups.settings import GroupSettings
from .coordination.transactions.coordinator import TransactionCoordinator, TransactionSettings
from .coordination.transactions.runner import TransactionRunner
from .fetch_sessions import FetchSessions
from .flusher import Flusher, RunInThread
from .producer_ids import ProducerIds
from .store import LogStore
from .topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from .topics import Topics
from .waiters import Waiters


def assemble(
    config: BrokerConfig,
    clock: Clock,
    schedule: Schedule,
    run_in_thread: RunInThread,
    store: LogStore,
    identity: Identity,
    listening_at: Callable[[], tuple[str, int]],
    features: Mapping[str, int] = MappingProxyType({}),
) -> Context:
    """Replay what the directory holds and return everything a handler may touch.

    `features` are levels to set now; other features keep theirs, or get the newest in a new directory.
    """
    cluster = load_cluster(store, config, clock.now_ms())
    is_new = METADATA_VERSION not in cluster.image.features
    new = {feature.name: feature.level for feature in FEATURES} if is_new else {}
    cluster.set_features({**new, **features}, clock.now_ms())
    alarm = Alarm(schedule, lambda: waiters.on_time(clock.now()))
    waiters = Waiters(alarm.set)
    topics = Topics(config, clock, cluster, store, lambda: uuid.uuid4().bytes, waiters.note_change)
    flusher = Flusher(clock, schedule, run_in_thread, store.note_sealed)
    producer_ids = ProducerIds(cluster)
    groups = _groups(config, clock, schedule, topics, flusher)
    return Context(
        config=config,
        clock=clock,
        cluster=cluster,
        topics=topics,
        groups=groups,
        transactions=_transactions(config, clock, schedule, cluster, topics, flusher, groups, producer_ids),
        waiters=waiters,
        fetch_sessions=FetchSessions(
            config.max_incremental_fetch_session_cache_slots, lambda: secrets.randbelow(0x7FFFFFFF) + 1
        ),
        flusher=flusher,
        producer_ids=producer_ids,
        served_apis=list(TABLE.values()),
        cluster_id=identity.cluster_id,
        listening_at=listening_at,
    )


def _groups(config: BrokerConfig, clock: Clock, schedule: Schedule, topics: Topics, flusher: Flusher) -> GroupRunner:
    offsets_topic = CoordinatorTopic(OFFSETS_TOPIC, topics, flusher)
    settings = GroupSettings(
        min_session_timeout_ms=config.group_min_session_timeout_ms,
        max_session_timeout_ms=config.group_max_session_timeout_ms,
        initial_rebalance_delay_ms=config.group_initial_rebalance_delay_ms,
        max_size=config.group_max_size,
        offset_metadata_max_bytes=config.offset_metadata_max_bytes,
        offsets_retention_ms=config.offsets_retention_minutes * 60_000,
        offsets_retention_check_interval_ms=config.offsets_retention_check_interval_ms,
        # A topic made under another setting keeps its partitions, and groups must be found where they are.
        offsets_topic_partitions=offsets_topic.partition_count() or config.offsets_topic_num_partitions,
    )
    groups = GroupRunner(GroupCoordinator(settings, new_id=lambda: str(uuid.uuid4())), offsets_topic, clock, schedule)
    for partition, batches in offsets_topic.stored():
        groups.load(partition, batches)
    groups.start()
    return groups


def _transactions(
    config: BrokerConfig,
    clock: Clock,
    schedule: Schedule,
    cluster: ClusterLog,
    topics: Topics,
    flusher: Flusher,
    groups: GroupRunner,
    producer_ids: ProducerIds,
) -> TransactionRunner:
    def level() -> int:
        return cluster.image.features.get(TRANSACTION_VERSION, 0)

    state_topic = CoordinatorTopic(TRANSACTION_TOPIC, topics, flusher)
    settings = TransactionSettings(config.transaction_max_timeout_ms, config.transactional_id_expiration_ms)
    coordinator = TransactionCoordinator(settings, lambda: producer_ids.next_id(clock.now_ms()), level)
    transactions = TransactionRunner(
        coordinator, state_topic, topics, groups.note_marker, level, config, clock, schedule
    )
    for partition, batches in state_topic.stored():
        transactions.load(partition, batches)
    transactions.start()
    return transactions
