"""Fetch 4-18: batches as they were stored, by byte limits, with long polls and sessions (KIP-74, KIP-227).

Only whole batches are sent; the first one always, however small the limits (KIP-74).
Where a quota holds, one that would exceed it is answered at once and with nothing (KIP-219).
A follower serves consumers from version 11 on, and a leader sends those of another rack to one (KIP-392).
Not done: fetches by replicas, which are answered as by a non-leader.
"""

from dataclasses import dataclass

from ...protocol.codec import encode
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.fetch import (
    AbortedTransaction,
    EpochEndOffset,
    FetchableTopicResponse,
    FetchRequest,
    FetchResponse,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
)
from ...storage.indexes.transaction_index import AbortedLookup, AbortedUnknown
from ..config.replication_config import RACK_AWARE_SELECTOR, SELECTOR
from ..context import Context
from ..deferred import Deferred
from ..log_output import get_logger
from ..nodes.leader_hints import LeaderHints
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from ..session import Session
from ..slices import Steps
from ..topics.delayed_fetch import DelayedFetch, WatchedPartition
from ..topics.fetch_sessions import IDS_FROM_VERSION, CachedPartition, FetchContext
from ..topics.partition import Partition
from ..topics.partition_roles import check_replica, leader_of
from ..topics.read_replica import preferred_read_replica

logger = get_logger("fetch")

READ_COMMITTED = 1
CONSUMER_ID = -1
DEBUGGING_CONSUMER_ID = -2
STORAGE_ERROR_FROM_VERSION = 6
# Of one partition; reading and checking more keeps everyone waiting, and the consumer comes back for the rest.
MOST_AT_ONCE_BYTES = 4 * 1024 * 1024
LENGTH_BYTES = 4  # of the frame; with it Kafka counts an answer
FOLLOWERS_FROM_VERSION = 11  # KIP-392
LEADER_HINTS_FROM_VERSION = 16  # KIP-951


@dataclass(slots=True)
class _Fetch:
    """One fetch on its way: what was asked, and where it will be read."""

    request: FetchRequest
    version: int
    session: Session
    context: Context
    plan: FetchContext
    most_bytes: int
    hints: LeaderHints
    is_debugging: bool = False  # who looks for faults sees everything, anywhere
    is_for_leader: bool = False  # followers are not to serve it

    def __post_init__(self) -> None:
        self.is_debugging = self.replica_id == DEBUGGING_CONSUMER_ID
        self.is_for_leader = self.version < FOLLOWERS_FROM_VERSION and not self.is_debugging

    @property
    def is_read_committed(self) -> bool:
        return self.request.isolation_level == READ_COMMITTED

    @property
    def replica_id(self) -> int:
        return self.request.replica_state.replica_id if self.version >= 15 else self.request.replica_id

    @property
    def max_bytes(self) -> int:
        return min(self.request.max_bytes, self.most_bytes, self.context.unsent.room_bytes)

    @property
    def min_bytes(self) -> int:
        return min(self.request.min_bytes, self.max_bytes)


@dataclass(slots=True)
class _Read:
    """What one pass over the partitions found."""

    answers: list[tuple[CachedPartition, PartitionData]]
    watched: list[WatchedPartition]
    total_bytes: int
    is_final: bool  # an error, a diverging epoch or a better replica was found where a log was read: do not wait


def handle_fetch(
    request: FetchRequest, version: int, session: Session, context: Context
) -> Steps[FetchResponse | Deferred[FetchResponse]]:
    """Answer at once with enough bytes or an error, else wait until there are enough or the wait is over."""
    now = context.clock.now()
    try:
        plan = yield from context.fetch_sessions.plan(request, version, context.topics.name_of, now)
    except KafkaError as error:
        return FetchResponse(error_code=error.code, session_id=0, responses=())
    hints = LeaderHints(context.nodes)
    fetch = _Fetch(request, version, session, context, plan, _most_bytes(session, context), hints)
    read = yield from _read_all(fetch)
    if read.is_final or request.max_wait_ms <= 0 or not read.watched or read.total_bytes >= fetch.min_bytes:
        return (yield from _respond(fetch, read))
    deferred: Deferred[FetchResponse] = Deferred()
    delayed = DelayedFetch(
        watched=read.watched,
        min_bytes=fetch.min_bytes,
        is_read_committed=fetch.is_read_committed,
        deadline=now + request.max_wait_ms / 1000,
        respond=lambda: context.slices.run(_read_and_respond(fetch), ends_with_client=True),
        deferred=deferred,
    )
    deferred.on_dropped = lambda: context.purgatory.drop(delayed)
    context.purgatory.watch(delayed)
    return deferred


