"""LeaveGroup (13): members leave a classic group."""

from collections.abc import Sequence

from ..schema import field, i16, i32, message, nested


@nested
class MemberIdentity:
    member_id: str
    group_instance_id: str | None = None
    reason: str | None = field(default=None, versions="5+")


@message(api_key=13, versions="0-5", flexible="4+")
class LeaveGroupRequest:
    """The members that leave, one before version 3, many from it on."""

    group_id: str
    member_id: str = field(default="", versions="0-2")
    members: Sequence[MemberIdentity] = field(default=(), versions="3+")


@nested
class MemberResponse:
    member_id: str
    group_instance_id: str | None
    error_code: i16 = 0


@message(api_key=13, versions="0-5", flexible="4+")
class LeaveGroupResponse:
    """Per member, whether it was there to leave."""

    throttle_time_ms: i32 = field(default=0, versions="1+")
    error_code: i16 = 0
    members: Sequence[MemberResponse] = field(default=(), versions="3+")
