"""ShareAcknowledge (79): acknowledge acquired records (KIP-932)."""

from collections.abc import Sequence

from ..schema import boolean, field, i8, i16, i32, i64, message, nested, uuid


@nested
class AcknowledgementBatch:
    first_offset: i64
    last_offset: i64 = 0
    acknowledge_types: Sequence[i8] = ()


@nested
class AcknowledgePartition:
    partition_index: i32
    acknowledgement_batches: Sequence[AcknowledgementBatch] = ()


@nested
class AcknowledgeTopic:
    topic_id: uuid
    partitions: Sequence[AcknowledgePartition] = ()


@message(api_key=79, versions="1-2", flexible="0+")
class ShareAcknowledgeRequest:
    """What became of acquired records."""

    group_id: str | None = None
    member_id: str | None
    share_session_epoch: i32 = 0
    is_renew_ack: boolean = field(default=False, versions="2+")
    topics: Sequence[AcknowledgeTopic] = ()


@nested
class LeaderIdAndEpoch:
    leader_id: i32
    leader_epoch: i32 = 0


@nested
class PartitionData:
    partition_index: i32
    error_code: i16 = 0
    error_message: str | None = None
    current_leader: LeaderIdAndEpoch


@nested
class ShareAcknowledgeTopicResponse:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@nested
class NodeEndpoint:
    node_id: i32
    host: str
    port: i32
    rack: str | None = None


@message(api_key=79, versions="1-2", flexible="0+")
class ShareAcknowledgeResponse:
    """Per partition, whether the acknowledgements were taken."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    acquisition_lock_timeout_ms: i32 = field(default=0, versions="2+")
    responses: Sequence[ShareAcknowledgeTopicResponse] = ()
    node_endpoints: Sequence[NodeEndpoint] = ()
