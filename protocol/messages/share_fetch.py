"""ShareFetch (78): acquire records of a share group (KIP-932)."""

from collections.abc import Sequence

from ..schema import Records, boolean, field, i8, i16, i32, i64, message, nested, uuid


@nested
class AcknowledgementBatch:
    first_offset: i64
    last_offset: i64 = 0
    acknowledge_types: Sequence[i8] = ()


@nested
class FetchPartition:
    partition_index: i32
    acknowledgement_batches: Sequence[AcknowledgementBatch] = ()


@nested
class FetchTopic:
    topic_id: uuid
    partitions: Sequence[FetchPartition] = ()


@nested
class ForgottenTopic:
    topic_id: uuid
    partitions: Sequence[i32] = ()


@message(api_key=78, versions="1-2", flexible="0+")
class ShareFetchRequest:
    """Partitions to acquire records from, with acknowledgements on the way."""

    group_id: str | None = None
    member_id: str | None
    share_session_epoch: i32 = 0
    max_wait_ms: i32 = 0
    min_bytes: i32 = 0
    max_bytes: i32 = 0x7FFFFFFF
    max_records: i32 = 0
    batch_size: i32 = 0
    share_acquire_mode: i8 = field(default=0, versions="2+")
    is_renew_ack: boolean = field(default=False, versions="2+")
    topics: Sequence[FetchTopic] = ()
    forgotten_topics_data: Sequence[ForgottenTopic] = ()


@nested
class LeaderIdAndEpoch:
    leader_id: i32
    leader_epoch: i32 = 0


@nested
class AcquiredRecords:
    first_offset: i64
    last_offset: i64 = 0
    delivery_count: i16 = 0


@nested
class PartitionData:
    partition_index: i32
    error_code: i16 = 0
    error_message: str | None = None
    acknowledge_error_code: i16 = 0
    acknowledge_error_message: str | None = None
    current_leader: LeaderIdAndEpoch
    records: Records = b""
    acquired_records: Sequence[AcquiredRecords] = ()


@nested
class ShareFetchableTopicResponse:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@nested
class NodeEndpoint:
    node_id: i32
    host: str
    port: i32
    rack: str | None = None


@message(api_key=78, versions="1-2", flexible="0+")
class ShareFetchResponse:
    """The batches, and which of their records were acquired."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    acquisition_lock_timeout_ms: i32 = 0
    responses: Sequence[ShareFetchableTopicResponse] = ()
    node_endpoints: Sequence[NodeEndpoint] = ()
