"""OffsetCommit (8): store how far a group has read."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, field, i16, i32, i64, message, nested, uuid


@nested
class OffsetCommitRequestPartition:
    partition_index: i32
    committed_offset: i64 = 0
    committed_leader_epoch: i32 = field(default=-1, versions="6+")
    committed_metadata: str | None


@nested
class OffsetCommitRequestTopic:
    name: str = field(default="", versions="0-9")
    topic_id: uuid = field(default=ZERO_UUID, versions="10+")
    partitions: Sequence[OffsetCommitRequestPartition] = ()


@message(api_key=8, versions="2-10", flexible="8+")
class OffsetCommitRequest:
    """The offsets that a group member, or an administrator, wants kept."""

    group_id: str
    generation_id_or_member_epoch: i32 = -1
    member_id: str
    group_instance_id: str | None = field(default=None, versions="7+")
    retention_time_ms: i64 = field(default=-1, versions="2-4")
    topics: Sequence[OffsetCommitRequestTopic] = ()


@nested
class OffsetCommitResponsePartition:
    partition_index: i32
    error_code: i16 = 0


@nested
class OffsetCommitResponseTopic:
    name: str = field(default="", versions="0-9")
    topic_id: uuid = field(default=ZERO_UUID, versions="10+")
    partitions: Sequence[OffsetCommitResponsePartition] = ()


@message(api_key=8, versions="2-10", flexible="8+")
class OffsetCommitResponse:
    """Per partition, whether the offset was kept."""

    throttle_time_ms: i32 = field(default=0, versions="3+")
    topics: Sequence[OffsetCommitResponseTopic] = ()
