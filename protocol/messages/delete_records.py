"""DeleteRecords (21): move the start of partitions forward."""

from collections.abc import Sequence

from ..schema import i16, i32, i64, message, nested


@nested
class DeleteRecordsPartition:
    partition_index: i32
    offset: i64 = 0


@nested
class DeleteRecordsTopic:
    name: str
    partitions: Sequence[DeleteRecordsPartition] = ()


@message(api_key=21, versions="0-2", flexible="2+")
class DeleteRecordsRequest:
    """The offsets before which records are to go."""

    topics: Sequence[DeleteRecordsTopic] = ()
    timeout_ms: i32 = 0


@nested
class DeleteRecordsPartitionResult:
    partition_index: i32
    low_watermark: i64 = 0
    error_code: i16 = 0


@nested
class DeleteRecordsTopicResult:
    name: str
    partitions: Sequence[DeleteRecordsPartitionResult] = ()


@message(api_key=21, versions="0-2", flexible="2+")
class DeleteRecordsResponse:
    """Where each partition begins now."""

    throttle_time_ms: i32 = 0
    topics: Sequence[DeleteRecordsTopicResult] = ()
