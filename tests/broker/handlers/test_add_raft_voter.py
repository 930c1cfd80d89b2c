"""AddRaftVoter: what is wrong with a request, or that no voter can be added."""

from collections.abc import Sequence

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.add_raft_voter import AddRaftVoterRequest, AddRaftVoterResponse, Listener

from .broker_harness import AskedBroker, served

HERE = Listener(name="CONTROLLER", host="localhost", port=9099)
ELSEWHERE = Listener(name="X", host="localhost", port=9099)


def added(
    *, version: int = 1, cluster_id: str | None = None, voter_id: int = 2, listeners: Sequence[Listener] = (HERE,)
) -> tuple[int, str | None]:
    request = AddRaftVoterRequest(
        cluster_id=cluster_id, voter_id=voter_id, voter_directory_id=b"d" * 16, listeners=listeners
    )
    answer = AskedBroker().ask(request, version, AddRaftVoterResponse).answer
    return answer.error_code, answer.error_message


@pytest.mark.parametrize("version", served(ApiKey.ADD_RAFT_VOTER))
def test_no_voter_is_added(version: int) -> None:
    assert added(version=version) == (
        35,
        "Cluster doesn't support adding voter because the kraft.version feature is 0",
    )


def test_what_is_wrong_is_said_first() -> None:
    assert added(cluster_id="other", voter_id=-1)[0] == 104
    assert added(voter_id=-1, listeners=())[0] == 42
    begins = "Add voter request didn't include the endpoint (Endpoints(endpoints={"
    ends = "})) for the default listener ListenerName(CONTROLLER)"
    assert added(listeners=()) == (42, begins + ends)
    assert added(listeners=(ELSEWHERE,)) == (42, f"{begins}ListenerName(X)=localhost/<unresolved>:9099{ends}")
