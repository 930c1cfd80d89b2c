"""Records of streams groups in `__consumer_offsets` (KIP-1071); see state_records."""

from collections.abc import Sequence

from .schema import field, i8, i16, i32, i64, message, nested, u16


@message(api_key=17, versions="0")
class StreamsGroupMetadataKey:
    """A streams group (KIP-1071)."""

    group_id: str


@nested
class LastAssignmentConfig:
    key: str
    value: str = ""


@message(api_key=17, versions="0", flexible="0+")
class StreamsGroupMetadataValue:
    """The epoch of a streams group."""

    epoch: i32 = 0
    metadata_hash: i64 = 0
    validated_topology_epoch: i32 = field(default=-1, tag=0)
    last_assignment_configs: Sequence[LastAssignmentConfig] | None = field(default=(), tag=1)


@message(api_key=19, versions="0")
class StreamsGroupMemberMetadataKey:
    """A member of a streams group."""

    group_id: str
    member_id: str


@nested
class Endpoint:
    host: str
    port: u16


@nested
class KeyValue:
    key: str
    value: str = ""


@message(api_key=19, versions="0", flexible="0+")
class StreamsGroupMemberMetadataValue:
    """What a member reported of itself."""

    instance_id: str | None
    rack_id: str | None
    client_id: str = ""
    client_host: str = ""
    rebalance_timeout_ms: i32 = -1
    topology_epoch: i32 = 0
    process_id: str = ""
    user_endpoint: Endpoint | None = None
    client_tags: Sequence[KeyValue] = ()


@message(api_key=23, versions="0")
class StreamsGroupTopologyKey:
    """A streams group's topology."""

    group_id: str


@nested
class TopicConfig:
    key: str
    value: str = ""


@nested
class TopicInfo:
    name: str
    partitions: i32 = 0
    replication_factor: i16 = 0
    topic_configs: Sequence[TopicConfig] = ()


@nested
class CopartitionGroup:
    source_topics: Sequence[i16] = ()
    source_topic_regex: Sequence[i16] = ()
    repartition_source_topics: Sequence[i16] = ()


@nested
class Subtopology:
    subtopology_id: str = ""
    source_topics: Sequence[str] = ()
    source_topic_regex: Sequence[str] = ()
    state_changelog_topics: Sequence[TopicInfo] = ()
    repartition_sink_topics: Sequence[str] = ()
    repartition_source_topics: Sequence[TopicInfo] = ()
    copartition_groups: Sequence[CopartitionGroup] = ()


@message(api_key=23, versions="0", flexible="0+")
class StreamsGroupTopologyValue:
    """Subtopologies, and the topics they read and write."""

    epoch: i32 = 0
    subtopologies: Sequence[Subtopology] = ()


@message(api_key=20, versions="0")
class StreamsGroupTargetAssignmentMetadataKey:
    """A streams group's target assignment."""

    group_id: str


@message(api_key=20, versions="0", flexible="0+")
class StreamsGroupTargetAssignmentMetadataValue:
    """The epoch that the target assignment was computed for."""

    assignment_epoch: i32 = 0
    assignment_timestamp: i64 = field(default=0, tag=0)


@message(api_key=21, versions="0")
class StreamsGroupTargetAssignmentMemberKey:
    """One member within the target assignment."""

    group_id: str
    member_id: str


@nested
class TaskIds:
    subtopology_id: str = ""
    partitions: Sequence[i32] = ()


@message(api_key=21, versions="0", flexible="0+")
class StreamsGroupTargetAssignmentMemberValue:
    """The tasks that a member should have."""

    active_tasks: Sequence[TaskIds] = ()
    standby_tasks: Sequence[TaskIds] = ()
    warmup_tasks: Sequence[TaskIds] = ()


@message(api_key=22, versions="0")
class StreamsGroupCurrentMemberAssignmentKey:
    """A member's present assignment."""

    group_id: str
    member_id: str


@nested
class CurrentMemberAssignmentTaskIds:
    subtopology_id: str = ""
    partitions: Sequence[i32] = ()
    assignment_epochs: Sequence[i32] | None = field(default=(), tag=0)


@message(api_key=22, versions="0", flexible="0+")
class StreamsGroupCurrentMemberAssignmentValue:
    """The tasks that a member has, and those it has yet to give up."""

    member_epoch: i32 = 0
    previous_member_epoch: i32 = 0
    state: i8 = 0
    active_tasks: Sequence[CurrentMemberAssignmentTaskIds] = ()
    standby_tasks: Sequence[CurrentMemberAssignmentTaskIds] = ()
    warmup_tasks: Sequence[CurrentMemberAssignmentTaskIds] = ()
    active_tasks_pending_revocation: Sequence[CurrentMemberAssignmentTaskIds] = ()
    standby_tasks_pending_revocation: Sequence[CurrentMemberAssignmentTaskIds] = ()
    warmup_tasks_pending_revocation: Sequence[CurrentMemberAssignmentTaskIds] = ()
