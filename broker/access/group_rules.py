"""Rules of groups: joined, described, listed, their offsets."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_share_group_offsets import AlterShareGroupOffsetsResponse
from ...protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
    DescribeShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponseGroup,
    DescribeShareGroupOffsetsResponsePartition,
    DescribeShareGroupOffsetsResponseTopic,
)
from ...protocol.messages.list_groups import ListGroupsResponse
from ...protocol.messages.streams_group_heartbeat import StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse
from ...protocol.schema import ZERO_UUID
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import Operation
from ..slices import Steps
from .access import GROUP, TOPIC, Access
from .common_rules import Rule, in_slices, kept, on_topics, refuse, refuse_in_steps, with_body

READ_TOPICS = on_topics(Operation.READ, message=True)
GROUP_DENIED, TOPIC_DENIED = ErrorCode.GROUP_AUTHORIZATION_FAILED, ErrorCode.TOPIC_AUTHORIZATION_FAILED


def list_groups(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """DESCRIBE on the cluster shows all groups; else those are listed that may be described."""

    def show(given: object) -> None:
        assert isinstance(given, ListGroupsResponse)
        given.groups = kept(given.groups, "group_id", access, Operation.DESCRIBE, GROUP)

    return proceed(received) if access.may_on_cluster(Operation.DESCRIBE) else observe(proceed(received), show)


def on_each_group(operation: Operation, request_field: str, answer_field: str, *, refused_first: bool) -> Rule:
    """Each group of a list of ids: those that are denied have their error, and the others are served."""

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
        body: Any = received.body
        asked: Sequence[str] = getattr(body, request_field)
        denied = yield from access.denied(operation, GROUP, asked)
        if not denied:
            return proceed(received)
        hit = replace(body, **{request_field: [name for name in asked if name in denied]})
        rest = replace(body, **{request_field: [name for name in asked if name not in denied]})
        refusal = yield from refuse_in_steps(received, GROUP_DENIED, hit)
        if len(denied) == len(set(asked)):
            return refusal

        def add(given: object) -> None:
            served, refused = getattr(given, answer_field), getattr(refusal, answer_field)
            setattr(given, answer_field, [*refused, *served] if refused_first else [*served, *refused])

        return observe(proceed(with_body(received, rest)), add)

    return rule


def describe_groups(request_field: str, hide: Callable[[Any, Access], Any] | None = None) -> Rule:
    """DESCRIBE on each group; `hide` may leave nothing of one but that it has what the client may not see."""
    each = on_each_group(Operation.DESCRIBE, request_field, "groups", refused_first=True)

    def rule(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
        def show(given: object) -> None:
            answer = cast(Any, given)
            served = [group for group in answer.groups if group.error_code == ErrorCode.NONE]
            access.tell_operations(served, "authorized_operations", GROUP, "group_id")
            if hide is not None:
                answer.groups = [hide(group, access) for group in answer.groups]

        return observe(in_slices(each(received, access, proceed), received, access), show)

    return rule


def hide_assigned(group: Any, access: Access) -> Any:
    """A group whose members have a topic that the client may not describe."""
    topics = {
        partitions.topic_name
        for member in group.members
        for assignment in (member.assignment, getattr(member, "target_assignment", None))
        if assignment is not None
        for partitions in assignment.topic_partitions
    }
    if not access.lacks_any(Operation.DESCRIBE, TOPIC, topics):
        return group
    why = "The group has described topic(s) that the client is not authorized to describe."
    return type(group)(group_id=group.group_id, error_code=TOPIC_DENIED, error_message=why)


def hide_topology(group: Any, access: Access) -> Any:
    """A streams group whose topology has a topic that the client may not describe."""
    subtopologies = () if group.topology is None else group.topology.subtopologies or ()
    if not access.lacks_any(Operation.DESCRIBE, TOPIC, _topics_of(subtopologies)):
        return group
    why = "The described group uses topics that the client is not authorized to describe."
    return type(group)(group_id=group.group_id, error_code=TOPIC_DENIED, error_message=why)


def _topics_of(subtopologies: Iterable[Any]) -> Iterator[str]:
    for one in subtopologies:
        yield from one.source_topics
        yield from one.repartition_sink_topics
        yield from (topic.name for topic in (*one.repartition_source_topics, *one.state_changelog_topics))


def subscribed_topics(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on every topic that a member names, or it does not get in at all."""
    names = cast(Any, received.body).subscribed_topic_names or ()
    denied = yield from access.denied(Operation.DESCRIBE, TOPIC, names)
    return refuse(received, TOPIC_DENIED) if denied else proceed(received)


