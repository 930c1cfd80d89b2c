"""JoinGroup 0-9: enter a group, or stay in it through a rebalance. Answered when the generation is complete."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse, JoinGroupResponseMember
from ..context import Context
from ..coordination.groups.classic.member import JoinRequest, JoinResult
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session

REBALANCE_TIMEOUT_FROM = 1
KNOWN_MEMBER_ID_FROM = 4
NULL_PROTOCOL_FROM = 7
SKIP_ASSIGNMENT_FROM = 9


def handle_join_group(
    request: JoinGroupRequest, version: int, session: Session, context: Context
) -> Deferred[JoinGroupResponse]:
    """Let the group decide."""
    deferred: Deferred[JoinGroupResponse] = Deferred()
    asked = JoinRequest(
        group_id=request.group_id,
        member_id=request.member_id,
        group_instance_id=request.group_instance_id,
        client_id=session.client_id,
        client_host=session.client_host,
        session_timeout_ms=request.session_timeout_ms,
        rebalance_timeout_ms=(
            request.rebalance_timeout_ms if version >= REBALANCE_TIMEOUT_FROM else request.session_timeout_ms
        ),
        protocol_type=request.protocol_type,
        protocols=tuple((protocol.name, bytes(protocol.metadata)) for protocol in request.protocols),
        must_know_its_id=version >= KNOWN_MEMBER_ID_FROM,
        can_skip_assignment=version >= SKIP_ASSIGNMENT_FROM,
    )
    future = ResponseFuture[JoinResult](
        lambda joined: deferred.answer(_response(joined, version)),
        lambda code: JoinResult(code, request.member_id),
    )
    context.groups.join(asked, future)
    return deferred


def _response(joined: JoinResult, version: int) -> JoinGroupResponse:
    has_null = version >= NULL_PROTOCOL_FROM and joined.error is not ErrorCode.NONE
    return JoinGroupResponse(
        error_code=joined.error,
        generation_id=joined.generation_id,
        protocol_type=joined.protocol_type,
        protocol_name=None if has_null else joined.protocol_name or "",
        leader=joined.leader,
        skip_assignment=joined.skip_assignment,
        member_id=joined.member_id,
        members=[
            JoinGroupResponseMember(
                member_id=member.member_id, group_instance_id=member.group_instance_id, metadata=member.metadata
            )
            for member in joined.members
        ],
    )
