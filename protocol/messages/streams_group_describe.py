"""StreamsGroupDescribe (89): state, topology and members of streams groups (KIP-1071)."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, i64, message, nested, u16


@message(api_key=89, versions="0", flexible="0+")
class StreamsGroupDescribeRequest:
    """The streams groups to describe."""

    group_ids: Sequence[str] = ()
    include_authorized_operations: boolean = False


@nested
class KeyValue:
    key: str
    value: str = ""


@nested
class TopicInfo:
    name: str
    partitions: i32 = 0
    replication_factor: i16 = 0
    topic_configs: Sequence[KeyValue] = ()


@nested
class Subtopology:
    subtopology_id: str = ""
    source_topics: Sequence[str] = ()
    repartition_sink_topics: Sequence[str] = ()
    state_changelog_topics: Sequence[TopicInfo] = ()
    repartition_source_topics: Sequence[TopicInfo] = ()


@nested
class Topology:
    epoch: i32 = 0
    subtopologies: Sequence[Subtopology] | None = None


@nested
class Endpoint:
    host: str
    port: u16


@nested
class TaskOffset:
    subtopology_id: str = ""
    partition: i32
    offset: i64 = 0


@nested
class TaskIds:
    subtopology_id: str = ""
    partitions: Sequence[i32] = ()


@nested
class Assignment:
    active_tasks: Sequence[TaskIds] = ()
    standby_tasks: Sequence[TaskIds] = ()
    warmup_tasks: Sequence[TaskIds] = ()


@nested
class Member:
    member_id: str
    member_epoch: i32 = 0
    instance_id: str | None = None
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    topology_epoch: i32 = 0
    process_id: str = ""
    user_endpoint: Endpoint | None = None
    client_tags: Sequence[KeyValue] = ()
    task_offsets: Sequence[TaskOffset] = ()
    task_end_offsets: Sequence[TaskOffset] = ()
    assignment: Assignment = field(default_factory=Assignment)
    target_assignment: Assignment = field(default_factory=Assignment)
    is_classic: boolean = False


@nested
class DescribedGroup:
    error_code: i16 = 0
    error_message: str | None = None
    group_id: str
    group_state: str = ""
    group_epoch: i32 = 0
    assignment_epoch: i32 = 0
    topology: Topology | None = None
    members: Sequence[Member] = ()
    authorized_operations: i32 = -2147483648


@message(api_key=89, versions="0", flexible="0+")
class StreamsGroupDescribeResponse:
    """Epochs, topology, members and their tasks."""

    throttle_time_ms: i32 = 0
    groups: Sequence[DescribedGroup] = ()
