"""ShareGroupHeartbeat 1: enter a share group, stay in it, leave it (KIP-932)."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.share_group_heartbeat import (
    Assignment,
    ShareGroupHeartbeatRequest,
    ShareGroupHeartbeatResponse,
    TopicPartitions,
)
from ...protocol.utf16 import utf16_length
from ..context import Context
from ..coordination.groups.share.heartbeat_request import ShareHeartbeatRequest, ShareHeartbeatResult
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session

LONGEST_MEMBER_ID = 36  # a uuid as people write it


def handle_share_group_heartbeat(
    request: ShareGroupHeartbeatRequest, version: int, session: Session, context: Context
) -> Deferred[ShareGroupHeartbeatResponse] | ShareGroupHeartbeatResponse:
    """Let the group decide; UNSUPPORTED_VERSION where there are no such groups."""
    if not context.has_share_groups():
        return ShareGroupHeartbeatResponse(error_code=ErrorCode.UNSUPPORTED_VERSION)
    if not 0 < utf16_length(request.member_id) <= LONGEST_MEMBER_ID:
        return ShareGroupHeartbeatResponse(error_code=ErrorCode.INVALID_REQUEST)
    deferred: Deferred[ShareGroupHeartbeatResponse] = Deferred()
    asked = ShareHeartbeatRequest(
        group_id=request.group_id,
        member_id=request.member_id,
        epoch=request.member_epoch,
        client_id=session.client_id,
        client_host=session.client_host,
        rack_id=request.rack_id,
        subscribed_topic_names=request.subscribed_topic_names,
    )
    future = ResponseFuture[ShareHeartbeatResult](
        lambda result: deferred.answer(_response(result)), ShareHeartbeatResult
    )
    context.share_groups.heartbeat(asked, future)
    return deferred


def _response(result: ShareHeartbeatResult) -> ShareGroupHeartbeatResponse:
    assignment = None
    if result.assignment is not None:
        assignment = Assignment(
            topic_partitions=[
                TopicPartitions(topic_id=topic_id, partitions=sorted(indexes))
                for topic_id, indexes in result.assignment.items()
            ]
        )
    return ShareGroupHeartbeatResponse(
        error_code=result.error,
        error_message=result.message,
        member_id=result.member_id,
        member_epoch=result.epoch,
        heartbeat_interval_ms=result.heartbeat_interval_ms,
        assignment=assignment,
    )