def _most_bytes(session: Session, context: Context) -> int:
    """What one answer may have: no more than a quota allows for a whole window, or it could never be sent."""
    most_bytes = context.config.fetch_max_bytes
    if context.quotas.is_active:
        allowed = context.quotas.fetch.most_at_once(session.user, session.client_id)
        return most_bytes if allowed is None else int(min(most_bytes, allowed))
    return most_bytes


def _read_and_respond(fetch: _Fetch) -> Steps[FetchResponse]:
    return (yield from _respond(fetch, (yield from _read_all(fetch))))


def _read_all(fetch: _Fetch) -> Steps[_Read]:
    read = _Read([], [], 0, False)
    for wanted in fetch.plan.wanted:
        try:
            partition = _find(wanted, fetch)
        except KafkaError as error:
            # Refused before the read: the list of aborted transactions is empty, not null. Kafka finds out while
            # reading that an id is another topic's.
            aborted = None if error.code == ErrorCode.INCONSISTENT_TOPIC_ID else ()
            read.answers.append((wanted, _refused(wanted, error.code, fetch, aborted)))
            yield
            continue
        try:
            data = _read_one(wanted, partition, fetch, read)
            if not isinstance(data, PartitionData):
                data = yield from _read_after(data, wanted, partition, fetch, read)
        except OSError as fault:
            logger.error("a log cannot be read", partition=partition.name, error=str(fault))
            read.is_final = True
            data = _refused(wanted, _storage_error(fetch.version), fetch, aborted=None)
        except KafkaError as error:
            read.is_final = True
            is_storage = error.code == ErrorCode.KAFKA_STORAGE_ERROR
            code = _storage_error(fetch.version) if is_storage else error.code
            data = _refused(wanted, code, fetch, aborted=None)
            if fetch.version >= LEADER_HINTS_FROM_VERSION:
                _hint_at_leader(data, partition, error.code, fetch)
        read.answers.append((wanted, data))
        yield
    return read


def _hint_at_leader(data: PartitionData, partition: Partition, code: ErrorCode, fetch: _Fetch) -> None:
    """A broker alone that does not serve a partition for a moment has no other to name."""
    is_elsewhere = code == ErrorCode.NOT_LEADER_OR_FOLLOWER and fetch.context.nodes.has_several
    if is_elsewhere or code == ErrorCode.FENCED_LEADER_EPOCH:
        leader, epoch = leader_of(partition, fetch.context.topics, fetch.context.config.node_id)
        fetch.hints.name(leader)
        data.current_leader = LeaderIdAndEpoch(leader_id=leader, leader_epoch=epoch)


