"""DescribeTopicPartitions (75): topics in pages, with eligible leaders (KIP-966)."""

from collections.abc import Sequence

from ..schema import boolean, i16, i32, message, nested, uuid


@nested
class TopicRequest:
    name: str


@nested
class Cursor:
    topic_name: str
    partition_index: i32


@message(api_key=75, versions="0", flexible="0+")
class DescribeTopicPartitionsRequest:
    """The topics, and where the last page ended."""

    topics: Sequence[TopicRequest] = ()
    response_partition_limit: i32 = 2000
    cursor: Cursor | None = None


@nested
class DescribeTopicPartitionsResponsePartition:
    error_code: i16 = 0
    partition_index: i32
    leader_id: i32
    leader_epoch: i32 = -1
    replica_nodes: Sequence[i32] = ()
    isr_nodes: Sequence[i32] = ()
    eligible_leader_replicas: Sequence[i32] | None = None
    last_known_elr: Sequence[i32] | None = None
    offline_replicas: Sequence[i32] = ()


@nested
class DescribeTopicPartitionsResponseTopic:
    error_code: i16 = 0
    name: str | None
    topic_id: uuid
    is_internal: boolean = False
    partitions: Sequence[DescribeTopicPartitionsResponsePartition] = ()
    topic_authorized_operations: i32 = -2147483648


@message(api_key=75, versions="0", flexible="0+")
class DescribeTopicPartitionsResponse:
    """One page of partitions, and where the next one begins."""

    throttle_time_ms: i32 = 0
    topics: Sequence[DescribeTopicPartitionsResponseTopic] = ()
    next_cursor: Cursor | None = None
