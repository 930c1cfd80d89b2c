"""ListPartitionReassignments (46): the moves that are going on."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested


@nested
class ListPartitionReassignmentsTopics:
    name: str
    partition_indexes: Sequence[i32] = ()


@message(api_key=46, versions="0", flexible="0+")
class ListPartitionReassignmentsRequest:
    """The partitions of interest; null asks for all."""

    timeout_ms: i32 = 60000
    topics: Sequence[ListPartitionReassignmentsTopics] | None = None


@nested
class OngoingPartitionReassignment:
    partition_index: i32
    replicas: Sequence[i32] = ()
    adding_replicas: Sequence[i32] = ()
    removing_replicas: Sequence[i32] = ()


@nested
class OngoingTopicReassignment:
    name: str
    partitions: Sequence[OngoingPartitionReassignment] = ()


@message(api_key=46, versions="0", flexible="0+")
class ListPartitionReassignmentsResponse:
    """Replicas present, coming and going."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    topics: Sequence[OngoingTopicReassignment] = ()
