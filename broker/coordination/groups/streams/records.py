"""What a streams group leaves in `__consumer_offsets`: the records of KIP-1071, as Kafka 4.3 writes them."""

from collections.abc import Iterable, Mapping, Sequence

from .....protocol import streams_group_records as stored
from .....protocol.state_records import encode_key, encode_value
from .....protocol.streams_group_records import (
    StreamsGroupCurrentMemberAssignmentKey,
    StreamsGroupCurrentMemberAssignmentValue,
    StreamsGroupMemberMetadataKey,
    StreamsGroupMemberMetadataValue,
    StreamsGroupMetadataKey,
    StreamsGroupMetadataValue,
    StreamsGroupTargetAssignmentMemberKey,
    StreamsGroupTargetAssignmentMemberValue,
    StreamsGroupTargetAssignmentMetadataKey,
    StreamsGroupTargetAssignmentMetadataValue,
    StreamsGroupTopologyKey,
    StreamsGroupTopologyValue,
)
from ...result import Record
from .member import MemberState, StreamsMember
from .tasks import HeldTasks, PartitionEpochs, Partitions, Tasks
from .topology import InternalTopic, Subtopology, Topology

RECORD_TYPES = (17, 19, 20, 21, 22, 23)


def group_record(
    group_id: str, epoch: int, metadata_hash: int, validated_topology_epoch: int, configs: Mapping[str, str]
) -> Record:
    """The group's epoch, the topology epoch whose topics are all there, the settings of the assignment."""
    value = StreamsGroupMetadataValue(
        epoch=epoch,
        metadata_hash=metadata_hash,
        validated_topology_epoch=validated_topology_epoch,
        last_assignment_configs=[
            stored.LastAssignmentConfig(key=key, value=setting) for key, setting in sorted(configs.items())
        ],
    )
    return encode_key(StreamsGroupMetadataKey(group_id=group_id)), encode_value(value)


def member_record(group_id: str, member: StreamsMember) -> Record:
    """What a member reported of itself."""
    endpoint = None
    if member.user_endpoint is not None:
        endpoint = stored.Endpoint(host=member.user_endpoint[0], port=member.user_endpoint[1])
    value = StreamsGroupMemberMetadataValue(
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        topology_epoch=member.topology_epoch,
        process_id=member.process_id,
        user_endpoint=endpoint,
        client_tags=[stored.KeyValue(key=key, value=tag) for key, tag in member.client_tags],
    )
    return _member_key(group_id, member.member_id), encode_value(value)


def topology_record(group_id: str, topology: Topology) -> Record:
    """The topology, as it was reported."""
    value = StreamsGroupTopologyValue(
        epoch=topology.epoch,
        subtopologies=[_stored_subtopology(subtopology) for subtopology in topology.subtopologies.values()],
    )
    return encode_key(StreamsGroupTopologyKey(group_id=group_id)), encode_value(value)


def target_epoch_record(group_id: str, epoch: int, timestamp_ms: int) -> Record:
    """The group epoch for which the target assignment was made, and when."""
    value = StreamsGroupTargetAssignmentMetadataValue(assignment_epoch=epoch, assignment_timestamp=timestamp_ms)
    return encode_key(StreamsGroupTargetAssignmentMetadataKey(group_id=group_id)), encode_value(value)


def target_member_record(group_id: str, member_id: str, target: Tasks) -> Record:
    """What a member should have."""
    value = StreamsGroupTargetAssignmentMemberValue(
        active_tasks=_target_tasks(target.active),
        standby_tasks=_target_tasks(target.standby),
        warmup_tasks=_target_tasks(target.warmup),
    )
    return _target_key(group_id, member_id), encode_value(value)


def current_record(group_id: str, member: StreamsMember) -> Record:
    """What a member has, and has yet to give up."""
    value = StreamsGroupCurrentMemberAssignmentValue(
        member_epoch=member.epoch,
        previous_member_epoch=member.previous_epoch,
        state=member.state,
        active_tasks=_active_tasks(member.held.active),
        standby_tasks=_copies(member.held.standby),
        warmup_tasks=_copies(member.held.warmup),
        active_tasks_pending_revocation=_active_tasks(member.revoking.active),
        standby_tasks_pending_revocation=_copies(member.revoking.standby),
        warmup_tasks_pending_revocation=_copies(member.revoking.warmup),
    )
    return _current_key(group_id, member.member_id), encode_value(value)


def member_tombstones(group_id: str, member_id: str) -> list[Record]:
    """A member has gone."""
    return [
        (_current_key(group_id, member_id), None),
        (_target_key(group_id, member_id), None),
        (_member_key(group_id, member_id), None),
    ]


def group_tombstones(group_id: str, member_ids: Iterable[str]) -> list[Record]:
    """A group has gone, and all of its members."""
    members = list(member_ids)
    return [
        *((_current_key(group_id, member_id), None) for member_id in members),
        *((_target_key(group_id, member_id), None) for member_id in members),
        (encode_key(StreamsGroupTargetAssignmentMetadataKey(group_id=group_id)), None),
        *((_member_key(group_id, member_id), None) for member_id in members),
        (encode_key(StreamsGroupMetadataKey(group_id=group_id)), None),
        (encode_key(StreamsGroupTopologyKey(group_id=group_id)), None),
    ]


