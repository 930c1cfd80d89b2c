"""Puts the parts of a broker together, in order, over a data directory and a clock. Nothing here listens."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..protocol.metadata_records import encode_metadata_record
from ..storage.directory import Identity
from .advertised import Advertised, AdvertiseRule
from .apis import apis_of
from .config.authorizer_config import IS_OPEN, SUPER_USERS, parse_is_open, parse_super_users
from .config.broker_config import BrokerConfig
from .context import Context
from .coordination.groups.consumer_config import consumer_config
from .coordination.groups.coordinator import GroupCoordinator
from .coordination.groups.group_config import GroupConfig
from .coordination.groups.metadata_topics import MetadataTopics
from .coordination.groups.service import GroupCoordinatorService
from .coordination.groups.share.service import ShareGroupService
from .coordination.groups.share_group_config import share_group_config
from .coordination.groups.streams_config import streams_config
from .coordination.partition_writer import PartitionWriter
from .coordination.share_state.coordinator import ShareStateCoordinator
from .coordination.share_state.service import ShareStateService
from .coordination.share_state.share_state_config import ShareStateConfig
from .coordination.transactions.coordinator import TransactionCoordinator
from .coordination.transactions.given_epochs import GivenEpochs
from .coordination.transactions.service import TransactionCoordinatorService
from .coordination.transactions.timeouts import TransactionTimeouts
from .coordination.transactions.transaction_config import TransactionConfig
from .dynamic_config.configs import Configs
from .dynamic_config.following import BrokerConfigFollower
from .heavy_work import HeavyWork
from .log_manager import LogManager
from .metadata.features import SHARE_VERSION, TRANSACTION_VERSION, features_of, first_levels
from .metadata.loader import load_metadata
from .metadata.log import MetadataLog, feature_records
from .metadata.metadata import Metadata
from .metadata.producer_ids import ProducerIds
from .nodes.nodes import OnlyNode
from .purgatory import Purgatory
from .quotas.client_quotas import ClientQuotas
from .runtime import Clock, Runtime, SerialQueue
from .seat import Seat
from .security.authorization.acls import Acls
from .security.authorization.authorizer import Authorizer
from .security.sasl.sasl_server import SaslServer
from .security.sasl.users import User
from .security.tls.listeners import TlsListeners
from .security.tokens.delegation_tokens import DelegationTokens
from .share.share_config import share_group_settings
from .share.share_partitions import SharePartitions
from .share.share_sessions import ShareSessions
from .slices import Slices
from .topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from .topics.fetch_sessions import FetchSessions
from .topics.high_watermarks import OwnHighWatermarks
from .topics.log_flusher import LogFlusher
from .topics.streams_topics import StreamsTopics
from .topics.topics import Topics
from .unsent_answers import UnsentAnswers


def assemble(
    config: BrokerConfig,
    runtime: Runtime,
    log_manager: LogManager,
    identity: Identity,
    features: Mapping[str, int] = MappingProxyType({}),
    advertise: Sequence[AdvertiseRule] = (),
    users: Sequence[User] = (),
    given_epochs: GivenEpochs | None = None,
    seat: Seat | None = None,
) -> Context:
    """Replay what the directory holds and return everything a handler may touch.

    `features` are levels to set now; other features keep theirs, or get the newest in a new directory.
    `given_epochs` are those that producers have had over other files. `seat` is that of one broker among several.
    """
    clock = runtime.clock
    slices = Slices(runtime)
    metadata: Metadata
    if seat is None:
        metadata = open_metadata(log_manager, config, clock, slices, features)
    else:
        metadata = seat.metadata(runtime, log_manager)
    metadata.publisher.subscribe(BrokerConfigFollower(config, metadata.image))
    tls = TlsListeners(config, clock)
    metadata.publisher.subscribe(tls)
    purgatory = Purgatory(runtime)
    on_change = purgatory.notify_changed if seat is None else seat.on_change(purgatory.notify_changed)
    placement = None if seat is None else seat.placement(metadata)
    topics = Topics(config, runtime, metadata, log_manager, on_change, placement)
    flusher = LogFlusher(runtime, log_manager.note_sealed, log_manager.make_room)
    producer_ids = ProducerIds(metadata)
    share_state = _share_state(config, runtime, metadata, topics, flusher, seat)
    metadata.publisher.subscribe(share_state)
    groups = _groups(config, runtime, metadata, topics, flusher, seat)
    metadata.publisher.subscribe(groups)
    states = share_state if seat is None else seat.share_states
    share = SharePartitions(
        states,
        share_group_settings(config, lambda: metadata.image),
        ShareSessions(lambda: config.group_share_max_share_sessions),
        purgatory,
        slices,
        runtime,
    )
    metadata.publisher.subscribe(share)
    quotas = ClientQuotas(config, metadata.image)
    metadata.publisher.subscribe(quotas)
    tokens = DelegationTokens(config, lambda: metadata.image, runtime.random.randbytes)
    sasl = SaslServer(config, runtime, lambda: metadata.image, tokens.find_login, users)
    advertised = Advertised(config, advertise)
    context = Context(
        config=config,
        configs=Configs(config, metadata, tls.check, sasl.check),
        clock=clock,
        metadata=metadata,
        topics=topics,
        high_watermarks=OwnHighWatermarks(topics) if seat is None else seat.high_watermarks,
        streams_topics=StreamsTopics(config, topics),
        log_dir=log_manager,
        groups=groups,
        share_groups=ShareGroupService(groups, states, slices),
        transactions=_transactions(config, runtime, metadata, topics, flusher, producer_ids, given_epochs, seat),
        share_state=share_state,
        share=share,
        purgatory=purgatory,
        slices=slices,
        unsent=UnsentAnswers(),
        beside_loop=SerialQueue(runtime.threads),
        heavy_work=HeavyWork(runtime.threads),
        fetch_sessions=FetchSessions(
            config.max_incremental_fetch_session_cache_slots, lambda: runtime.random.randrange(1, 1 << 31)
        ),
        flusher=flusher,
        producer_ids=producer_ids,
        quotas=quotas,
        tokens=tokens,
        sasl=sasl,
        new_uuid=runtime.new_uuid,
        served_apis=list(apis_of(config.release).values()),
        cluster_id=identity.cluster_id,
        features=features_of(config.release, has_several=seat is not None),
        advertised=advertised,
        nodes=OnlyNode(config, advertised) if seat is None else seat.nodes(metadata, advertised),
        acls=_acls(config, runtime, metadata),
        tls=tls,
        transaction_checks=None if seat is None else seat.transaction_checks,
    )
    if seat is not None:
        seat.attach(context)
    return context


def open_metadata(
    log_manager: LogManager,
    config: BrokerConfig,
    clock: Clock,
    slices: Slices,
    features: Mapping[str, int],
    *,
    is_alone: bool = True,
) -> MetadataLog:
    """The metadata log, led from now on, with these levels of features and the newest of those that have none."""
    metadata = load_metadata(log_manager, config, clock, slices, is_alone=is_alone)
    new = first_levels(features_of(config.release, has_several=not is_alone), metadata.image.features)
    metadata.write_now([encode_metadata_record(r) for r in feature_records({**new, **features}, metadata.image)])
    return metadata


def _acls(config: BrokerConfig, runtime: Runtime, metadata: Metadata) -> Acls | None:
    if not config.authorizer_class_name:
        return None
    # Only what the broker was started with counts: whoever may alter its settings does not become a super user.
    super_users = parse_super_users(config.given.get(SUPER_USERS, ""))
    authorizer = Authorizer(super_users, is_open=parse_is_open(config.given.get(IS_OPEN, "")))
    acls = Acls(authorizer, metadata, lambda: runtime.new_uuid().bytes)
    metadata.publisher.subscribe(acls)
    return acls


def _writer(topic: str, topics: Topics, flusher: LogFlusher, seat: Seat | None) -> PartitionWriter:
    return PartitionWriter(topic, topics, flusher, None if seat is None else seat.replication_wait(topic))


def _groups(
    config: BrokerConfig,
    runtime: Runtime,
    metadata: Metadata,
    topics: Topics,
    flusher: LogFlusher,
    seat: Seat | None,
) -> GroupCoordinatorService:
    log = _writer(OFFSETS_TOPIC, topics, flusher, seat)
    group_config = GroupConfig(
        min_session_timeout_ms=config.group_min_session_timeout_ms,
        max_session_timeout_ms=config.group_max_session_timeout_ms,
        initial_rebalance_delay_ms=config.group_initial_rebalance_delay_ms,
        max_size=config.group_max_size,
        offset_metadata_max_bytes=config.offset_metadata_max_bytes,
        offsets_retention_ms=config.offsets_retention_minutes * 60_000,
        offsets_retention_check_interval_ms=config.offsets_retention_check_interval_ms,
        # A topic made under another setting keeps its partitions, and groups must be found where they are.
        offsets_topic_partitions=log.partition_count() or config.offsets_topic_num_partitions,
        consumer=consumer_config(config, lambda: metadata.image),
        streams=streams_config(config, lambda: metadata.image),
        share=share_group_config(config, lambda: metadata.image),
    )
    seen_topics = MetadataTopics(metadata)
    metadata.publisher.subscribe(seen_topics)
    coordinator = GroupCoordinator(group_config, lambda: str(runtime.new_uuid()), seen_topics)
    groups = GroupCoordinatorService(coordinator, log, runtime)
    if seat is None:
        groups.load(log.stored())
    else:
        groups.serve_what_is_led()
    topics.on_marker = groups.note_marker
    groups.start()
    return groups


def _transactions(
    config: BrokerConfig,
    runtime: Runtime,
    metadata: Metadata,
    topics: Topics,
    flusher: LogFlusher,
    producer_ids: ProducerIds,
    given_epochs: GivenEpochs | None,
    seat: Seat | None,
) -> TransactionCoordinatorService:
    def level() -> int:
        return metadata.image.features.get(TRANSACTION_VERSION, 0)

    log = _writer(TRANSACTION_TOPIC, topics, flusher, seat)
    transaction_config = TransactionConfig(
        max_timeout_ms=config.transaction_max_timeout_ms,
        id_expiration_ms=config.transactional_id_expiration_ms,
        abort_interval_ms=config.transaction_abort_timed_out_transaction_cleanup_interval_ms,
        expiration_interval_ms=config.transaction_remove_expired_transaction_cleanup_interval_ms,
        state_topic_partitions=log.partition_count() or config.transaction_state_log_num_partitions,
    )
    coordinator = TransactionCoordinator(transaction_config, producer_ids.next_id, level, given_epochs)
    timeouts = TransactionTimeouts(transaction_config, coordinator)
    transactions = TransactionCoordinatorService(
        coordinator, timeouts, log, topics, producer_ids, runtime, None if seat is None else seat.markers
    )
    if seat is None:
        transactions.load(log.stored())
    else:
        transactions.serve_what_is_led()
    transactions.start()
    return transactions


def _share_state(
    config: BrokerConfig,
    runtime: Runtime,
    metadata: Metadata,
    topics: Topics,
    flusher: LogFlusher,
    seat: Seat | None,
) -> ShareStateService:
    def partitions_of(topic_id: bytes) -> int | None:
        topic = metadata.image.topics.get(metadata.image.names.get(topic_id, ""))
        return None if topic is None else len(topic.partitions)

    def is_enabled() -> bool:
        return metadata.image.features.get(SHARE_VERSION, 0) >= 1

    log = _writer(SHARE_TOPIC, topics, flusher, seat)
    state_config = ShareStateConfig(
        updates_per_snapshot=config.share_coordinator_snapshot_update_records_per_snapshot,
        prune_interval_ms=config.share_coordinator_state_topic_prune_interval_ms,
        cold_snapshot_interval_ms=config.share_coordinator_cold_partition_snapshot_interval_ms,
        state_topic_partitions=log.partition_count() or config.share_coordinator_state_topic_num_partitions,
        max_batches=2 * config.group_share_max_partition_max_record_locks,
    )
    coordinator = ShareStateCoordinator(state_config, partitions_of)
    share_state = ShareStateService(coordinator, state_config, log, is_enabled, runtime)
    if seat is None:
        share_state.load(log.stored())
    else:
        share_state.serve_what_is_led()
    share_state.start()
    return share_state
