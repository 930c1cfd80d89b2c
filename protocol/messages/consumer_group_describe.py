"""ConsumerGroupDescribe (69): state and members of consumer groups (KIP-848)."""

from collections.abc import Sequence

from ..schema import boolean, field, i8, i16, i32, message, nested, uuid


@message(api_key=69, versions="0-1", flexible="0+")
class ConsumerGroupDescribeRequest:
    """The consumer groups to describe."""

    group_ids: Sequence[str] = ()
    include_authorized_operations: boolean = False


@nested
class TopicPartitions:
    topic_id: uuid
    topic_name: str
    partitions: Sequence[i32] = ()


@nested
class Assignment:
    topic_partitions: Sequence[TopicPartitions] = ()


@nested
class Member:
    member_id: str
    instance_id: str | None = None
    rack_id: str | None = None
    member_epoch: i32 = 0
    client_id: str = ""
    client_host: str = ""
    subscribed_topic_names: Sequence[str] = ()
    subscribed_topic_regex: str | None = None
    assignment: Assignment = field(default_factory=Assignment)
    target_assignment: Assignment = field(default_factory=Assignment)
    member_type: i8 = field(default=-1, versions="1+")


@nested
class DescribedGroup:
    error_code: i16 = 0
    error_message: str | None = None
    group_id: str
    group_state: str = ""
    group_epoch: i32 = 0
    assignment_epoch: i32 = 0
    assignor_name: str = ""
    members: Sequence[Member] = ()
    authorized_operations: i32 = -2147483648


@message(api_key=69, versions="0-1", flexible="0+")
class ConsumerGroupDescribeResponse:
    """Epochs, members and their assignments."""

    throttle_time_ms: i32 = 0
    groups: Sequence[DescribedGroup] = ()
