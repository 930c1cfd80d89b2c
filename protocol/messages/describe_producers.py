"""DescribeProducers (61): the producers that partitions remember."""

from collections.abc import Sequence

from ..schema import i16, i32, i64, message, nested


@nested
class TopicRequest:
    name: str
    partition_indexes: Sequence[i32] = ()


@message(api_key=61, versions="0", flexible="0+")
class DescribeProducersRequest:
    """The partitions of interest."""

    topics: Sequence[TopicRequest] = ()


@nested
class ProducerState:
    producer_id: i64
    producer_epoch: i32
    last_sequence: i32 = -1
    last_timestamp: i64 = -1
    coordinator_epoch: i32 = 0
    current_txn_start_offset: i64 = -1


@nested
class PartitionResponse:
    partition_index: i32
    error_code: i16 = 0
    error_message: str | None = None
    active_producers: Sequence[ProducerState] = ()


@nested
class TopicResponse:
    name: str
    partitions: Sequence[PartitionResponse] = ()


@message(api_key=61, versions="0", flexible="0+")
class DescribeProducersResponse:
    """Per partition, who wrote last and which transaction is open."""

    throttle_time_ms: i32 = 0
    topics: Sequence[TopicResponse] = ()
