"""RemoveRaftVoter 0: the metadata quorum is this one node and stays so (KIP-853)."""

from ...protocol.errors import KafkaError
from ...protocol.messages.remove_raft_voter import RemoveRaftVoterRequest, RemoveRaftVoterResponse
from ..context import Context
from ..metadata.quorum import check_quorum_cluster, check_voter, refusal
from ..session import Session


def handle_remove_raft_voter(
    request: RemoveRaftVoterRequest, version: int, session: Session, context: Context
) -> RemoveRaftVoterResponse:
    """Say what is wrong with the request, or else that no voter can be removed."""
    try:
        check_quorum_cluster(request.cluster_id, context.cluster_id)
        check_voter(request.voter_id, request.voter_directory_id, "Remove voter")
        raise refusal("removing")
    except KafkaError as error:
        return RemoveRaftVoterResponse(error_code=error.code, error_message=error.message)
