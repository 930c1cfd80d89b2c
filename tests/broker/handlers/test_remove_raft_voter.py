"""RemoveRaftVoter: what is wrong with a request, or that no voter can be removed."""

from odradek.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest, RemoveRaftVoterResponse

from .broker_harness import AskedBroker


def removed(*, cluster_id: str | None = None, voter_id: int = 1) -> tuple[int, str | None]:
    request = RemoveRaftVoterRequest(cluster_id=cluster_id, voter_id=voter_id, voter_directory_id=b"d" * 16)
    answer = AskedBroker().ask(request, 0, RemoveRaftVoterResponse).answer
    return answer.error_code, answer.error_message


def test_no_voter_is_removed() -> None:
    assert removed() == (35, "Cluster doesn't support removing voter because the kraft.version feature is 0")


def test_what_is_wrong_is_said_first() -> None:
    assert removed(cluster_id="other", voter_id=-1)[0] == 104
    assert removed(voter_id=-1) == (42, "Remove voter request didn't include a valid voter")
