"""ListOffsets (2): the offset that belongs to a timestamp, or to an end of the log."""

from collections.abc import Sequence

from ..schema import field, i8, i16, i32, i64, message, nested


@nested
class ListOffsetsPartition:
    partition_index: i32
    current_leader_epoch: i32 = field(default=-1, versions="4+")
    timestamp: i64 = 0


@nested
class ListOffsetsTopic:
    name: str
    partitions: Sequence[ListOffsetsPartition] = ()


@message(api_key=2, versions="1-11", flexible="6+")
class ListOffsetsRequest:
    """Partitions and the timestamps, real or special, to look up in them."""

    replica_id: i32 = 0
    isolation_level: i8 = field(default=0, versions="2+")
    topics: Sequence[ListOffsetsTopic] = ()
    timeout_ms: i32 = field(default=0, versions="10+")


@nested
class ListOffsetsPartitionResponse:
    partition_index: i32
    error_code: i16 = 0
    timestamp: i64 = -1
    offset: i64 = -1
    leader_epoch: i32 = field(default=-1, versions="4+")


@nested
class ListOffsetsTopicResponse:
    name: str
    partitions: Sequence[ListOffsetsPartitionResponse] = ()


@message(api_key=2, versions="1-11", flexible="6+")
class ListOffsetsResponse:
    """One offset and timestamp per partition; -1 where there is none."""

    throttle_time_ms: i32 = field(default=0, versions="2+")
    topics: Sequence[ListOffsetsTopicResponse] = ()
