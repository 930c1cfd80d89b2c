"""Heartbeat (12): a member of a classic group says that it is alive."""

from ..schema import field, i16, i32, message


@message(api_key=12, versions="0-4", flexible="4+")
class HeartbeatRequest:
    """A sign of life within one generation."""

    group_id: str
    generation_id: i32
    member_id: str
    group_instance_id: str | None = field(default=None, versions="3+")


@message(api_key=12, versions="0-4", flexible="4+")
class HeartbeatResponse:
    """Whether the member may go on or has to rejoin."""

    throttle_time_ms: i32 = field(default=0, versions="1+")
    error_code: i16 = 0
