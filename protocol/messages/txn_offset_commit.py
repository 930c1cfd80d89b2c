"""TxnOffsetCommit (28): commit a group's offsets within a transaction."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested


@nested
class TxnOffsetCommitRequestPartition:
    partition_index: i32
    committed_offset: i64 = 0
    committed_leader_epoch: i32 = field(default=-1, versions="2+")
    committed_metadata: str | None


@nested
class TxnOffsetCommitRequestTopic:
    name: str
    partitions: Sequence[TxnOffsetCommitRequestPartition] = ()


@message(api_key=28, versions="0-5", flexible="3+")
class TxnOffsetCommitRequest:
    """The offsets that become visible when the transaction commits."""

    transactional_id: str
    group_id: str
    producer_id: i64
    producer_epoch: i16
    generation_id: i32 = field(default=-1, versions="3+")
    member_id: str = field(default="", versions="3+")
    group_instance_id: str | None = field(default=None, versions="3+")
    topics: Sequence[TxnOffsetCommitRequestTopic] = ()


@nested
class TxnOffsetCommitResponsePartition:
    partition_index: i32
    error_code: i16 = 0


@nested
class TxnOffsetCommitResponseTopic:
    name: str
    partitions: Sequence[TxnOffsetCommitResponsePartition] = ()


@message(api_key=28, versions="0-5", flexible="3+")
class TxnOffsetCommitResponse:
    """Per partition, whether the offset is pending now."""

    throttle_time_ms: i32 = 0
    topics: Sequence[TxnOffsetCommitResponseTopic] = ()
