"""OffsetDelete (47): forget offsets that a group committed."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested


@nested
class OffsetDeleteRequestPartition:
    partition_index: i32


@nested
class OffsetDeleteRequestTopic:
    name: str
    partitions: Sequence[OffsetDeleteRequestPartition] = ()


@message(api_key=47, versions="0")
class OffsetDeleteRequest:
    """The partitions whose committed offsets are to go."""

    group_id: str
    topics: Sequence[OffsetDeleteRequestTopic] = ()


@nested
class OffsetDeleteResponsePartition:
    partition_index: i32
    error_code: i16 = 0


@nested
class OffsetDeleteResponseTopic:
    name: str
    partitions: Sequence[OffsetDeleteResponsePartition] = ()


@message(api_key=47, versions="0")
class OffsetDeleteResponse:
    """Per partition, whether the offset is gone."""

    error_code: i16 = 0
    throttle_time_ms: i32 = 0
    topics: Sequence[OffsetDeleteResponseTopic] = ()
