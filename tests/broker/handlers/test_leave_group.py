import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.leave_group import (
    LeaveGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
    MemberResponse,
)

from ..conftest import Parts
from .group_context import GroupBroker


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


@pytest.mark.parametrize("version", range(3))
def test_up_to_version_2_one_member_leaves_and_the_error_is_the_answers(broker: GroupBroker, version: int) -> None:
    request = LeaveGroupRequest(group_id="g", member_id=broker.stable_member())
    assert broker.ask(request, version, LeaveGroupResponse).answer.error_code == 0
    assert broker.ask(request, version, LeaveGroupResponse).answer.error_code == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("version", range(3, 6))
def test_from_version_3_every_member_has_its_own_error(broker: GroupBroker, version: int) -> None:
    member = broker.join(instance="i").answer.member_id
    broker.sync(member, 1, {})
    leaving = [
        MemberIdentity(member_id="stranger", reason="?"),
        MemberIdentity(member_id="stranger", group_instance_id="i"),
        MemberIdentity(member_id="", group_instance_id="i"),
    ]
    left = broker.ask(LeaveGroupRequest(group_id="g", members=leaving), version, LeaveGroupResponse).answer
    assert left.error_code == 0
    assert left.members == [
        MemberResponse(member_id="stranger", group_instance_id=None, error_code=ErrorCode.UNKNOWN_MEMBER_ID),
        MemberResponse(member_id="stranger", group_instance_id="i", error_code=ErrorCode.FENCED_INSTANCE_ID),
        MemberResponse(member_id="", group_instance_id="i", error_code=0),
    ]


@pytest.mark.parametrize("version", [2, 5])
def test_a_group_without_a_name_is_refused_as_a_whole(broker: GroupBroker, version: int) -> None:
    request = LeaveGroupRequest(group_id="", member_id="m", members=[MemberIdentity(member_id="m")])
    refused = broker.ask(request, version, LeaveGroupResponse).answer
    assert (refused.error_code, list(refused.members)) == (ErrorCode.INVALID_GROUP_ID, [])


def test_nobody_leaving_is_no_error(broker: GroupBroker) -> None:
    left = broker.ask(LeaveGroupRequest(group_id="g"), 3, LeaveGroupResponse).answer
    assert (left.error_code, list(left.members)) == (0, [])
