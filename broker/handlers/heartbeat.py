"""Heartbeat 0-4: a member is alive, and learns whether it has to join again."""

from ...protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from ..context import Context
from ..session import Session


def handle_heartbeat(request: HeartbeatRequest, version: int, session: Session, context: Context) -> HeartbeatResponse:
    """Let the group decide."""
    error = context.groups.heartbeat(
        request.group_id, request.member_id, request.group_instance_id, request.generation_id
    )
    return HeartbeatResponse(error_code=error)
