"""JoinGroup (11): enter a classic group, or stay in it through a rebalance."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, message, nested


@nested
class JoinGroupRequestProtocol:
    name: str
    metadata: bytes = b""


@message(api_key=11, versions="0-9", flexible="6+")
class JoinGroupRequest:
    """A member's protocols, in its order of preference."""

    group_id: str
    session_timeout_ms: i32 = 0
    rebalance_timeout_ms: i32 = field(default=-1, versions="1+")
    member_id: str
    group_instance_id: str | None = field(default=None, versions="5+")
    protocol_type: str = ""
    protocols: Sequence[JoinGroupRequestProtocol] = ()
    reason: str | None = field(default=None, versions="8+")


@nested
class JoinGroupResponseMember:
    member_id: str
    group_instance_id: str | None = field(default=None, versions="5+")
    metadata: bytes = b""


@message(api_key=11, versions="0-9", flexible="6+")
class JoinGroupResponse:
    """The generation; for the leader also the members to assign to."""

    throttle_time_ms: i32 = field(default=0, versions="2+")
    error_code: i16 = 0
    generation_id: i32 = -1
    protocol_type: str | None = field(default=None, versions="7+")
    protocol_name: str | None = field(nullable="7+")
    leader: str = ""
    skip_assignment: boolean = field(default=False, versions="9+")
    member_id: str
    members: Sequence[JoinGroupResponseMember] = ()
