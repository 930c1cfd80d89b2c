"""AddRaftVoter (80): let a controller vote in the metadata quorum."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, boolean, field, i16, i32, message, nested, u16, uuid


@nested
class Listener:
    name: str
    host: str
    port: u16


@message(api_key=80, versions="0-1", flexible="0+")
class AddRaftVoterRequest:
    """The controller that is to become a voter, and its endpoints."""

    cluster_id: str | None
    timeout_ms: i32 = 0
    voter_id: i32 = 0
    voter_directory_id: uuid = ZERO_UUID
    listeners: Sequence[Listener] = ()
    ack_when_committed: boolean = field(default=True, versions="1+")


@message(api_key=80, versions="0-1", flexible="0+")
class AddRaftVoterResponse:
    """Whether the controller is a voter now."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
