"""ConsumerGroupHeartbeat (68): join, stay in and leave a consumer group (KIP-848)."""

from collections.abc import Sequence

from ..schema import field, i16, i32, message, nested, uuid


@nested
class TopicPartitions:
    topic_id: uuid
    partitions: Sequence[i32] = ()


@message(api_key=68, versions="0-1", flexible="0+")
class ConsumerGroupHeartbeatRequest:
    """What changed for this member since its last heartbeat; null is no change."""

    group_id: str
    member_id: str
    member_epoch: i32 = 0
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: i32 = -1
    subscribed_topic_names: Sequence[str] | None = None
    subscribed_topic_regex: str | None = field(default=None, versions="1+")
    server_assignor: str | None = None
    topic_partitions: Sequence[TopicPartitions] | None = None


@nested
class Assignment:
    topic_partitions: Sequence[TopicPartitions] = ()


@message(api_key=68, versions="0-1", flexible="0+")
class ConsumerGroupHeartbeatResponse:
    """The member's epoch and, when it changed, its assignment."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    member_id: str | None = None
    member_epoch: i32 = 0
    heartbeat_interval_ms: i32 = 0
    assignment: Assignment | None = None
