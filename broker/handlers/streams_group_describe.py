"""StreamsGroupDescribe 0: the state, the epochs, the topology and the members of streams groups (KIP-1071)."""

from collections.abc import Iterable

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.streams_group_describe import (
    Assignment,
    DescribedGroup,
    Endpoint,
    KeyValue,
    Member,
    StreamsGroupDescribeRequest,
    StreamsGroupDescribeResponse,
    Subtopology,
    TaskIds,
    TopicInfo,
    Topology,
)
from ..authorized_operations import GROUP_OPERATIONS, NOT_ASKED
from ..context import Context
from ..coordination.groups.streams.group import StreamsGroup
from ..coordination.groups.streams.member import StreamsMember
from ..coordination.groups.streams.tasks import PartitionEpochs, Partitions, Tasks
from ..coordination.groups.streams.topology import InternalTopic
from ..session import Session
from ..slices import Steps

MEMBERS_AT_ONCE = 32


def handle_streams_group_describe(
    request: StreamsGroupDescribeRequest, version: int, session: Session, context: Context
) -> Steps[StreamsGroupDescribeResponse]:
    """Describe each group named."""
    operations = GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED
    described: list[DescribedGroup] = []
    has_groups = context.has_streams_groups()
    for group_id in sorted(request.group_ids, key=bool):  # as in Kafka, what is no name comes first
        yield
        if not has_groups:
            described.append(DescribedGroup(error_code=ErrorCode.UNSUPPORTED_VERSION, group_id=group_id))
            continue
        try:
            if not group_id:
                raise KafkaError(ErrorCode.INVALID_GROUP_ID)
            context.groups.check_served(group_id)
            group = context.groups.find_streams_group(group_id)
        except KafkaError as error:
            described.append(DescribedGroup(error_code=error.code, error_message=error.why, group_id=group_id))
            continue
        described.append((yield from _described(group, operations)))
    return StreamsGroupDescribeResponse(groups=described)


def _described(group: StreamsGroup, operations: int) -> Steps[DescribedGroup]:
    described = DescribedGroup(
        group_id=group.group_id,
        group_state=group.state_name,
        group_epoch=group.epoch,
        assignment_epoch=group.assignment_epoch,
        topology=_topology(group),
        authorized_operations=operations,
    )
    members: list[Member] = []
    seen = [(member, group.target_of(member.member_id)) for member in group.members.values()]
    for at in range(0, len(seen), MEMBERS_AT_ONCE):
        yield
        members += [_member(member, target) for member, target in seen[at : at + MEMBERS_AT_ONCE]]
    described.members = members
    return described


def _topology(group: StreamsGroup) -> Topology | None:
    """The topology: with the partitions that its internal topics have, once they are there."""
    configured = group.configured
    if configured is not None and configured.is_ready and configured.subtopologies is not None:
        return Topology(
            epoch=configured.epoch,
            subtopologies=[
                _subtopology(
                    name,
                    subtopology.source_topics,
                    subtopology.repartition_sink_topics,
                    subtopology.changelog_topics.values(),
                    subtopology.repartition_source_topics.values(),
                )
                for name, subtopology in configured.subtopologies.items()
            ],
        )
    if group.topology is None:
        return None
    return Topology(
        epoch=group.topology.epoch,
        subtopologies=[
            _subtopology(
                name,
                subtopology.source_topics,
                subtopology.repartition_sink_topics,
                subtopology.changelog_topics,
                subtopology.repartition_source_topics,
            )
            for name, subtopology in sorted(group.topology.subtopologies.items())
        ],
    )


def _subtopology(
    subtopology_id: str,
    sources: Iterable[str],
    sinks: Iterable[str],
    changelogs: Iterable[InternalTopic],
    repartitions: Iterable[InternalTopic],
) -> Subtopology:
    return Subtopology(
        subtopology_id=subtopology_id,
        source_topics=sorted(sources),
        repartition_sink_topics=sorted(sinks),
        state_changelog_topics=_topics(changelogs),
        repartition_source_topics=_topics(repartitions),
    )


def _topics(topics: Iterable[InternalTopic]) -> list[TopicInfo]:
    return [
        TopicInfo(
            name=topic.name,
            partitions=topic.partitions,
            replication_factor=topic.replication_factor,
            topic_configs=[KeyValue(key=key, value=value) for key, value in topic.configs],
        )
        for topic in sorted(topics, key=lambda topic: topic.name)
    ]


def _member(member: StreamsMember, target: Tasks) -> Member:
    endpoint = member.user_endpoint
    return Member(
        member_id=member.member_id,
        member_epoch=member.epoch,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        topology_epoch=member.topology_epoch,
        process_id=member.process_id,
        user_endpoint=None if endpoint is None else Endpoint(host=endpoint[0], port=endpoint[1]),
        client_tags=[KeyValue(key=key, value=value) for key, value in member.client_tags],
        assignment=_assignment(member.held.active, member.held.standby, member.held.warmup),
        target_assignment=_assignment(target.active, target.standby, target.warmup),
    )


def _assignment(active: Partitions | PartitionEpochs, standby: Partitions, warmup: Partitions) -> Assignment:
    return Assignment(active_tasks=_tasks(active), standby_tasks=_tasks(standby), warmup_tasks=_tasks(warmup))


def _tasks(tasks: Partitions | PartitionEpochs) -> list[TaskIds]:
    return [TaskIds(subtopology_id=name, partitions=sorted(tasks[name])) for name in sorted(tasks)]
