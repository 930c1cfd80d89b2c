"""RemoveRaftVoter (81): take a controller's vote in the metadata quorum."""

from ..schema import ZERO_UUID, i16, i32, message, uuid


@message(api_key=81, versions="0", flexible="0+")
class RemoveRaftVoterRequest:
    """The controller that is to lose its vote."""

    cluster_id: str | None
    voter_id: i32 = 0
    voter_directory_id: uuid = ZERO_UUID


@message(api_key=81, versions="0", flexible="0+")
class RemoveRaftVoterResponse:
    """Whether the controller has lost its vote."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
