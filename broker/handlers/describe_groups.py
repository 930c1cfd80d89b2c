"""DescribeGroups 0-6: the state and the members of groups."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)
from ..authorized_operations import GROUP_OPERATIONS, NOT_ASKED
from ..context import Context
from ..coordination.groups.classic.group import ClassicGroup
from ..coordination.groups.classic.states import ClassicState
from ..session import Session
from ..slices import Steps

NOT_FOUND_FROM = 6


def handle_describe_groups(
    request: DescribeGroupsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeGroupsResponse]:
    """Describe each group named; one that does not exist is Dead."""
    operations = GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED
    described: list[DescribedGroup] = []
    for name in request.groups:
        yield
        described.append(_answer(name, version, operations, context))
    return DescribeGroupsResponse(groups=described)


def _answer(group_id: str, version: int, operations: int, context: Context) -> DescribedGroup:
    try:
        context.groups.check_served(group_id)
    except KafkaError as error:
        return DescribedGroup(error_code=error.code, group_id=group_id)
    group = context.groups.find_group(group_id)
    if isinstance(group, ClassicGroup):
        return _described(group, operations)
    why = f"Group {group_id} not found." if group is None else f"Group {group_id} is not a classic group."
    return _missing(group_id, why, version, operations)


def _missing(group_id: str, why: str, version: int, operations: int) -> DescribedGroup:
    dead = ClassicState.DEAD.value
    if version < NOT_FOUND_FROM:
        return DescribedGroup(group_id=group_id, group_state=dead, authorized_operations=operations)
    return DescribedGroup(
        error_code=ErrorCode.GROUP_ID_NOT_FOUND,
        error_message=why,
        group_id=group_id,
        group_state=dead,
    )


def _described(group: ClassicGroup, operations: int) -> DescribedGroup:
    # Only a Stable group has a protocol that all its members agree on.
    protocol = (group.protocol_name or "") if group.state is ClassicState.STABLE else ""
    return DescribedGroup(
        group_id=group.group_id,
        group_state=group.state_name,
        protocol_type=group.protocol_type or "",
        protocol_data=protocol,
        members=[
            DescribedGroupMember(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                client_id=member.client_id,
                client_host=member.client_host,
                member_metadata=member.metadata(protocol) if protocol else b"",
                member_assignment=member.assignment,
            )
            for member in group.members.values()
        ],
        authorized_operations=operations,
    )
