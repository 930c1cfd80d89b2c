"""ReadShareGroupStateSummary (87): read where share partitions stand, without their batches (KIP-932)."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested, uuid


@nested
class PartitionData:
    partition: i32
    leader_epoch: i32 = 0


@nested
class ReadStateSummaryData:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@message(api_key=87, versions="0-1", flexible="0+")
class ReadShareGroupStateSummaryRequest:
    """The share partitions to summarise."""

    group_id: str
    topics: Sequence[ReadStateSummaryData] = ()


@nested
class PartitionResult:
    partition: i32
    error_code: i16 = 0
    error_message: str | None = None
    state_epoch: i32 = 0
    leader_epoch: i32 = 0
    start_offset: i64 = 0
    delivery_complete_count: i32 = field(default=-1, versions="1+")


@nested
class ReadStateSummaryResult:
    topic_id: uuid
    partitions: Sequence[PartitionResult] = ()


@message(api_key=87, versions="0-1", flexible="0+")
class ReadShareGroupStateSummaryResponse:
    """Start offset and epochs of each partition."""

    results: Sequence[ReadStateSummaryResult] = ()
