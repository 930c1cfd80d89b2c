"""What a consumer group leaves in `__consumer_offsets`: the records of KIP-848, as Kafka 4.3 writes them."""

from collections.abc import Iterable
from typing import NamedTuple

from .....protocol.consumer_group_records import (
    ClassicMemberMetadata,
    ClassicProtocol,
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue,
    ConsumerGroupPartitionMetadataKey,
    ConsumerGroupRegularExpressionKey,
    ConsumerGroupRegularExpressionValue,
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue,
    ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
    TopicPartition,
    TopicPartitions,
)
from .....protocol.state_records import encode_key, encode_value
from ...result import Record
from ..modern.group import Partitions
from .member import ClassicProtocols, ConsumerMember, PartitionEpochs

# Of 4, partition metadata, Kafka 4.3 writes the tombstone only, when a group goes; it is skipped.
RECORD_TYPES = (3, 5, 6, 7, 8, 16)


class ResolvedRegex(NamedTuple):
    """The topics that a pattern matched, and when that was found out."""

    topics: frozenset[str] = frozenset()
    version: int = -1
    timestamp_ms: int = -1


def group_epoch_record(group_id: str, epoch: int, metadata_hash: int) -> Record:
    """The group's epoch."""
    value = ConsumerGroupMetadataValue(epoch=epoch, metadata_hash=metadata_hash)
    return encode_key(ConsumerGroupMetadataKey(group_id=group_id)), encode_value(value)


def member_record(group_id: str, member: ConsumerMember) -> Record:
    """What a member reported of itself."""
    value = ConsumerGroupMemberMetadataValue(
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=member.subscribed_topic_names,
        subscribed_topic_regex=member.subscribed_topic_regex,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        server_assignor=member.server_assignor,
        classic_member_metadata=None if member.classic is None else _stored_classic(member.classic),
    )
    return _member_key(group_id, member.member_id), encode_value(value)


def target_epoch_record(group_id: str, epoch: int, timestamp_ms: int) -> Record:
    """The group epoch for which the target assignment was made, and when."""
    value = ConsumerGroupTargetAssignmentMetadataValue(assignment_epoch=epoch, assignment_timestamp=timestamp_ms)
    return encode_key(ConsumerGroupTargetAssignmentMetadataKey(group_id=group_id)), encode_value(value)


def target_member_record(group_id: str, member_id: str, target: Partitions) -> Record:
    """What a member should have."""
    value = ConsumerGroupTargetAssignmentMemberValue(
        topic_partitions=[
            TopicPartition(topic_id=topic_id, partitions=sorted(target[topic_id])) for topic_id in sorted(target)
        ]
    )
    return _target_key(group_id, member_id), encode_value(value)


def current_record(group_id: str, member: ConsumerMember) -> Record:
    """What a member has, and has yet to give up."""
    value = ConsumerGroupCurrentMemberAssignmentValue(
        member_epoch=member.epoch,
        previous_member_epoch=member.previous_epoch,
        state=member.state,
        assigned_partitions=_stored_partitions(member.assigned),
        partitions_pending_revocation=_stored_partitions(member.revoking),
    )
    return _current_key(group_id, member.member_id), encode_value(value)


def regex_record(group_id: str, regex: str, resolved: ResolvedRegex) -> Record:
    """The topics that a pattern matched."""
    value = ConsumerGroupRegularExpressionValue(
        topics=sorted(resolved.topics), version=resolved.version, timestamp=resolved.timestamp_ms
    )
    return _regex_key(group_id, regex), encode_value(value)


def regex_tombstone(group_id: str, regex: str) -> Record:
    """Nobody subscribes to the pattern any more."""
    return _regex_key(group_id, regex), None


def member_tombstones(group_id: str, member_id: str) -> list[Record]:
    """A member has gone."""
    return [
        (_current_key(group_id, member_id), None),
        (_target_key(group_id, member_id), None),
        (_member_key(group_id, member_id), None),
    ]


def group_tombstones(group_id: str, member_ids: Iterable[str], regexes: Iterable[str]) -> list[Record]:
    """A group has gone, and all of its members."""
    members = list(member_ids)
    return [
        *((_current_key(group_id, member_id), None) for member_id in members),
        *((_target_key(group_id, member_id), None) for member_id in members),
        (encode_key(ConsumerGroupTargetAssignmentMetadataKey(group_id=group_id)), None),
        *((_member_key(group_id, member_id), None) for member_id in members),
        *((_regex_key(group_id, regex), None) for regex in regexes),
        (encode_key(ConsumerGroupPartitionMetadataKey(group_id=group_id)), None),
        (encode_key(ConsumerGroupMetadataKey(group_id=group_id)), None),
    ]


def _stored_classic(classic: ClassicProtocols) -> ClassicMemberMetadata:
    protocols = [ClassicProtocol(name=name, metadata=metadata) for name, metadata in classic.protocols]
    return ClassicMemberMetadata(session_timeout_ms=classic.session_timeout_ms, supported_protocols=protocols)


def loaded_classic(stored: ClassicMemberMetadata | None) -> ClassicProtocols | None:
    """What a member's record has of the classic protocol."""
    if stored is None:
        return None
    protocols = tuple((one.name, bytes(one.metadata)) for one in stored.supported_protocols)
    return ClassicProtocols(stored.session_timeout_ms, protocols)


def _stored_partitions(assignment: PartitionEpochs) -> list[TopicPartitions]:
    stored: list[TopicPartitions] = []
    for topic_id in sorted(assignment):
        epochs = assignment[topic_id]
        indexes = sorted(epochs)
        stored.append(
            TopicPartitions(
                topic_id=topic_id, partitions=indexes, assignment_epochs=[epochs[index] for index in indexes]
            )
        )
    return stored


def loaded_partitions(stored: Iterable[TopicPartitions], member_epoch: int) -> PartitionEpochs:
    """The partitions of a member's record; before Kafka 4.3 they had no epochs, and the member's counts."""
    loaded: dict[bytes, dict[int, int]] = {}
    for topic in stored:
        epochs = topic.assignment_epochs or ()
        if len(epochs) != len(topic.partitions):
            epochs = [member_epoch] * len(topic.partitions)
        loaded[bytes(topic.topic_id)] = dict(zip(topic.partitions, epochs, strict=True))
    return loaded


def _member_key(group_id: str, member_id: str) -> bytes:
    return encode_key(ConsumerGroupMemberMetadataKey(group_id=group_id, member_id=member_id))


def _target_key(group_id: str, member_id: str) -> bytes:
    return encode_key(ConsumerGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id))


def _current_key(group_id: str, member_id: str) -> bytes:
    return encode_key(ConsumerGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id))


def _regex_key(group_id: str, regex: str) -> bytes:
    return encode_key(ConsumerGroupRegularExpressionKey(group_id=group_id, regular_expression=regex))
