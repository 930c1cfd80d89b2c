"""ShareFetch 1-2: acquire records of a share group, with acknowledgements on the way (KIP-932, KIP-1206, KIP-1222).

The acknowledgements come first, so that what they release can be acquired; the answer waits for both. Where a quota
holds, a fetch that would exceed it acquires nothing and is answered at once: Apache Kafka acquires, and does not send.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.share_fetch import (
    AcknowledgementBatch,
    AcquiredRecords,
    FetchTopic,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    ShareFetchableTopicResponse,
    ShareFetchRequest,
    ShareFetchResponse,
)
from ..context import Context
from ..coordination.share_state.requests import SharePartitionKey
from ..deferred import Deferred
from ..nodes.leader_hints import LeaderHints
from ..purgatory import DelayedAnswer
from ..security.authorization.acl import Operation, ResourceType
from ..session import Session
from ..share.acknowledged_topics import Results, acknowledge_topics
from ..share.acknowledgement import REJECT, RENEW, RENEW_FROM_VERSION
from ..share.delayed_share_fetch import DelayedShareFetch, ShareFetch
from ..share.share_partition import Wish
from ..share.share_reads import AcquiredData, read_and_acquire
from ..share.share_sessions import (
    FINAL_EPOCH,
    INITIAL_EPOCH,
    SessionKey,
    SessionPartition,
    ShareFetchContext,
    TopicPartition,
    check_member,
)
from ..slices import Steps
from ..topics.partition import Partition
from ..topics.partition_roles import leader_of

BATCH_OPTIMIZED, RECORD_LIMIT = 0, 1

NO_LEADER = LeaderIdAndEpoch(leader_id=0)
_NOT_LED = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH)


class _Plan(NamedTuple):
    context: ShareFetchContext
    has_acknowledgements: bool


@dataclass(slots=True)
class _Request:
    """One request on its way: it is answered when it has both what it fetches and what it acknowledges."""

    request: ShareFetchRequest
    session: Session
    context: Context
    key: SessionKey
    plan: ShareFetchContext
    deferred: Deferred[ShareFetchResponse] = field(default_factory=Deferred[ShareFetchResponse])
    fetched: Mapping[TopicPartition, AcquiredData] | None = None
    acknowledged: Results | None = None
    throttle_ms: int = 0
    error: ErrorCode = ErrorCode.NONE  # of the whole request, whose acknowledgements are taken all the same

    def set_fetched(self, fetched: Mapping[TopicPartition, AcquiredData]) -> None:
        self.fetched = fetched
        self._answer()

    def set_acknowledged(self, acknowledged: Results) -> None:
        self.acknowledged = acknowledged
        self._answer()

    def _answer(self) -> None:
        if self.fetched is None or self.acknowledged is None:
            return
        if self.plan.session is None and (ended := self.context.share.sessions.find(self.key)) is not None:
            self.context.share.end_session(ended)
        steps = _response(self, self.fetched, self.acknowledged)
        self.context.slices.start(steps, self.deferred.answer, self.deferred.fail)


def handle_share_fetch(
    request: ShareFetchRequest, version: int, session: Session, context: Context
) -> Steps[ShareFetchResponse | Deferred[ShareFetchResponse]]:
    """Acknowledge, then acquire: at once with enough bytes, else when there are enough or the wait is over."""
    try:
        key = _check(request, version, context)
        plan, has_acknowledgements = yield from _plan(request, key, session, context)
    except KafkaError as error:
        refused = ShareFetchResponse(error_code=error.code)
        if error.code == ErrorCode.SHARE_SESSION_LIMIT_REACHED:
            return _later(refused, request, context)
        return refused
    asked = _Request(request, session, context, key, plan)
    if has_acknowledgements:
        yield from acknowledge_topics(
            context.share,
            context.topics,
            key,
            _acknowledgements(request.topics),
            RENEW if version >= RENEW_FROM_VERSION else REJECT,
            asked.set_acknowledged,
            may_renew=request.is_renew_ack,
            may_read=partial(context.is_allowed, session, Operation.READ, ResourceType.TOPIC),
        )
    else:
        asked.acknowledged = {}
    if request.is_renew_ack:
        asked.set_fetched({})
    else:
        yield from _fetch(asked)
    return asked.deferred


def _check(request: ShareFetchRequest, version: int, context: Context) -> SessionKey:
    """Whose fetch it is. UNSUPPORTED_VERSION, INVALID_REQUEST."""
    if not context.has_share_groups():
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)
    key = check_member(request.group_id, request.member_id)
    limits = (request.max_bytes, request.min_bytes, request.max_records, request.max_wait_ms)
    if request.is_renew_ack and any(limits):
        raise KafkaError(ErrorCode.INVALID_REQUEST)
    return key


def _plan(request: ShareFetchRequest, key: SessionKey, session: Session, context: Context) -> Steps[_Plan]:
    """What is to be fetched in which session, and whether there are acknowledgements. The errors of sessions."""
    share = context.share
    wanted: dict[TopicPartition, SessionPartition] = {}
    has_acknowledgements = is_ambiguous = False
    is_new = request.share_session_epoch == INITIAL_EPOCH
    for topic in request.topics:
        name = context.topics.name_of(topic.topic_id)
        for one in topic.partitions:
            partition = TopicPartition(topic.topic_id, one.partition_index)
            is_ambiguous = is_ambiguous or partition in wanted
            wanted[partition] = SessionPartition(name, is_news=not is_new)
            has_acknowledgements = has_acknowledgements or bool(one.acknowledgement_batches)
            yield
    if request.share_session_epoch == FINAL_EPOCH:
        share.sessions.get(key)
        return _Plan(ShareFetchContext(None), has_acknowledgements)
    if not is_new:
        forgotten = (
            TopicPartition(topic.topic_id, index)
            for topic in request.forgotten_topics_data
            for index in topic.partitions
        )
        return _Plan(share.sessions.go_on(key, request.share_session_epoch, wanted, forgotten), has_acknowledgements)
    if has_acknowledgements:
        raise KafkaError(ErrorCode.INVALID_REQUEST)
    if is_ambiguous:  # Kafka has no better answer
        share.sessions.remove(key)
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    plan = share.sessions.begin(key, session, wanted)
    session.on_closed = partial(share.close_connection, session)
    return _Plan(plan, has_acknowledgements)


def _later(refused: ShareFetchResponse, request: ShareFetchRequest, context: Context) -> Deferred[ShareFetchResponse]:
    deferred: Deferred[ShareFetchResponse] = Deferred()
    deadline = context.clock.now() + max(request.max_wait_ms, 0) / 1000
    delayed = DelayedAnswer(deadline, lambda: deferred.answer(refused), deferred.fail)
    deferred.on_dropped = lambda: context.purgatory.drop(delayed)
    context.purgatory.watch(delayed)
    return deferred


def _acknowledgements(topics: Sequence[FetchTopic]) -> Iterator[tuple[TopicPartition, Sequence[AcknowledgementBatch]]]:
    for topic in topics:
        for one in topic.partitions:
            yield TopicPartition(topic.topic_id, one.partition_index), one.acknowledgement_batches


def _fetch(asked: _Request) -> Steps[None]:
    """Acquire for the request, now or later."""
    request, session, context, plan = asked.request, asked.session, asked.context, asked.plan
    refused: dict[TopicPartition, AcquiredData] = {}
    found: dict[TopicPartition, Partition] = {}
    for name, wanted in _rotated(plan.wanted, request.share_session_epoch):
        try:
            found[name] = _find(name, wanted, session, context)
        except KafkaError as error:
            refused[name] = AcquiredData(error=error.code)
        yield
    if found and request.share_acquire_mode not in (BATCH_OPTIMIZED, RECORD_LIMIT):
        asked.error = ErrorCode.UNKNOWN_SERVER_ERROR  # as Kafka, which knows no such mode
        asked.set_fetched({})
        return
    if plan.session is None or not found or not request.max_records or not request.max_bytes:
        asked.set_fetched(refused)
        return
    max_bytes = min(request.max_bytes, context.config.fetch_max_bytes)
    if max_bytes < 0:
        asked.set_fetched({**dict.fromkeys(found, AcquiredData(error=ErrorCode.UNKNOWN_SERVER_ERROR)), **refused})
        return
    is_record_limit = request.share_acquire_mode == RECORD_LIMIT
    wish = Wish(asked.key.member_id, request.max_records, max(request.batch_size, 1), is_record_limit)
    fetch = ShareFetch(plan.session, wish, min(request.min_bytes, max_bytes), max_bytes, {}, context.share.settings)
    for name, partition in found.items():
        key = SharePartitionKey(asked.key.group_id, *name)
        fetch.partitions[name] = context.share.open(key, partition, partial(fetch.note_failed, name)), partition
        yield
    if request.max_wait_ms <= 0 or fetch.has_enough():
        yield from _acquire(asked, fetch, refused)
    else:
        _wait(asked, fetch, refused)


def _rotated(
    wanted: Mapping[TopicPartition, SessionPartition], epoch: int
) -> Sequence[tuple[TopicPartition, SessionPartition]]:
    """Each fetch of a session begins with another partition."""
    items = list(wanted.items())
    at = epoch % len(items) if items and epoch > 0 else 0
    return items[at:] + items[:at]


def _find(name: TopicPartition, wanted: SessionPartition, session: Session, context: Context) -> Partition:
    if wanted.name is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    if not context.is_allowed(session, Operation.READ, ResourceType.TOPIC, wanted.name):
        raise KafkaError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    topic = context.topics.find_by_id(name.topic_id)
    if topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    partition = context.topics.partition(topic.name, name.partition)
    partition.check_leader()
    return partition


def _acquire(asked: _Request, fetch: ShareFetch, refused: Mapping[TopicPartition, AcquiredData]) -> Steps[None]:
    context, session = asked.context, asked.session
    if context.quotas.is_active:
        asked.throttle_ms = context.quotas.charge_fetch(session, 0, context.clock.now())
        if asked.throttle_ms:
            asked.set_fetched({})
            return
    acquired = yield from read_and_acquire(fetch, context.share)
    if context.quotas.is_active:
        size_bytes = sum(len(data.records) for data in acquired.values())
        now_ms = int(context.clock.now() * 1000)
        context.quotas.fetch.record_unchecked(session.user, session.client_id, size_bytes, now_ms)
    failed = {name: AcquiredData(error=code) for name, code in fetch.errors.items()}
    asked.set_fetched({**acquired, **failed, **refused})


def _wait(asked: _Request, fetch: ShareFetch, refused: Mapping[TopicPartition, AcquiredData]) -> None:
    context, deferred = asked.context, asked.deferred

    def respond() -> None:
        context.slices.start(_acquire(asked, fetch, refused), lambda _: None, deferred.fail)

    deadline = context.clock.now() + asked.request.max_wait_ms / 1000
    delayed = DelayedShareFetch(fetch, deadline, respond, deferred.fail)
    deferred.on_dropped = lambda: context.purgatory.drop(delayed)
    context.purgatory.watch(delayed)


def _response(
    asked: _Request, fetched: Mapping[TopicPartition, AcquiredData], acknowledged: Results
) -> Steps[ShareFetchResponse]:
    if asked.error != ErrorCode.NONE:
        return ShareFetchResponse(error_code=asked.error)
    topics: dict[bytes, dict[int, PartitionData]] = {}
    hints = LeaderHints(asked.context.nodes)
    for name, data in fetched.items():
        has_error = data.error != ErrorCode.NONE
        if asked.plan.must_answer(name, has_records=bool(data.records), has_error=has_error):
            leader = _leader_hint(name, data.error, hints, asked.context)
            topics.setdefault(name.topic_id, {})[name.partition] = _partition_data(name, data, leader)
        yield
    for name, (error, message) in acknowledged.items():
        partitions = topics.setdefault(name.topic_id, {})
        if name.partition not in partitions:
            partitions[name.partition] = _partition_data(name, AcquiredData(), NO_LEADER)
        partitions[name.partition].acknowledge_error_code = error
        partitions[name.partition].acknowledge_error_message = message
        yield
    return ShareFetchResponse(
        throttle_time_ms=asked.throttle_ms,
        acquisition_lock_timeout_ms=asked.context.share.settings(asked.key.group_id).record_lock_duration_ms,
        responses=[
            ShareFetchableTopicResponse(topic_id=topic_id, partitions=list(partitions.values()))
            for topic_id, partitions in topics.items()
        ],
        node_endpoints=[
            NodeEndpoint(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
            for node in hints.endpoints(asked.session)
        ],
    )


def _partition_data(name: TopicPartition, data: AcquiredData, leader: LeaderIdAndEpoch) -> PartitionData:
    return PartitionData(
        partition_index=name.partition,
        error_code=data.error,
        current_leader=leader,
        records=data.records,
        acquired_records=[
            AcquiredRecords(first_offset=first, last_offset=last, delivery_count=count)
            for first, last, count in data.acquired
        ],
    )


def _leader_hint(name: TopicPartition, error: ErrorCode, hints: LeaderHints, context: Context) -> LeaderIdAndEpoch:
    topic = context.topics.find_by_id(name.topic_id) if error in _NOT_LED else None
    if topic is None:
        return NO_LEADER
    leader, epoch = leader_of(topic.partitions[name.partition], context.topics, context.config.node_id)
    hints.name(leader)
    return LeaderIdAndEpoch(leader_id=leader, leader_epoch=epoch)
