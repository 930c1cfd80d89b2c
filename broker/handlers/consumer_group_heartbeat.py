"""ConsumerGroupHeartbeat 0-1: enter a consumer group, stay in it, leave it (KIP-848)."""

from functools import partial

from ...protocol.errors import ErrorCode
from ...protocol.messages.consumer_group_heartbeat import (
    Assignment,
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from ..context import Context
from ..coordination.groups.consumer.heartbeat_request import HeartbeatRequest, HeartbeatResult
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..security.authorization.acl import Operation, ResourceType
from ..session import Session

OWN_MEMBER_ID_FROM = 1


def handle_consumer_group_heartbeat(
    request: ConsumerGroupHeartbeatRequest, version: int, session: Session, context: Context
) -> Deferred[ConsumerGroupHeartbeatResponse] | ConsumerGroupHeartbeatResponse:
    """Let the group decide; UNSUPPORTED_VERSION where there are no such groups."""
    if not context.has_consumer_groups():
        return ConsumerGroupHeartbeatResponse(error_code=ErrorCode.UNSUPPORTED_VERSION)
    deferred: Deferred[ConsumerGroupHeartbeatResponse] = Deferred()
    owned = request.topic_partitions
    asked = HeartbeatRequest(
        group_id=request.group_id,
        member_id=request.member_id,
        epoch=request.member_epoch,
        client_id=session.client_id,
        client_host=session.client_host,
        instance_id=request.instance_id,
        rack_id=request.rack_id,
        rebalance_timeout_ms=request.rebalance_timeout_ms,
        subscribed_topic_names=request.subscribed_topic_names,
        subscribed_topic_regex=request.subscribed_topic_regex,
        server_assignor=request.server_assignor,
        owned=None if owned is None else [(bytes(topic.topic_id), topic.partitions) for topic in owned],
        makes_its_id=version >= OWN_MEMBER_ID_FROM,
        may_describe=(
            None
            if context.acls is None
            else partial(context.is_allowed, session, Operation.DESCRIBE, ResourceType.TOPIC)
        ),
    )
    future = ResponseFuture[HeartbeatResult](lambda result: deferred.answer(_response(result)), HeartbeatResult)
    context.groups.consumer_heartbeat(asked, future)
    return deferred


def _response(result: HeartbeatResult) -> ConsumerGroupHeartbeatResponse:
    assignment = None
    if result.assignment is not None:
        assignment = Assignment(
            topic_partitions=[
                TopicPartitions(topic_id=topic_id, partitions=sorted(indexes))
                for topic_id, indexes in result.assignment.items()
            ]
        )
    return ConsumerGroupHeartbeatResponse(
        error_code=result.error,
        error_message=result.message,
        member_id=result.member_id,
        member_epoch=result.epoch,
        heartbeat_interval_ms=result.heartbeat_interval_ms,
        assignment=assignment,
    )
