"""ListGroups 0-5: every group of this broker, filtered by state and type without regard to case."""

from collections.abc import Iterable

from ...protocol.errors import KafkaError
from ...protocol.messages.list_groups import ListedGroup, ListGroupsRequest, ListGroupsResponse
from ..context import Context
from ..coordination.groups.group import Group
from ..session import Session
from ..slices import Steps

GROUPS_AT_ONCE = 128


def handle_list_groups(
    request: ListGroupsRequest, version: int, session: Session, context: Context
) -> Steps[ListGroupsResponse]:
    """List the groups; an empty filter lets everything through."""
    try:
        context.groups.check_none_loads()
    except KafkaError as error:
        return ListGroupsResponse(error_code=error.code)
    states = _Filter(request.states_filter)
    types = _Filter(request.types_filter)
    groups = list(context.groups.groups())
    listed: list[ListedGroup] = []
    for at in range(0, len(groups), GROUPS_AT_ONCE):
        yield
        listed += [
            _listed(group)
            for group in groups[at : at + GROUPS_AT_ONCE]
            if states[group.state_name] and types[group.group_type]
        ]
    return ListGroupsResponse(groups=listed)


class _Filter(dict[str, bool]):
    """Whether a name passes: the few that there are, are compared once."""

    def __init__(self, wanted: Iterable[str]) -> None:
        super().__init__()
        self._wanted = frozenset(name.lower() for name in wanted)

    def __missing__(self, name: str) -> bool:
        self[name] = passes = not self._wanted or name.lower() in self._wanted
        return passes


def _listed(group: Group) -> ListedGroup:
    return ListedGroup(
        group_id=group.group_id,
        protocol_type=group.protocol_type or "",
        group_state=group.state_name,
        group_type=group.group_type,
    )
