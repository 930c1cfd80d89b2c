"""ShareGroupHeartbeat (76): join, stay in and leave a share group (KIP-932)."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested, uuid


@message(api_key=76, versions="1", flexible="0+")
class ShareGroupHeartbeatRequest:
    """What changed for this member since its last heartbeat; null is no change."""

    group_id: str
    member_id: str
    member_epoch: i32 = 0
    rack_id: str | None = None
    subscribed_topic_names: Sequence[str] | None = None


@nested
class TopicPartitions:
    topic_id: uuid
    partitions: Sequence[i32] = ()


@nested
class Assignment:
    topic_partitions: Sequence[TopicPartitions] = ()


@message(api_key=76, versions="1", flexible="0+")
class ShareGroupHeartbeatResponse:
    """The member's epoch and, when it changed, its assignment."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    member_id: str | None = None
    member_epoch: i32 = 0
    heartbeat_interval_ms: i32 = 0
    assignment: Assignment | None = None
