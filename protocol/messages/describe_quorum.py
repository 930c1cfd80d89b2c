"""DescribeQuorum (55): the state of the metadata quorum."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, field, i16, i32, i64, message, nested, u16, uuid


@nested
class PartitionData:
    partition_index: i32


@nested
class TopicData:
    topic_name: str
    partitions: Sequence[PartitionData] = ()


@message(api_key=55, versions="0-2", flexible="0+")
class DescribeQuorumRequest:
    """The partitions of the metadata log."""

    topics: Sequence[TopicData] = ()


@nested
class ReplicaState:
    replica_id: i32 = 0
    replica_directory_id: uuid = field(default=ZERO_UUID, versions="2+")
    log_end_offset: i64 = 0
    last_fetch_timestamp: i64 = field(default=-1, versions="1+")
    last_caught_up_timestamp: i64 = field(default=-1, versions="1+")


@nested
class ResponsePartitionData:
    partition_index: i32
    error_code: i16 = 0
    error_message: str | None = field(default=None, versions="2+")
    leader_id: i32
    leader_epoch: i32 = 0
    high_watermark: i64
    current_voters: Sequence[ReplicaState] = ()
    observers: Sequence[ReplicaState] = ()


@nested
class ResponseTopicData:
    topic_name: str
    partitions: Sequence[ResponsePartitionData] = ()


@nested
class Listener:
    name: str
    host: str
    port: u16


@nested
class Node:
    node_id: i32
    listeners: Sequence[Listener] = ()


@message(api_key=55, versions="0-2", flexible="0+")
class DescribeQuorumResponse:
    """Leader, voters and observers, with their lag."""

    error_code: i16 = 0
    error_message: str | None = field(default=None, versions="2+")
    topics: Sequence[ResponseTopicData] = ()
    nodes: Sequence[Node] = field(default=(), versions="2+")
