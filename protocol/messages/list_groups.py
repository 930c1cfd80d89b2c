"""ListGroups (16): the groups that a broker coordinates."""

from collections.abc import Sequence

from ..schema import field, i16, i32, message, nested


@message(api_key=16, versions="0-5", flexible="3+")
class ListGroupsRequest:
    """Which groups to list, by state and by type."""

    states_filter: Sequence[str] = field(default=(), versions="4+")
    types_filter: Sequence[str] = field(default=(), versions="5+")


@nested
class ListedGroup:
    group_id: str
    protocol_type: str = ""
    group_state: str = field(default="", versions="4+")
    group_type: str = field(default="", versions="5+")


@message(api_key=16, versions="0-5", flexible="3+")
class ListGroupsResponse:
    """One line per group."""

    throttle_time_ms: i32 = field(default=0, versions="1+")
    error_code: i16 = 0
    groups: Sequence[ListedGroup] = ()
