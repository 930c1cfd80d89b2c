"""What the requests about voters of the quorum are held to."""

import pytest

from odradek.broker.metadata.quorum import check_quorum_cluster, check_voter, refusal
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.schema import ZERO_UUID

DIRECTORY = bytes([7]) * 16


def test_a_request_for_another_cluster_is_refused() -> None:
    check_quorum_cluster("mine", "mine")
    check_quorum_cluster(None, "mine")
    with pytest.raises(KafkaError, match='The given id "" doesn\'t match the cluster id "mine"') as refused:
        check_quorum_cluster("", "mine")
    assert refused.value.code == ErrorCode.INCONSISTENT_CLUSTER_ID


def test_a_voter_has_an_id_and_a_directory() -> None:
    check_voter(0, DIRECTORY, "Add voter")
    for voter_id, directory_id in ((-1, DIRECTORY), (0, ZERO_UUID)):
        with pytest.raises(KafkaError, match="Add voter request didn't include a valid voter") as refused:
            check_voter(voter_id, directory_id, "Add voter")
        assert refused.value.code == ErrorCode.INVALID_REQUEST


def test_the_voters_stay_as_they_are() -> None:
    refused = refusal("adding")
    assert refused.code == ErrorCode.UNSUPPORTED_VERSION
    assert refused.message == "Cluster doesn't support adding voter because the kraft.version feature is 0"
