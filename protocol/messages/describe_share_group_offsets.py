"""DescribeShareGroupOffsets (90): where share groups stand (KIP-932)."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested, uuid


@nested
class DescribeShareGroupOffsetsRequestTopic:
    topic_name: str
    partitions: Sequence[i32] = ()


@nested
class DescribeShareGroupOffsetsRequestGroup:
    group_id: str
    topics: Sequence[DescribeShareGroupOffsetsRequestTopic] | None


@message(api_key=90, versions="0-1", flexible="0+")
class DescribeShareGroupOffsetsRequest:
    """The share groups and partitions of interest; null topics ask for all."""

    groups: Sequence[DescribeShareGroupOffsetsRequestGroup] = ()


@nested
class DescribeShareGroupOffsetsResponsePartition:
    partition_index: i32
    start_offset: i64 = 0
    leader_epoch: i32 = 0
    lag: i64 = field(default=-1, versions="1+")
    error_code: i16 = 0
    error_message: str | None = None


@nested
class DescribeShareGroupOffsetsResponseTopic:
    topic_name: str
    topic_id: uuid
    partitions: Sequence[DescribeShareGroupOffsetsResponsePartition] = ()


@nested
class DescribeShareGroupOffsetsResponseGroup:
    group_id: str
    topics: Sequence[DescribeShareGroupOffsetsResponseTopic] = ()
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=90, versions="0-1", flexible="0+")
class DescribeShareGroupOffsetsResponse:
    """Start offset and lag of each share partition."""

    throttle_time_ms: i32 = 0
    groups: Sequence[DescribeShareGroupOffsetsResponseGroup] = ()
