import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)

from ..conftest import Parts
from .group_context import GroupBroker, versions_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


def describe(broker: GroupBroker, version: int, group_id: str = "g", with_operations: bool = False) -> DescribedGroup:
    request = DescribeGroupsRequest(groups=[group_id], include_authorized_operations=with_operations)
    (group,) = broker.ask(request, version, DescribeGroupsResponse).answer.groups
    return group


@pytest.mark.parametrize("version", versions_of(DescribeGroupsRequest))
def test_a_stable_group_is_shown_with_all_its_members_have(broker: GroupBroker, version: int) -> None:
    member = broker.stable_member()
    assert describe(broker, version) == DescribedGroup(
        group_id="g",
        group_state="Stable",
        protocol_type="consumer",
        protocol_data="range",
        members=[
            DescribedGroupMember(
                member_id=member,
                client_id="shop",
                client_host="/127.0.0.1",
                member_metadata=b"m",
                member_assignment=b"work",
            )
        ],
    )


def test_during_a_rebalance_there_is_no_protocol_and_the_assignment_is_the_last_one(broker: GroupBroker) -> None:
    broker.stable_member()
    broker.join(version=3)
    group = describe(broker, 6)
    assert (group.group_state, group.protocol_data) == ("PreparingRebalance", "")
    assert [(m.member_metadata, m.member_assignment) for m in group.members] == [(b"", b"work"), (b"", b"")]


def test_a_group_that_only_waits_for_a_newcomer_is_empty(broker: GroupBroker) -> None:
    broker.join()
    group = describe(broker, 6)
    assert (group.group_state, group.protocol_type, list(group.members)) == ("Empty", "", [])


@pytest.mark.parametrize("version", range(6))
def test_up_to_version_5_an_unknown_group_is_dead_without_an_error(broker: GroupBroker, version: int) -> None:
    group = describe(broker, version, "nope", with_operations=version >= 3)
    assert (group.error_code, group.group_state) == (0, "Dead")
    assert group.authorized_operations == (3400 if version >= 3 else -2147483648)


def test_from_version_6_an_unknown_group_is_an_error(broker: GroupBroker) -> None:
    assert describe(broker, 6, "nope", with_operations=True) == DescribedGroup(
        error_code=ErrorCode.GROUP_ID_NOT_FOUND,
        error_message="Group nope not found.",
        group_id="nope",
        group_state="Dead",
    )


def test_operations_are_shown_to_who_asks_and_instances_from_version_4(broker: GroupBroker) -> None:
    broker.join(instance="i")
    assert describe(broker, 3, with_operations=True).authorized_operations == 3400
    assert describe(broker, 3).authorized_operations == -2147483648
    assert describe(broker, 3).members[0].group_instance_id is None
    assert describe(broker, 4).members[0].group_instance_id == "i"
