"""LeaveGroup 0-5: members go of their own will, or an administrator removes them; from version 3 on many at once."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse
from ..context import Context
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session

MANY_FROM = 3


def handle_leave_group(
    request: LeaveGroupRequest, version: int, session: Session, context: Context
) -> Deferred[LeaveGroupResponse] | LeaveGroupResponse:
    """Answer each member with an error of its own."""
    deferred: Deferred[LeaveGroupResponse] = Deferred()
    members = request.members if version >= MANY_FROM else [MemberIdentity(member_id=request.member_id)]

    def deliver(errors: Sequence[ErrorCode]) -> None:
        deferred.answer(_response(members, errors, version))

    future = ResponseFuture[Sequence[ErrorCode]](deliver, lambda code: [code] * len(members))
    try:
        context.groups.leave(request.group_id, [(m.member_id, m.group_instance_id) for m in members], future)
    except KafkaError as error:
        return LeaveGroupResponse(error_code=error.code)
    return deferred


def _response(members: Sequence[MemberIdentity], errors: Sequence[ErrorCode], version: int) -> LeaveGroupResponse:
    if version < MANY_FROM:
        return LeaveGroupResponse(error_code=errors[0])
    return LeaveGroupResponse(
        members=[
            MemberResponse(member_id=m.member_id, group_instance_id=m.group_instance_id, error_code=error)
            for m, error in zip(members, errors, strict=True)
        ]
    )