def streams_group_heartbeat(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """READ on the group, DESCRIBE on every topic of the topology that a member brings."""
    body = received.body
    assert isinstance(body, StreamsGroupHeartbeatRequest)
    names = () if body.topology is None else _topics_of(body.topology.subtopologies)
    if access.lacks(Operation.READ, GROUP, body.group_id):
        code = GROUP_DENIED
    elif access.lacks_any(Operation.DESCRIBE, TOPIC, names):
        code = TOPIC_DENIED
    else:
        return proceed(received)
    return StreamsGroupHeartbeatResponse(error_code=code, member_id="", status=())


# Offsets of share groups


def alter_share_group_offsets(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """READ on each topic; the id of one that is denied is told all the same, as in Kafka."""

    def add_ids(given: object) -> None:
        assert isinstance(given, AlterShareGroupOffsetsResponse)
        for topic in given.responses:
            found = access.context.topics.find(topic.topic_name)
            if topic.topic_id == ZERO_UUID and found is not None:
                topic.topic_id = found.topic_id

    return observe(in_slices(READ_TOPICS(received, access, proceed), received, access), add_ids)


def describe_share_group_offsets(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on each group and topic; of all topics of a group, those that may be described."""
    body = received.body
    assert isinstance(body, DescribeShareGroupOffsetsRequest)
    denied = yield from access.denied(Operation.DESCRIBE, GROUP, (group.group_id for group in body.groups))
    names = (topic.topic_name for group in body.groups for topic in group.topics or ())
    hidden = yield from access.denied(Operation.DESCRIBE, TOPIC, names)

    def visible(group: DescribeShareGroupOffsetsRequestGroup) -> DescribeShareGroupOffsetsRequestGroup:
        if group.topics is None:
            return group
        return replace(group, topics=[topic for topic in group.topics if topic.topic_name not in hidden])

    def add(given: object) -> None:
        assert isinstance(given, DescribeShareGroupOffsetsResponse)
        served = iter(given.groups)
        given.groups = [
            _denied_group(group.group_id)
            if group.group_id in denied
            else _seen_offsets(next(served), group, hidden, access)
            for group in body.groups
        ]

    rest = replace(body, groups=[visible(group) for group in body.groups if group.group_id not in denied])
    return observe(proceed(with_body(received, rest)), add)


def _denied_group(group_id: str) -> DescribeShareGroupOffsetsResponseGroup:
    return DescribeShareGroupOffsetsResponseGroup(group_id=group_id, error_code=GROUP_DENIED)


def _seen_offsets(
    given: DescribeShareGroupOffsetsResponseGroup,
    asked: DescribeShareGroupOffsetsRequestGroup,
    hidden: set[str],
    access: Access,
) -> DescribeShareGroupOffsetsResponseGroup:
    if given.error_code != ErrorCode.NONE:
        return given
    if asked.topics is None:
        return replace(given, topics=kept(given.topics, "topic_name", access, Operation.DESCRIBE, TOPIC))
    refused = [
        DescribeShareGroupOffsetsResponseTopic(
            topic_name=topic.topic_name,
            topic_id=ZERO_UUID,
            partitions=[
                DescribeShareGroupOffsetsResponsePartition(
                    partition_index=index,
                    start_offset=-1,
                    error_code=TOPIC_DENIED,
                    error_message=TOPIC_DENIED.message,
                )
                for index in topic.partitions
            ],
        )
        for topic in asked.topics
        if topic.topic_name in hidden
    ]
    return replace(given, topics=[*given.topics, *refused])
