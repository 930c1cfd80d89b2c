"""ConsumerGroupDescribe 0-1: the state, the epochs and the members of consumer groups (KIP-848)."""

from collections.abc import Iterable, Mapping

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.consumer_group_describe import (
    Assignment,
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    DescribedGroup,
    Member,
    TopicPartitions,
)
from ..authorized_operations import GROUP_OPERATIONS, NOT_ASKED
from ..context import Context
from ..coordination.groups.consumer.group import ConsumerGroup
from ..coordination.groups.consumer.member import ConsumerMember
from ..session import Session
from ..slices import Steps

CLASSIC_MEMBER, CONSUMER_MEMBER = 0, 1
MEMBERS_AT_ONCE = 32


def handle_consumer_group_describe(
    request: ConsumerGroupDescribeRequest, version: int, session: Session, context: Context
) -> Steps[ConsumerGroupDescribeResponse]:
    """Describe each group named."""
    operations = GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED
    described: list[DescribedGroup] = []
    has_groups = context.has_consumer_groups()
    for group_id in request.group_ids:
        yield
        if not has_groups:
            described.append(DescribedGroup(error_code=ErrorCode.UNSUPPORTED_VERSION, group_id=group_id))
            continue
        try:
            context.groups.check_served(group_id)
            group, assignor = context.groups.find_consumer_group(group_id)
        except KafkaError as error:
            described.append(DescribedGroup(error_code=error.code, error_message=error.why, group_id=group_id))
            continue
        described.append((yield from _described(group, assignor, operations, context)))
    return ConsumerGroupDescribeResponse(groups=described)


def _described(group: ConsumerGroup, assignor: str, operations: int, context: Context) -> Steps[DescribedGroup]:
    described = DescribedGroup(
        group_id=group.group_id,
        group_state=group.state_name,
        group_epoch=group.epoch,
        assignment_epoch=group.assignment_epoch,
        assignor_name=assignor,
        authorized_operations=operations,
    )
    members: list[Member] = []
    seen = [(member, group.target_of(member.member_id)) for member in group.members.values()]
    for at in range(0, len(seen), MEMBERS_AT_ONCE):
        yield
        members += [_member(member, target, context) for member, target in seen[at : at + MEMBERS_AT_ONCE]]
    described.members = members
    return described


def _member(member: ConsumerMember, target: Mapping[bytes, Iterable[int]], context: Context) -> Member:
    # What it has yet to give up, it still has.
    held = {
        topic_id: {*member.assigned.get(topic_id, ()), *member.revoking.get(topic_id, ())}
        for topic_id in {**member.assigned, **member.revoking}
    }
    return Member(
        member_id=member.member_id,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        member_epoch=member.epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=member.subscribed_topic_names,
        subscribed_topic_regex=member.subscribed_topic_regex,
        assignment=_assignment(held, context),
        target_assignment=_assignment(target, context),
        member_type=CONSUMER_MEMBER if member.classic is None else CLASSIC_MEMBER,
    )


def _assignment(partitions: Mapping[bytes, Iterable[int]], context: Context) -> Assignment:
    """The topics that still exist."""
    names = context.metadata.image.names
    return Assignment(
        topic_partitions=[
            TopicPartitions(topic_id=topic_id, topic_name=names[topic_id], partitions=sorted(indexes))
            for topic_id, indexes in partitions.items()
            if topic_id in names
        ]
    )
