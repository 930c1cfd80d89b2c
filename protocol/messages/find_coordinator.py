"""FindCoordinator (10): which broker coordinates a group, a transactional id or a share partition."""

from collections.abc import Sequence

from ..schema import field, i8, i16, i32, message, nested


@message(api_key=10, versions="0-6", flexible="3+")
class FindCoordinatorRequest:
    """Keys whose coordinator is sought."""

    key: str = field(default="", versions="0-3")
    key_type: i8 = field(default=0, versions="1+")
    coordinator_keys: Sequence[str] = field(default=(), versions="4+")


@nested
class Coordinator:
    key: str
    node_id: i32
    host: str
    port: i32
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=10, versions="0-6", flexible="3+")
class FindCoordinatorResponse:
    """The broker that coordinates each key."""

    throttle_time_ms: i32 = field(default=0, versions="1+")
    error_code: i16 = field(default=0, versions="0-3")
    error_message: str | None = field(default=None, versions="1-3")
    node_id: i32 = field(default=0, versions="0-3")
    host: str = field(default="", versions="0-3")
    port: i32 = field(default=0, versions="0-3")
    coordinators: Sequence[Coordinator] = field(default=(), versions="4+")
