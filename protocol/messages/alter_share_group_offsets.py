"""AlterShareGroupOffsets (91): move the start of share partitions (KIP-932)."""

from collections.abc import Sequence

from ..schema import i16, i32, i64, message, nested, uuid


@nested
class AlterShareGroupOffsetsRequestPartition:
    partition_index: i32
    start_offset: i64 = 0


@nested
class AlterShareGroupOffsetsRequestTopic:
    topic_name: str
    partitions: Sequence[AlterShareGroupOffsetsRequestPartition] = ()


@message(api_key=91, versions="0", flexible="0+")
class AlterShareGroupOffsetsRequest:
    """New start offsets for an empty share group."""

    group_id: str
    topics: Sequence[AlterShareGroupOffsetsRequestTopic] = ()


@nested
class AlterShareGroupOffsetsResponsePartition:
    partition_index: i32
    error_code: i16 = 0
    error_message: str | None = None


@nested
class AlterShareGroupOffsetsResponseTopic:
    topic_name: str
    topic_id: uuid
    partitions: Sequence[AlterShareGroupOffsetsResponsePartition] = ()


@message(api_key=91, versions="0", flexible="0+")
class AlterShareGroupOffsetsResponse:
    """Per partition, whether the start was moved."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    responses: Sequence[AlterShareGroupOffsetsResponseTopic] = ()