# Reading


def loaded_member(member_id: str, value: StreamsGroupMemberMetadataValue) -> StreamsMember:
    """What a member reported of itself."""
    endpoint = value.user_endpoint
    return StreamsMember(
        member_id,
        value.instance_id,
        value.rack_id,
        value.client_id,
        value.client_host,
        value.rebalance_timeout_ms,
        value.topology_epoch,
        value.process_id,
        None if endpoint is None else (endpoint.host, endpoint.port),
        tuple((tag.key, tag.value) for tag in value.client_tags),
    )


def loaded_assignment(member_id: str, value: StreamsGroupCurrentMemberAssignmentValue) -> StreamsMember:
    """What a member has; before Kafka 4.3 tasks had no epochs, and the member's counts."""
    known_states = MemberState.__members__.values()
    return StreamsMember(
        member_id,
        epoch=value.member_epoch,
        previous_epoch=value.previous_member_epoch,
        state=MemberState(value.state) if value.state in known_states else MemberState.UNKNOWN,
        held=HeldTasks(
            _loaded_active(value.active_tasks, value.member_epoch),
            loaded_tasks(value.standby_tasks),
            loaded_tasks(value.warmup_tasks),
        ),
        revoking=HeldTasks(
            _loaded_active(value.active_tasks_pending_revocation, value.member_epoch),
            loaded_tasks(value.standby_tasks_pending_revocation),
            loaded_tasks(value.warmup_tasks_pending_revocation),
        ),
    )


def loaded_tasks(
    tasks: Sequence[stored.TaskIds] | Sequence[stored.CurrentMemberAssignmentTaskIds],
) -> dict[str, frozenset[int]]:
    """Tasks without epochs."""
    return {of.subtopology_id: frozenset(of.partitions) for of in tasks}


def _loaded_active(
    tasks: Sequence[stored.CurrentMemberAssignmentTaskIds], member_epoch: int
) -> dict[str, dict[int, int]]:
    loaded: dict[str, dict[int, int]] = {}
    for of in tasks:
        epochs = of.assignment_epochs or ()
        if len(epochs) != len(of.partitions):
            epochs = [member_epoch] * len(of.partitions)
        loaded[of.subtopology_id] = dict(zip(of.partitions, epochs, strict=True))
    return loaded


# Writing


def _stored_subtopology(subtopology: Subtopology) -> stored.Subtopology:
    return stored.Subtopology(
        subtopology_id=subtopology.subtopology_id,
        source_topics=subtopology.source_topics,
        source_topic_regex=subtopology.source_topic_regex,
        state_changelog_topics=_stored_topics(subtopology.changelog_topics),
        repartition_sink_topics=subtopology.repartition_sink_topics,
        repartition_source_topics=_stored_topics(subtopology.repartition_source_topics),
        copartition_groups=[
            stored.CopartitionGroup(
                source_topics=group.source_topics,
                source_topic_regex=group.source_topic_regex,
                repartition_source_topics=group.repartition_source_topics,
            )
            for group in subtopology.copartition_groups
        ],
    )


def _stored_topics(topics: Iterable[InternalTopic]) -> list[stored.TopicInfo]:
    return [
        stored.TopicInfo(
            name=topic.name,
            partitions=topic.partitions,
            replication_factor=topic.replication_factor,
            topic_configs=[stored.TopicConfig(key=key, value=setting) for key, setting in topic.configs],
        )
        for topic in topics
    ]


def _target_tasks(tasks: Partitions) -> list[stored.TaskIds]:
    return [stored.TaskIds(subtopology_id=name, partitions=sorted(tasks[name])) for name in sorted(tasks)]


def _active_tasks(tasks: PartitionEpochs) -> list[stored.CurrentMemberAssignmentTaskIds]:
    return [
        stored.CurrentMemberAssignmentTaskIds(
            subtopology_id=name,
            partitions=sorted(tasks[name]),
            assignment_epochs=[tasks[name][index] for index in sorted(tasks[name])],
        )
        for name in sorted(tasks)
    ]


def _copies(tasks: Partitions) -> list[stored.CurrentMemberAssignmentTaskIds]:
    return [
        stored.CurrentMemberAssignmentTaskIds(subtopology_id=name, partitions=sorted(tasks[name]))
        for name in sorted(tasks)
    ]


def _member_key(group_id: str, member_id: str) -> bytes:
    return encode_key(StreamsGroupMemberMetadataKey(group_id=group_id, member_id=member_id))


def _target_key(group_id: str, member_id: str) -> bytes:
    return encode_key(StreamsGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id))


def _current_key(group_id: str, member_id: str) -> bytes:
    return encode_key(StreamsGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id))
