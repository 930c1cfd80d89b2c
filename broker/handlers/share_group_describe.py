"""ShareGroupDescribe 1: the state, the epochs and the members of share groups (KIP-932)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.share_group_describe import (
    Assignment,
    DescribedGroup,
    Member,
    ShareGroupDescribeRequest,
    ShareGroupDescribeResponse,
    TopicPartitions,
)
from ..authorized_operations import GROUP_OPERATIONS, NOT_ASKED
from ..context import Context
from ..coordination.groups.share.assignor import SIMPLE
from ..coordination.groups.share.group import ShareGroup
from ..coordination.groups.share.member import ShareMember
from ..session import Session
from ..slices import Steps

MEMBERS_AT_ONCE = 32


def handle_share_group_describe(
    request: ShareGroupDescribeRequest, version: int, session: Session, context: Context
) -> Steps[ShareGroupDescribeResponse]:
    """Describe each group named."""
    operations = GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED
    described: list[DescribedGroup] = []
    has_groups = context.has_share_groups()
    for group_id in request.group_ids:
        yield
        if not has_groups:
            described.append(DescribedGroup(error_code=ErrorCode.UNSUPPORTED_VERSION, group_id=group_id))
            continue
        if not group_id:
            described.append(DescribedGroup(error_code=ErrorCode.INVALID_GROUP_ID, group_id=group_id))
            continue
        try:
            context.groups.check_served(group_id)
            group = context.share_groups.find(group_id)
        except KafkaError as error:
            described.append(DescribedGroup(error_code=error.code, error_message=error.why, group_id=group_id))
            continue
        described.append((yield from _described(group, operations, context)))
    return ShareGroupDescribeResponse(groups=described)


def _described(group: ShareGroup, operations: int, context: Context) -> Steps[DescribedGroup]:
    described = DescribedGroup(
        group_id=group.group_id,
        group_state=group.state_name,
        group_epoch=group.epoch,
        assignment_epoch=group.assignment_epoch,
        assignor_name=SIMPLE,
        authorized_operations=operations,
    )
    members: list[Member] = []
    seen = list(group.members.values())
    for at in range(0, len(seen), MEMBERS_AT_ONCE):
        yield
        members += [_member(member, context) for member in seen[at : at + MEMBERS_AT_ONCE]]
    described.members = members
    return described


def _member(member: ShareMember, context: Context) -> Member:
    names = context.metadata.image.names
    return Member(
        member_id=member.member_id,
        rack_id=member.rack_id,
        member_epoch=member.epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=member.subscribed_topic_names,
        assignment=Assignment(
            topic_partitions=[
                TopicPartitions(topic_id=topic_id, topic_name=names[topic_id], partitions=sorted(indexes))
                for topic_id, indexes in member.assigned.items()
                if topic_id in names  # of topics that still exist
            ]
        ),
    )
