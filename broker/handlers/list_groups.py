"""ListGroups 0-5: every group of this broker, filtered by state and type without regard to case."""

from ...protocol.messages.list_groups import ListedGroup, ListGroupsRequest, ListGroupsResponse
from ..context import Context
from ..session import Session


def handle_list_groups(
    request: ListGroupsRequest, version: int, session: Session, context: Context
) -> ListGroupsResponse:
    """List the groups; an empty filter lets everything through."""
    states = {state.lower() for state in request.states_filter}
    types = {group_type.lower() for group_type in request.types_filter}
    return ListGroupsResponse(
        groups=[
            ListedGroup(
                group_id=group.group_id,
                protocol_type=group.protocol_type or "",
                group_state=group.state_name,
                group_type=group.group_type,
            )
            for group in context.groups.groups()
            if (not states or group.state_name.lower() in states) and (not types or group.group_type in types)
        ]
    )
