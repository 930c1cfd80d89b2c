"""Records of share groups (KIP-932) in `__consumer_offsets` and `__share_group_state`; see state_records."""

from collections.abc import Sequence

from .schema import field, i8, i16, i32, i64, message, nested, uuid


@message(api_key=11, versions="0")
class ShareGroupMetadataKey:
    """A share group (KIP-932)."""

    group_id: str


@message(api_key=11, versions="0", flexible="0+")
class ShareGroupMetadataValue:
    """The epoch of a share group."""

    epoch: i32 = 0
    metadata_hash: i64 = 0


@message(api_key=10, versions="0")
class ShareGroupMemberMetadataKey:
    """A member of a share group."""

    group_id: str
    member_id: str


@message(api_key=10, versions="0", flexible="0+")
class ShareGroupMemberMetadataValue:
    """What a member reported of itself."""

    rack_id: str | None
    client_id: str = ""
    client_host: str = ""
    subscribed_topic_names: Sequence[str] = ()


@message(api_key=12, versions="0")
class ShareGroupTargetAssignmentMetadataKey:
    """A share group's target assignment."""

    group_id: str


@message(api_key=12, versions="0", flexible="0+")
class ShareGroupTargetAssignmentMetadataValue:
    """The epoch that the target assignment was computed for."""

    assignment_epoch: i32 = 0
    assignment_timestamp: i64 = field(default=0, tag=0)


@message(api_key=13, versions="0")
class ShareGroupTargetAssignmentMemberKey:
    """One member within the target assignment."""

    group_id: str
    member_id: str


@nested
class TopicPartition:
    topic_id: uuid
    partitions: Sequence[i32] = ()


@message(api_key=13, versions="0", flexible="0+")
class ShareGroupTargetAssignmentMemberValue:
    """The partitions that a member should have."""

    topic_partitions: Sequence[TopicPartition] = ()


@message(api_key=14, versions="0")
class ShareGroupCurrentMemberAssignmentKey:
    """A member's present assignment."""

    group_id: str
    member_id: str


@nested
class TopicPartitions:
    topic_id: uuid
    partitions: Sequence[i32] = ()


@message(api_key=14, versions="0", flexible="0+")
class ShareGroupCurrentMemberAssignmentValue:
    """The partitions that a member has."""

    member_epoch: i32 = 0
    previous_member_epoch: i32 = 0
    state: i8 = 0
    assigned_partitions: Sequence[TopicPartitions] = ()


@message(api_key=15, versions="0")
class ShareGroupStatePartitionMetadataKey:
    """What is known of a share group's stored state."""

    group_id: str


@nested
class TopicPartitionsInfo:
    topic_id: uuid
    topic_name: str
    partitions: Sequence[i32] = ()


@nested
class TopicInfo:
    topic_id: uuid
    topic_name: str


@message(api_key=15, versions="0", flexible="0+")
class ShareGroupStatePartitionMetadataValue:
    """Which share partitions are being begun, are begun, or are going."""

    initializing_topics: Sequence[TopicPartitionsInfo] = ()
    initialized_topics: Sequence[TopicPartitionsInfo] = ()
    deleting_topics: Sequence[TopicInfo] = ()


@message(api_key=0, versions="0")
class ShareSnapshotKey:
    """A share partition, as a whole."""

    group_id: str
    topic_id: uuid
    partition: i32


@nested
class StateBatch:
    first_offset: i64
    last_offset: i64 = 0
    delivery_state: i8 = 0
    delivery_count: i16 = 0


@message(api_key=0, versions="0", flexible="0+")
class ShareSnapshotValue:
    """Everything about a share partition at one moment."""

    snapshot_epoch: i32 = 0
    state_epoch: i32 = 0
    leader_epoch: i32 = 0
    start_offset: i64 = 0
    delivery_complete_count: i32 = field(default=-1, tag=0)
    create_timestamp: i64 = 0
    write_timestamp: i64 = 0
    state_batches: Sequence[StateBatch] = ()


@message(api_key=1, versions="0")
class ShareUpdateKey:
    """A share partition, as a change."""

    group_id: str
    topic_id: uuid
    partition: i32


@message(api_key=1, versions="0", flexible="0+")
class ShareUpdateValue:
    """What changed since the snapshot."""

    snapshot_epoch: i32 = 0
    leader_epoch: i32 = 0
    start_offset: i64 = 0
    delivery_complete_count: i32 = field(default=-1, tag=0)
    state_batches: Sequence[StateBatch] = ()
