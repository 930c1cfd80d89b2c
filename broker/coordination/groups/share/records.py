"""What a share group leaves in `__consumer_offsets`: the records of KIP-932, as Kafka 4.3 writes them."""

from collections.abc import Iterable, Mapping

from .....protocol.share_group_records import (
    ShareGroupCurrentMemberAssignmentKey,
    ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataKey,
    ShareGroupMemberMetadataValue,
    ShareGroupMetadataKey,
    ShareGroupMetadataValue,
    ShareGroupStatePartitionMetadataKey,
    ShareGroupStatePartitionMetadataValue,
    ShareGroupTargetAssignmentMemberKey,
    ShareGroupTargetAssignmentMemberValue,
    ShareGroupTargetAssignmentMetadataKey,
    ShareGroupTargetAssignmentMetadataValue,
    TopicInfo,
    TopicPartition,
    TopicPartitions,
    TopicPartitionsInfo,
)
from .....protocol.state_records import encode_key, encode_value
from ...result import Record
from ..modern.group import Partitions
from .member import ShareMember
from .state_partitions import NamedPartitions, StatePartitions, Topics

RECORD_TYPES = (10, 11, 12, 13, 14, 15)


def group_epoch_record(group_id: str, epoch: int, metadata_hash: int) -> Record:
    """The group's epoch."""
    value = ShareGroupMetadataValue(epoch=epoch, metadata_hash=metadata_hash)
    return encode_key(ShareGroupMetadataKey(group_id=group_id)), encode_value(value)


def member_record(group_id: str, member: ShareMember) -> Record:
    """What a member reported of itself."""
    value = ShareGroupMemberMetadataValue(
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=member.subscribed_topic_names,
    )
    return _member_key(group_id, member.member_id), encode_value(value)


def target_epoch_record(group_id: str, epoch: int, timestamp_ms: int) -> Record:
    """The group epoch for which the target assignment was made, and when."""
    value = ShareGroupTargetAssignmentMetadataValue(assignment_epoch=epoch, assignment_timestamp=timestamp_ms)
    return encode_key(ShareGroupTargetAssignmentMetadataKey(group_id=group_id)), encode_value(value)


def target_member_record(group_id: str, member_id: str, target: Partitions) -> Record:
    """What a member should have."""
    value = ShareGroupTargetAssignmentMemberValue(
        topic_partitions=[
            TopicPartition(topic_id=topic_id, partitions=sorted(target[topic_id])) for topic_id in sorted(target)
        ]
    )
    return _target_key(group_id, member_id), encode_value(value)


def current_record(group_id: str, member: ShareMember) -> Record:
    """What a member has."""
    value = ShareGroupCurrentMemberAssignmentValue(
        member_epoch=member.epoch,
        previous_member_epoch=member.previous_epoch,
        state=member.state,
        assigned_partitions=[
            TopicPartitions(topic_id=topic_id, partitions=sorted(member.assigned[topic_id]))
            for topic_id in sorted(member.assigned)
        ],
    )
    return _current_key(group_id, member.member_id), encode_value(value)


def state_partitions_record(group_id: str, state: StatePartitions) -> Record:
    """Which partitions have a stored state."""
    value = ShareGroupStatePartitionMetadataValue(
        initializing_topics=_stored_topics(state.initializing),
        initialized_topics=_stored_topics(state.initialized),
        deleting_topics=[
            TopicInfo(topic_id=topic_id, topic_name=state.deleting[topic_id]) for topic_id in sorted(state.deleting)
        ],
    )
    return encode_key(ShareGroupStatePartitionMetadataKey(group_id=group_id)), encode_value(value)


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
        (encode_key(ShareGroupTargetAssignmentMetadataKey(group_id=group_id)), None),
        *((_member_key(group_id, member_id), None) for member_id in members),
        (encode_key(ShareGroupStatePartitionMetadataKey(group_id=group_id)), None),
        (encode_key(ShareGroupMetadataKey(group_id=group_id)), None),
    ]


def loaded_partitions(stored: Iterable[TopicPartition] | Iterable[TopicPartitions]) -> Partitions:
    """The partitions of a record."""
    return {bytes(topic.topic_id): frozenset(topic.partitions) for topic in stored}


def loaded_state_partitions(value: ShareGroupStatePartitionMetadataValue) -> StatePartitions:
    """Which partitions have a stored state, as a record has it."""
    deleting: Mapping[bytes, str] = {bytes(topic.topic_id): topic.topic_name for topic in value.deleting_topics}
    return StatePartitions(
        _loaded_topics(value.initializing_topics), _loaded_topics(value.initialized_topics), deleting
    )


def _stored_topics(topics: Topics) -> list[TopicPartitionsInfo]:
    return [
        TopicPartitionsInfo(
            topic_id=topic_id, topic_name=topics[topic_id].name, partitions=sorted(topics[topic_id].partitions)
        )
        for topic_id in sorted(topics)
    ]


def _loaded_topics(stored: Iterable[TopicPartitionsInfo]) -> Topics:
    return {bytes(topic.topic_id): NamedPartitions(topic.topic_name, frozenset(topic.partitions)) for topic in stored}


def _member_key(group_id: str, member_id: str) -> bytes:
    return encode_key(ShareGroupMemberMetadataKey(group_id=group_id, member_id=member_id))


def _target_key(group_id: str, member_id: str) -> bytes:
    return encode_key(ShareGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id))


def _current_key(group_id: str, member_id: str) -> bytes:
    return encode_key(ShareGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id))
