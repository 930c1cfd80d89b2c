"""Records of consumer groups in `__consumer_offsets` (KIP-848), declared like messages; see state_records."""

from collections.abc import Sequence

from .schema import field, i8, i32, i64, message, nested, uuid


@message(api_key=3, versions="0")
class ConsumerGroupMetadataKey:
    """A consumer group (KIP-848)."""

    group_id: str


@message(api_key=3, versions="0", flexible="0+")
class ConsumerGroupMetadataValue:
    """The epoch of a consumer group."""

    epoch: i32 = 0
    metadata_hash: i64 = field(default=0, tag=0)


@message(api_key=4, versions="0")
class ConsumerGroupPartitionMetadataKey:
    """A consumer group's view on its topics; only removed any more."""

    group_id: str


@nested
class PartitionMetadata:
    partition: i32
    racks: Sequence[str] = ()


@nested
class TopicMetadata:
    topic_id: uuid
    topic_name: str
    num_partitions: i32 = 0
    partition_metadata: Sequence[PartitionMetadata] = ()


@message(api_key=4, versions="0", flexible="0+")
class ConsumerGroupPartitionMetadataValue:
    """The topics as the group saw them, up to Kafka 4.0."""

    topics: Sequence[TopicMetadata] = ()


@message(api_key=5, versions="0")
class ConsumerGroupMemberMetadataKey:
    """A member of a consumer group."""

    group_id: str
    member_id: str


@nested
class ClassicProtocol:
    name: str
    metadata: bytes = b""


@nested
class ClassicMemberMetadata:
    session_timeout_ms: i32 = 0
    supported_protocols: Sequence[ClassicProtocol] = ()


@message(api_key=5, versions="0", flexible="0+")
class ConsumerGroupMemberMetadataValue:
    """What a member reported of itself; of a classic one also its protocols."""

    instance_id: str | None
    rack_id: str | None
    client_id: str = ""
    client_host: str = ""
    subscribed_topic_names: Sequence[str] = ()
    subscribed_topic_regex: str | None
    rebalance_timeout_ms: i32 = -1
    server_assignor: str | None
    # Kafka writes the null of a member that is not classic: its absence would mean an empty one.
    classic_member_metadata: ClassicMemberMetadata | None = field(absent=ClassicMemberMetadata(), tag=0)


@message(api_key=6, versions="0")
class ConsumerGroupTargetAssignmentMetadataKey:
    """A consumer group's target assignment."""

    group_id: str


@message(api_key=6, versions="0", flexible="0+")
class ConsumerGroupTargetAssignmentMetadataValue:
    """The epoch that the target assignment was computed for."""

    assignment_epoch: i32 = 0
    assignment_timestamp: i64 = field(default=0, tag=0)


@message(api_key=7, versions="0")
class ConsumerGroupTargetAssignmentMemberKey:
    """One member within the target assignment."""

    group_id: str
    member_id: str


@nested
class TopicPartition:
    topic_id: uuid
    partitions: Sequence[i32] = ()


@message(api_key=7, versions="0", flexible="0+")
class ConsumerGroupTargetAssignmentMemberValue:
    """The partitions that a member should have."""

    topic_partitions: Sequence[TopicPartition] = ()


@message(api_key=8, versions="0")
class ConsumerGroupCurrentMemberAssignmentKey:
    """A member's present assignment."""

    group_id: str
    member_id: str


@nested
class TopicPartitions:
    topic_id: uuid
    partitions: Sequence[i32] = ()
    assignment_epochs: Sequence[i32] | None = field(default=(), tag=0)


@message(api_key=8, versions="0", flexible="0+")
class ConsumerGroupCurrentMemberAssignmentValue:
    """The partitions that a member has, and those it has yet to give up."""

    member_epoch: i32 = 0
    previous_member_epoch: i32 = 0
    state: i8 = 0
    assigned_partitions: Sequence[TopicPartitions] = ()
    partitions_pending_revocation: Sequence[TopicPartitions] = ()


@message(api_key=16, versions="0")
class ConsumerGroupRegularExpressionKey:
    """A regular expression that a group subscribes to."""

    group_id: str
    regular_expression: str = ""


@message(api_key=16, versions="0", flexible="0+")
class ConsumerGroupRegularExpressionValue:
    """The topics that the expression matched."""

    topics: Sequence[str] = ()
    version: i64 = 0
    timestamp: i64 = 0
