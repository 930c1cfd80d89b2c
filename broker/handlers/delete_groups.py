"""DeleteGroups 0-2: remove groups without members, and everything they committed."""

from functools import partial

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_groups import DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse
from ..context import Context
from ..coordination.result import ResponseFuture
from ..countdown import Countdown
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_delete_groups(
    request: DeleteGroupsRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[DeleteGroupsResponse]]:
    """Delete each group; one named twice is answered once."""
    names = list(dict.fromkeys(request.groups_names))
    deferred: Deferred[DeleteGroupsResponse] = Deferred()
    errors: dict[str, ErrorCode] = {}
    countdown = Countdown(len(names), lambda: deferred.answer(_response(names, errors)))

    def deleted(group_id: str, error: ErrorCode) -> None:
        errors[group_id] = error
        countdown.count_down()

    for name in names:
        yield
        context.share_groups.delete_group(name, ResponseFuture(partial(deleted, name), lambda code: code))
    return deferred


def _response(names: list[str], errors: dict[str, ErrorCode]) -> DeleteGroupsResponse:
    return DeleteGroupsResponse(
        results=[DeletableGroupResult(group_id=name, error_code=errors[name]) for name in names]
    )
