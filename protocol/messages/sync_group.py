"""SyncGroup (14): the leader hands in the assignment, everybody receives his own."""

from collections.abc import Sequence

from ..schema import field, i16, i32, message, nested


@nested
class SyncGroupRequestAssignment:
    member_id: str
    assignment: bytes = b""


@message(api_key=14, versions="0-5", flexible="4+")
class SyncGroupRequest:
    """A member asks for its assignment; the leader brings all of them."""

    group_id: str
    generation_id: i32
    member_id: str
    group_instance_id: str | None = field(default=None, versions="3+")
    protocol_type: str | None = field(default=None, versions="5+")
    protocol_name: str | None = field(default=None, versions="5+")
    assignments: Sequence[SyncGroupRequestAssignment] = ()


@message(api_key=14, versions="0-5", flexible="4+")
class SyncGroupResponse:
    """The assignment of this member, opaque to the broker."""

    throttle_time_ms: i32 = field(default=0, versions="1+")
    error_code: i16 = 0
    protocol_type: str | None = field(default=None, versions="5+")
    protocol_name: str | None = field(default=None, versions="5+")
    assignment: bytes = b""
