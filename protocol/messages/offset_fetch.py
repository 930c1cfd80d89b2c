"""OffsetFetch (9): how far groups have read."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, boolean, field, i16, i32, i64, message, nested, uuid


@nested
class OffsetFetchRequestTopic:
    name: str
    partition_indexes: Sequence[i32] = ()


@nested
class OffsetFetchRequestTopics:
    name: str = field(default="", versions="8-9")
    topic_id: uuid = field(default=ZERO_UUID, versions="10+")
    partition_indexes: Sequence[i32] = ()


@nested
class OffsetFetchRequestGroup:
    group_id: str
    member_id: str | None = field(default=None, versions="9+")
    member_epoch: i32 = field(default=-1, versions="9+")
    topics: Sequence[OffsetFetchRequestTopics] | None


@message(api_key=9, versions="1-10", flexible="6+")
class OffsetFetchRequest:
    """The groups, topics and partitions whose committed offsets are asked for."""

    group_id: str = field(default="", versions="0-7")
    topics: Sequence[OffsetFetchRequestTopic] | None = field(default=(), versions="0-7", nullable="2-7")
    groups: Sequence[OffsetFetchRequestGroup] = field(default=(), versions="8+")
    require_stable: boolean = field(default=False, versions="7+")


@nested
class OffsetFetchResponsePartition:
    partition_index: i32
    committed_offset: i64 = 0
    committed_leader_epoch: i32 = field(default=-1, versions="5-7")
    metadata: str | None
    error_code: i16 = 0


@nested
class OffsetFetchResponseTopic:
    name: str
    partitions: Sequence[OffsetFetchResponsePartition] = ()


@nested
class OffsetFetchResponsePartitions:
    partition_index: i32
    committed_offset: i64 = 0
    committed_leader_epoch: i32 = -1
    metadata: str | None
    error_code: i16 = 0


@nested
class OffsetFetchResponseTopics:
    name: str = field(default="", versions="8-9")
    topic_id: uuid = field(default=ZERO_UUID, versions="10+")
    partitions: Sequence[OffsetFetchResponsePartitions] = ()


@nested
class OffsetFetchResponseGroup:
    group_id: str
    topics: Sequence[OffsetFetchResponseTopics] = ()
    error_code: i16 = 0


@message(api_key=9, versions="1-10", flexible="6+")
class OffsetFetchResponse:
    """Committed offsets; -1 where nothing was committed."""

    throttle_time_ms: i32 = field(default=0, versions="3+")
    topics: Sequence[OffsetFetchResponseTopic] = field(default=(), versions="0-7")
    error_code: i16 = field(default=0, versions="2-7")
    groups: Sequence[OffsetFetchResponseGroup] = field(default=(), versions="8+")
