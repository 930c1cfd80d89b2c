"""SyncGroup 0-5: the leader hands in the assignments, everybody takes their own. Followers wait for the leader."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from ..context import Context
from ..coordination.groups.classic.member import SyncRequest, SyncResult
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session

PROTOCOL_FROM_VERSION = 5  # both fields are mandatory from here on, though they may be null on the wire


def handle_sync_group(
    request: SyncGroupRequest, version: int, session: Session, context: Context
) -> Deferred[SyncGroupResponse]:
    """Let the group decide."""
    deferred: Deferred[SyncGroupResponse] = Deferred()
    if version >= PROTOCOL_FROM_VERSION and (request.protocol_type is None or request.protocol_name is None):
        # Refused before the group is looked at, even of one that does not exist.
        deferred.answer(SyncGroupResponse(error_code=ErrorCode.INCONSISTENT_GROUP_PROTOCOL))
        return deferred
    asked = SyncRequest(
        group_id=request.group_id,
        member_id=request.member_id,
        group_instance_id=request.group_instance_id,
        generation=request.generation_id,
        protocol_type=request.protocol_type,
        protocol_name=request.protocol_name,
        assignments={given.member_id: bytes(given.assignment) for given in request.assignments},
    )
    future = ResponseFuture[SyncResult](lambda synced: deferred.answer(_response(synced)), SyncResult)
    context.groups.sync(asked, future)
    return deferred


def _response(synced: SyncResult) -> SyncGroupResponse:
    return SyncGroupResponse(
        error_code=synced.error,
        protocol_type=synced.protocol_type,
        protocol_name=synced.protocol_name,
        assignment=synced.assignment,
    )
