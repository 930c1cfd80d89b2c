"""ShareAcknowledge 1-2: what became of records that a member of a share group has acquired (KIP-932, KIP-1222)."""

from collections.abc import Iterator, Sequence
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.share_acknowledge import (
    AcknowledgementBatch,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    ShareAcknowledgeRequest,
    ShareAcknowledgeResponse,
    ShareAcknowledgeTopicResponse,
)
from ..context import Context
from ..deferred import Deferred
from ..nodes.leader_hints import LeaderHints
from ..security.authorization.acl import Operation, ResourceType
from ..session import Session
from ..share.acknowledged_topics import Results, acknowledge_topics
from ..share.acknowledgement import REJECT, RENEW, RENEW_FROM_VERSION
from ..share.share_sessions import FINAL_EPOCH, INITIAL_EPOCH, SessionKey, TopicPartition, check_member
from ..slices import Steps
from ..topics.partition_roles import leader_of

NO_LEADER = LeaderIdAndEpoch(leader_id=0)
_NOT_LED = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH)


def handle_share_acknowledge(
    request: ShareAcknowledgeRequest, version: int, session: Session, context: Context
) -> Steps[ShareAcknowledgeResponse | Deferred[ShareAcknowledgeResponse]]:
    """Take the acknowledgements of each partition, all or none; a session of epoch -1 ends then."""
    try:
        key = _begin(request, context)
    except KafkaError as error:
        return ShareAcknowledgeResponse(error_code=error.code)
    deferred: Deferred[ShareAcknowledgeResponse] = Deferred()

    def then(results: Results) -> None:
        if request.share_session_epoch == FINAL_EPOCH:
            ended = context.share.sessions.find(key)
            if ended is not None:
                context.share.end_session(ended)
        context.slices.start(_answer(results, key, session, context), deferred.answer, deferred.fail)

    yield from acknowledge_topics(
        context.share,
        context.topics,
        key,
        _asked(request),
        RENEW if version >= RENEW_FROM_VERSION else REJECT,
        then,
        may_renew=request.is_renew_ack,
        may_read=partial(context.is_allowed, session, Operation.READ, ResourceType.TOPIC),
    )
    return deferred


def _begin(request: ShareAcknowledgeRequest, context: Context) -> SessionKey:
    """Whose acknowledgements they are. UNSUPPORTED_VERSION, INVALID_REQUEST, and the errors of sessions."""
    if not context.has_share_groups():
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)
    key = check_member(request.group_id, request.member_id)
    if request.share_session_epoch == INITIAL_EPOCH:
        raise KafkaError(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
    if request.share_session_epoch == FINAL_EPOCH:
        context.share.sessions.get(key)
    else:
        context.share.sessions.advance(key, request.share_session_epoch)
    return key


def _asked(request: ShareAcknowledgeRequest) -> Iterator[tuple[TopicPartition, Sequence[AcknowledgementBatch]]]:
    for topic in request.topics:
        for partition in topic.partitions:
            yield TopicPartition(topic.topic_id, partition.partition_index), partition.acknowledgement_batches


def _answer(results: Results, key: SessionKey, session: Session, context: Context) -> Steps[ShareAcknowledgeResponse]:
    topics: dict[bytes, list[PartitionData]] = {}
    hints = LeaderHints(context.nodes)
    for name, (error, message) in results.items():
        current = NO_LEADER
        if error in _NOT_LED and (topic := context.topics.find_by_id(name.topic_id)) is not None:
            leader, epoch = leader_of(topic.partitions[name.partition], context.topics, context.config.node_id)
            hints.name(leader)
            current = LeaderIdAndEpoch(leader_id=leader, leader_epoch=epoch)
        data = PartitionData(
            partition_index=name.partition, error_code=error, error_message=message, current_leader=current
        )
        topics.setdefault(name.topic_id, []).append(data)
        yield
    return ShareAcknowledgeResponse(
        acquisition_lock_timeout_ms=context.share.settings(key.group_id).record_lock_duration_ms,
        responses=[
            ShareAcknowledgeTopicResponse(topic_id=topic_id, partitions=partitions)
            for topic_id, partitions in topics.items()
        ],
        node_endpoints=[
            NodeEndpoint(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
            for node in hints.endpoints(session)
        ],
    )
