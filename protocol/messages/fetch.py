"""Fetch (1): read record batches from partitions."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, Records, field, i8, i16, i32, i64, message, nested, uuid


@nested
class ReplicaState:
    replica_id: i32 = -1
    replica_epoch: i64 = -1


@nested
class FetchPartition:
    partition: i32
    current_leader_epoch: i32 = field(default=-1, versions="9+")
    fetch_offset: i64
    last_fetched_epoch: i32 = field(default=-1, versions="12+")
    log_start_offset: i64 = field(default=-1, versions="5+")
    partition_max_bytes: i32 = 0
    replica_directory_id: uuid = field(default=ZERO_UUID, versions="17+", tag=0)
    high_watermark: i64 = field(default=0x7FFFFFFFFFFFFFFF, versions="18+", tag=1)


@nested
class FetchTopic:
    topic: str = field(default="", versions="0-12")
    topic_id: uuid = field(default=ZERO_UUID, versions="13+")
    partitions: Sequence[FetchPartition] = ()


@nested
class ForgottenTopic:
    topic: str = field(default="", versions="7-12")
    topic_id: uuid = field(default=ZERO_UUID, versions="13+")
    partitions: Sequence[i32] = ()


@message(api_key=1, versions="4-18", flexible="12+")
class FetchRequest:
    """A long poll for the records of many partitions."""

    cluster_id: str | None = field(default=None, versions="12+", tag=0)
    replica_id: i32 = field(default=-1, versions="0-14")
    replica_state: ReplicaState = field(default_factory=ReplicaState, versions="15+", tag=1)
    max_wait_ms: i32 = 0
    min_bytes: i32 = 0
    max_bytes: i32 = 0x7FFFFFFF
    isolation_level: i8 = 0
    session_id: i32 = field(default=0, versions="7+")
    session_epoch: i32 = field(default=-1, versions="7+")
    topics: Sequence[FetchTopic] = ()
    forgotten_topics_data: Sequence[ForgottenTopic] = field(default=(), versions="7+")
    rack_id: str = field(default="", versions="11+")


@nested
class EpochEndOffset:
    epoch: i32 = -1
    end_offset: i64 = -1


@nested
class LeaderIdAndEpoch:
    leader_id: i32 = -1
    leader_epoch: i32 = -1


@nested
class SnapshotId:
    end_offset: i64 = -1
    epoch: i32 = -1


@nested
class AbortedTransaction:
    producer_id: i64
    first_offset: i64


@nested
class PartitionData:
    partition_index: i32
    error_code: i16 = 0
    high_watermark: i64
    last_stable_offset: i64 = -1
    log_start_offset: i64 = field(default=-1, versions="5+")
    diverging_epoch: EpochEndOffset = field(default_factory=EpochEndOffset, versions="12+", tag=0)
    current_leader: LeaderIdAndEpoch = field(default_factory=LeaderIdAndEpoch, versions="12+", tag=1)
    snapshot_id: SnapshotId = field(default_factory=SnapshotId, versions="12+", tag=2)
    aborted_transactions: Sequence[AbortedTransaction] | None = None
    preferred_read_replica: i32 = field(default=-1, versions="11+")
    records: Records | None = None


@nested
class FetchableTopicResponse:
    topic: str = field(default="", versions="0-12")
    topic_id: uuid = field(default=ZERO_UUID, versions="13+")
    partitions: Sequence[PartitionData] = ()


@nested
class NodeEndpoint:
    node_id: i32
    host: str
    port: i32
    rack: str | None = None


@message(api_key=1, versions="4-18", flexible="12+")
class FetchResponse:
    """The batches as they are stored, and how far a reader may go."""

    throttle_time_ms: i32 = 0
    error_code: i16 = field(default=0, versions="7+")
    session_id: i32 = field(default=0, versions="7+")
    responses: Sequence[FetchableTopicResponse] = ()
    node_endpoints: Sequence[NodeEndpoint] = field(default=(), versions="16+", tag=0)
