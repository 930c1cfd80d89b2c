"""AddRaftVoter 0-1: the metadata quorum is this one node and takes no other (KIP-853)."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.add_raft_voter import AddRaftVoterRequest, AddRaftVoterResponse, Listener
from ..context import Context
from ..metadata.quorum import CONTROLLER_LISTENER, check_quorum_cluster, check_voter, refusal
from ..session import Session


def handle_add_raft_voter(
    request: AddRaftVoterRequest, version: int, session: Session, context: Context
) -> AddRaftVoterResponse:
    """Say what is wrong with the request, or else that no voter can be added."""
    try:
        check_quorum_cluster(request.cluster_id, context.cluster_id)
        check_voter(request.voter_id, request.voter_directory_id, "Add voter")
        _check_listeners(request.listeners)
        raise refusal("adding")
    except KafkaError as error:
        return AddRaftVoterResponse(error_code=error.code, error_message=error.message)


def _check_listeners(listeners: Sequence[Listener]) -> None:
    addresses = {one.name: f"{one.host}/<unresolved>:{one.port}" for one in listeners}
    if CONTROLLER_LISTENER not in addresses:
        shown = ", ".join(f"ListenerName({name})={address}" for name, address in addresses.items())
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            f"Add voter request didn't include the endpoint (Endpoints(endpoints={{{shown}}})) for the default "
            f"listener ListenerName({CONTROLLER_LISTENER})",
        )
