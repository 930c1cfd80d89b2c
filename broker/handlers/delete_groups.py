"""DeleteGroups 0-2: remove groups without members, and everything they committed."""

from collections.abc import Callable

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_groups import DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse
from ..context import Context
from ..coordination.result import Ticket
from ..deferred import Deferred
from ..session import Session


def handle_delete_groups(
    request: DeleteGroupsRequest, version: int, session: Session, context: Context
) -> Deferred[DeleteGroupsResponse] | DeleteGroupsResponse:
    """Delete each group; one named twice is answered once."""
    names = list(dict.fromkeys(request.groups_names))
    if not names:
        return DeleteGroupsResponse()
    parked: Deferred[DeleteGroupsResponse] = Deferred()
    errors: dict[str, ErrorCode] = {}

    def deleted(group_id: str, error: ErrorCode) -> None:
        errors[group_id] = error
        if len(errors) == len(names):
            parked.answer(_response(names, errors))

    for name in names:
        context.groups.delete_group(name, _ticket(name, deleted))
    return parked


def _ticket(group_id: str, deleted: Callable[[str, ErrorCode], None]) -> Ticket[ErrorCode]:
    return Ticket(lambda error: deleted(group_id, error), lambda code: code)


def _response(names: list[str], errors: dict[str, ErrorCode]) -> DeleteGroupsResponse:
    return DeleteGroupsResponse(
        results=[DeletableGroupResult(group_id=name, error_code=errors[name]) for name in names]
    )