def _find(wanted: CachedPartition, fetch: _Fetch) -> Partition:
    topics = fetch.context.topics
    if wanted.topic is not None and not _may_read(wanted.topic, fetch):
        raise KafkaError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    if fetch.version < IDS_FROM_VERSION:
        return topics.partition(wanted.topic or "", wanted.asked.partition)
    if wanted.topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    topic = topics.find_by_id(wanted.topic_id)
    if topic is None:
        # A session remembers the topic that had this id: gone, or gone and created anew.
        is_recreated = topics.find(wanted.topic) is not None
        raise KafkaError(ErrorCode.INCONSISTENT_TOPIC_ID if is_recreated else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return topics.partition(topic.name, wanted.asked.partition)


def _may_read(topic: str, fetch: _Fetch) -> bool:
    """Consumers need READ on the topic, brokers CLUSTER_ACTION."""
    context, session = fetch.context, fetch.session
    if fetch.replica_id >= 0:
        return context.is_allowed(session, Operation.CLUSTER_ACTION, ResourceType.CLUSTER, CLUSTER_NAME)
    return context.is_allowed(session, Operation.READ, ResourceType.TOPIC, topic)


def _read_after(
    steps: AbortedLookup, wanted: CachedPartition, partition: Partition, fetch: _Fetch, read: _Read
) -> Steps[PartitionData]:
    """Search for aborted transactions, then read: anew, for the log may have been shortened or deleted meanwhile."""
    while True:
        log = partition.opened_log
        try:
            yield from steps
        except OSError:
            if partition.opened_log is log and not partition.is_deleted:
                raise
        partition = _find(wanted, fetch)
        data = _read_one(wanted, partition, fetch, read)
        if isinstance(data, PartitionData):
            return data
        steps = data


def _read_one(
    wanted: CachedPartition, partition: Partition, fetch: _Fetch, read: _Read
) -> PartitionData | AbortedLookup:
    """The answer for one partition, or the search for aborted transactions that must come before it."""
    asked = wanted.asked
    if not fetch.is_debugging and fetch.replica_id != CONSUMER_ID:
        raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    if not partition.is_leader:
        check_replica(partition, fetch.context.topics, fetch.context.config.node_id)
    partition.check_leader_epoch(max(asked.current_leader_epoch, -1))  # here any negative one asks for no check
    if asked.partition_max_bytes < 0 or fetch.max_bytes < 0:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, "a negative byte limit")
    log = partition.log if fetch.is_for_leader else partition.replica_log
    upper = log.last_stable_offset if fetch.is_read_committed else log.high_watermark
    if fetch.is_debugging:
        upper = log.log_end_offset
    data = PartitionData(
        partition_index=asked.partition,
        error_code=ErrorCode.NONE,
        high_watermark=log.high_watermark,
        last_stable_offset=log.last_stable_offset,
        log_start_offset=log.log_start_offset,
        aborted_transactions=() if fetch.is_read_committed else None,
        records=b"",
    )
    preferred = None if partition.leadership is None else _preferred_replica(asked.fetch_offset, partition, fetch)
    if preferred is not None:
        data.preferred_read_replica, data.aborted_transactions = preferred, None
        read.is_final = True
        return data
    if asked.last_fetched_epoch >= 0:
        epoch, end_offset = log.end_offset_for_epoch(asked.last_fetched_epoch)
        if epoch < 0:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, "an epoch that this log never had")
        if epoch < asked.last_fetched_epoch or end_offset < asked.fetch_offset:
            data.diverging_epoch = EpochEndOffset(epoch=epoch, end_offset=end_offset)
            read.is_final = True
            return data
    budget = min(asked.partition_max_bytes, fetch.max_bytes - read.total_bytes, MOST_AT_ONCE_BYTES)
    found = log.read(asked.fetch_offset, max(budget, 0), upper_offset=upper, at_least_one=read.total_bytes == 0)
    if found.data and fetch.is_read_committed:
        try:
            aborted = log.aborted_transactions(asked.fetch_offset, found.next_offset)
        except AbortedUnknown as unknown:
            return unknown.steps
        data.aborted_transactions = [
            AbortedTransaction(producer_id=txn.producer_id, first_offset=txn.first_offset) for txn in aborted
        ]
    epoch = max(asked.current_leader_epoch, -1)
    max_bytes, is_for_leader = asked.partition_max_bytes, fetch.is_for_leader
    read.watched.append(WatchedPartition(partition, asked.fetch_offset, max_bytes, epoch, is_for_leader))
    read.total_bytes += len(found.data)
    data.records = found.data
    return data


def _preferred_replica(offset: int, partition: Partition, fetch: _Fetch) -> int | None:
    """The follower in the client's rack that it is to read from, if the leader, which this is, is in another one."""
    leadership, rack, config = partition.leadership, fetch.request.rack_id, fetch.context.config
    if leadership is None or fetch.version < FOLLOWERS_FROM_VERSION or rack in ("", config.broker_rack):
        return None
    if config.effective(SELECTOR) != RACK_AWARE_SELECTOR:
        return None

    def rack_of(node_id: int) -> str | None:
        node = fetch.context.nodes.find(node_id, fetch.session)
        return None if node is None else node.rack

    return preferred_read_replica(leadership.in_sync_followers(), rack_of, rack, offset)


