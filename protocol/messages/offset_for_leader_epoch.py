"""OffsetForLeaderEpoch (23): where a leader epoch ended, for truncation checks."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested


@nested
class OffsetForLeaderPartition:
    partition: i32
    current_leader_epoch: i32 = -1
    leader_epoch: i32 = 0


@nested
class OffsetForLeaderTopic:
    topic: str
    partitions: Sequence[OffsetForLeaderPartition] = ()


@message(api_key=23, versions="2-4", flexible="4+")
class OffsetForLeaderEpochRequest:
    """The epochs whose end offsets are asked for."""

    replica_id: i32 = field(default=-2, versions="3+")
    topics: Sequence[OffsetForLeaderTopic] = ()


@nested
class EpochEndOffset:
    error_code: i16 = 0
    partition: i32
    leader_epoch: i32 = -1
    end_offset: i64 = -1


@nested
class OffsetForLeaderTopicResult:
    topic: str
    partitions: Sequence[EpochEndOffset] = ()


@message(api_key=23, versions="2-4", flexible="4+")
class OffsetForLeaderEpochResponse:
    """The end offset of each epoch."""

    throttle_time_ms: i32 = 0
    topics: Sequence[OffsetForLeaderTopicResult] = ()
