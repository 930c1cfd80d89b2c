"""StreamsGroupHeartbeat (88): join, stay in and leave a streams group (KIP-1071)."""

from collections.abc import Sequence

from ..schema import boolean, i8, i16, i32, i64, message, nested, u16


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


@nested
class Topology:
    epoch: i32 = 0
    subtopologies: Sequence[Subtopology] = ()


@nested
class TaskIds:
    subtopology_id: str = ""
    partitions: Sequence[i32] = ()


@nested
class Endpoint:
    host: str
    port: u16


@nested
class TaskOffset:
    subtopology_id: str = ""
    partition: i32
    offset: i64 = 0


@message(api_key=88, versions="0", flexible="0+")
class StreamsGroupHeartbeatRequest:
    """What changed for this member since its last heartbeat; null is no change."""

    group_id: str
    member_id: str
    member_epoch: i32 = 0
    endpoint_information_epoch: i32 = 0
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: i32 = -1
    topology: Topology | None = None
    active_tasks: Sequence[TaskIds] | None = None
    standby_tasks: Sequence[TaskIds] | None = None
    warmup_tasks: Sequence[TaskIds] | None = None
    process_id: str | None = None
    user_endpoint: Endpoint | None = None
    client_tags: Sequence[KeyValue] | None = None
    task_offsets: Sequence[TaskOffset] | None = None
    task_end_offsets: Sequence[TaskOffset] | None = None
    shutdown_application: boolean = False


@nested
class Status:
    status_code: i8 = 0
    status_detail: str = ""


@nested
class TopicPartition:
    topic: str
    partitions: Sequence[i32] = ()


@nested
class EndpointToPartitions:
    user_endpoint: Endpoint
    active_partitions: Sequence[TopicPartition] = ()
    standby_partitions: Sequence[TopicPartition] = ()


@message(api_key=88, versions="0", flexible="0+")
class StreamsGroupHeartbeatResponse:
    """The member's epoch, its tasks and what is wrong with the topology."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    member_id: str
    member_epoch: i32 = 0
    heartbeat_interval_ms: i32 = 0
    acceptable_recovery_lag: i32 = 0
    task_offset_interval_ms: i32 = 0
    status: Sequence[Status] | None
    active_tasks: Sequence[TaskIds] | None = None
    standby_tasks: Sequence[TaskIds] | None = None
    warmup_tasks: Sequence[TaskIds] | None = None
    endpoint_information_epoch: i32 = 0
    partitions_by_user_endpoint: Sequence[EndpointToPartitions] | None = None