def _storage_error(version: int) -> ErrorCode:
    is_known = version >= STORAGE_ERROR_FROM_VERSION
    return ErrorCode.KAFKA_STORAGE_ERROR if is_known else ErrorCode.NOT_LEADER_OR_FOLLOWER


def _refused(
    wanted: CachedPartition, code: ErrorCode, fetch: _Fetch, aborted: tuple[AbortedTransaction, ...] | None
) -> PartitionData:
    return PartitionData(
        partition_index=wanted.asked.partition,
        error_code=code,
        high_watermark=-1,
        last_stable_offset=-1,
        log_start_offset=-1,
        aborted_transactions=aborted,
        records=b"",  # never null: clients stumble over it (KAFKA-18646)
    )


def _respond(fetch: _Fetch, read: _Read) -> Steps[FetchResponse]:
    if fetch.context.quotas.is_active:
        throttled = yield from _throttled(fetch, read)
        if throttled is not None:
            return throttled
    return (yield from _answer(fetch, read))


def _throttled(fetch: _Fetch, read: _Read) -> Steps[FetchResponse | None]:
    """The empty answer to a fetch that a quota does not allow now; its session has told the client nothing."""
    context, session, size_bytes = fetch.context, fetch.session, 0
    if context.quotas.fetch.most_at_once(session.user, session.client_id) is not None:
        tried = yield from _answer(fetch, read, is_tried=True)
        size_bytes = LENGTH_BYTES + sum(map(len, encode(tried, fetch.version)))
    throttle_ms = context.quotas.charge_fetch(session, size_bytes, context.clock.now())
    if not throttle_ms:
        return None
    session_id = context.fetch_sessions.abandon(fetch.plan)
    return FetchResponse(throttle_time_ms=throttle_ms, error_code=ErrorCode.NONE, session_id=session_id, responses=())


def _answer(fetch: _Fetch, read: _Read, *, is_tried: bool = False) -> Steps[FetchResponse]:
    session, is_full = fetch.plan.session, not fetch.plan.is_incremental
    uses_ids = fetch.version >= IDS_FROM_VERSION
    topics: list[FetchableTopicResponse] = []
    partitions: list[PartitionData] = []
    last: str | bytes | None = None
    for wanted, data in read.answers:
        if session is not None:
            # Every partition is asked, so that what the client was last told is remembered of each.
            has_news = _has_news(wanted, data)
            if not is_tried:
                _note_sent(wanted, data)
            if not is_full and not has_news:
                continue
            if not is_full and data.records and not is_tried:
                session.move_to_end(wanted)  # those behind it come first next time, or it could starve them
        name = wanted.topic_id if uses_ids else wanted.topic or ""
        if name != last or not topics:
            partitions = []
            topics.append(
                FetchableTopicResponse(topic=wanted.topic or "", topic_id=wanted.topic_id, partitions=partitions)
            )
            last = name
        partitions.append(data)
        yield
    return FetchResponse(
        error_code=ErrorCode.NONE,
        session_id=fetch.plan.session_id,
        responses=topics,
        node_endpoints=[
            NodeEndpoint(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
            for node in fetch.hints.endpoints(fetch.session)
        ],
    )


def _has_news(wanted: CachedPartition, data: PartitionData) -> bool:
    """Whether an incremental answer must carry this partition."""
    return (
        bool(data.records)
        or data.error_code != ErrorCode.NONE
        or data.high_watermark != wanted.sent_high_watermark
        or data.log_start_offset != wanted.sent_log_start_offset
        or data.diverging_epoch.epoch >= 0
        or data.preferred_read_replica >= 0
    )


def _note_sent(wanted: CachedPartition, data: PartitionData) -> None:
    """Remember what the client is told.

    After an error the watermark is forgotten, so that the next good answer is sent whatever it says.
    """
    wanted.sent_high_watermark = data.high_watermark
    wanted.sent_log_start_offset = data.log_start_offset
