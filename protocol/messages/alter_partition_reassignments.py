"""AlterPartitionReassignments (45): move partitions to other brokers."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, message, nested


@nested
class ReassignablePartition:
    partition_index: i32
    replicas: Sequence[i32] | None = None


@nested
class ReassignableTopic:
    name: str
    partitions: Sequence[ReassignablePartition] = ()


@message(api_key=45, versions="0-1", flexible="0+")
class AlterPartitionReassignmentsRequest:
    """The replicas that each partition should have; null cancels a move."""

    timeout_ms: i32 = 60000
    allow_replication_factor_change: boolean = field(default=True, versions="1+")
    topics: Sequence[ReassignableTopic] = ()


@nested
class ReassignablePartitionResponse:
    partition_index: i32
    error_code: i16 = 0
    error_message: str | None = None


@nested
class ReassignableTopicResponse:
    name: str
    partitions: Sequence[ReassignablePartitionResponse] = ()


@message(api_key=45, versions="0-1", flexible="0+")
class AlterPartitionReassignmentsResponse:
    """Per partition, whether the move was accepted."""

    throttle_time_ms: i32 = 0
    allow_replication_factor_change: boolean = field(default=True, versions="1+")
    error_code: i16 = 0
    error_message: str | None = None
    responses: Sequence[ReassignableTopicResponse] = ()
