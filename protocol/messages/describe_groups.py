"""DescribeGroups (15): state and members of classic groups."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, message, nested


@message(api_key=15, versions="0-6", flexible="5+")
class DescribeGroupsRequest:
    """The classic groups to describe."""

    groups: Sequence[str] = ()
    include_authorized_operations: boolean = field(default=False, versions="3+")


@nested
class DescribedGroupMember:
    member_id: str
    group_instance_id: str | None = field(default=None, versions="4+")
    client_id: str = ""
    client_host: str = ""
    member_metadata: bytes = b""
    member_assignment: bytes = b""


@nested
class DescribedGroup:
    error_code: i16 = 0
    error_message: str | None = field(default=None, versions="6+")
    group_id: str
    group_state: str = ""
    protocol_type: str = ""
    protocol_data: str = ""
    members: Sequence[DescribedGroupMember] = ()
    authorized_operations: i32 = field(default=-2147483648, versions="3+")


@message(api_key=15, versions="0-6", flexible="5+")
class DescribeGroupsResponse:
    """State, protocol and members of each group."""

    throttle_time_ms: i32 = field(default=0, versions="1+")
    groups: Sequence[DescribedGroup] = ()
