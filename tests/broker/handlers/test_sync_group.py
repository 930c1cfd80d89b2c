import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse

from ..conftest import Parts
from .group_context import GroupBroker, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


@pytest.mark.parametrize("version", versions_of(SyncGroupRequest))
def test_the_leader_gets_its_own_assignment_back_in_every_version(broker: GroupBroker, version: int) -> None:
    leader = broker.join(version=3).answer.member_id
    synced = broker.sync(leader, 1, {leader: b"work"}, version).answer
    assert (synced.error_code, synced.assignment) == (0, b"work")
    assert (synced.protocol_type, synced.protocol_name) == (("consumer", "range") if version >= 5 else (None, None))


def test_a_follower_is_parked_until_the_leader_syncs(broker: GroupBroker) -> None:
    leader = broker.stable_member()
    newcomer = broker.join(version=3)
    broker.join(leader)
    follower = newcomer.answer.member_id
    waiting = broker.sync(follower, 2, {})
    assert waiting.is_deferred
    broker.sync(leader, 2, {follower: b"half"})
    assert waiting.answer.assignment == b"half"


@pytest.mark.parametrize("version", versions_of(SyncGroupRequest))
def test_a_stranger_is_refused_in_every_version(broker: GroupBroker, version: int) -> None:
    refused = broker.sync("stranger", 1, {}, version).answer
    assert (refused.error_code, refused.assignment) == (ErrorCode.UNKNOWN_MEMBER_ID, b"")
    assert (refused.protocol_type, refused.protocol_name) == (None, None)


def test_version_5_must_agree_on_the_protocol_and_version_4_cannot_disagree(broker: GroupBroker) -> None:
    member = broker.stable_member()
    request = SyncGroupRequest(group_id="g", generation_id=1, member_id=member, protocol_name="sticky")
    refused = broker.ask(request, 5, SyncGroupResponse).answer
    assert refused.error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert broker.ask(request, 4, SyncGroupResponse).answer.error_code == 0
