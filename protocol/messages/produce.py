"""Produce (0): append record batches to partitions."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, Records, field, i16, i32, i64, message, nested, uuid


@nested
class PartitionProduceData:
    index: i32
    records: Records | None = None


@nested
class TopicProduceData:
    name: str = field(default="", versions="0-12")
    topic_id: uuid = field(default=ZERO_UUID, versions="13+")
    partition_data: Sequence[PartitionProduceData] = ()


@message(api_key=0, versions="3-13", flexible="9+")
class ProduceRequest:
    """Record batches for many partitions; the batches stay opaque."""

    transactional_id: str | None = None
    acks: i16
    timeout_ms: i32 = 0
    topic_data: Sequence[TopicProduceData] = ()


@nested
class BatchIndexAndErrorMessage:
    batch_index: i32 = 0
    batch_index_error_message: str | None = None


@nested
class LeaderIdAndEpoch:
    leader_id: i32 = -1
    leader_epoch: i32 = -1


@nested
class PartitionProduceResponse:
    index: i32
    error_code: i16 = 0
    base_offset: i64
    log_append_time_ms: i64 = -1
    log_start_offset: i64 = field(default=-1, versions="5+")
    record_errors: Sequence[BatchIndexAndErrorMessage] = field(default=(), versions="8+")
    error_message: str | None = field(default=None, versions="8+")
    current_leader: LeaderIdAndEpoch = field(default_factory=LeaderIdAndEpoch, versions="10+", tag=0)


@nested
class TopicProduceResponse:
    name: str = field(default="", versions="0-12")
    topic_id: uuid = field(default=ZERO_UUID, versions="13+")
    partition_responses: Sequence[PartitionProduceResponse] = ()


@nested
class NodeEndpoint:
    node_id: i32
    host: str
    port: i32
    rack: str | None = None


@message(api_key=0, versions="3-13", flexible="9+")
class ProduceResponse:
    """Where each batch went, or why it did not."""

    responses: Sequence[TopicProduceResponse] = ()
    throttle_time_ms: i32 = 0
    node_endpoints: Sequence[NodeEndpoint] = field(default=(), versions="10+", tag=0)
