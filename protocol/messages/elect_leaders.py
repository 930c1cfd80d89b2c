"""ElectLeaders (43): make the preferred, or any living, replica lead."""

from collections.abc import Sequence

from ..schema import field, i8, i16, i32, message, nested


@nested
class TopicPartitions:
    topic: str
    partitions: Sequence[i32] = ()


@message(api_key=43, versions="0-2", flexible="2+")
class ElectLeadersRequest:
    """The partitions whose leader is to be elected; null means all."""

    election_type: i8 = field(default=0, versions="1+")
    topic_partitions: Sequence[TopicPartitions] | None
    timeout_ms: i32 = 60000


@nested
class PartitionResult:
    partition_id: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None


@nested
class ReplicaElectionResult:
    topic: str
    partition_result: Sequence[PartitionResult] = ()


@message(api_key=43, versions="0-2", flexible="2+")
class ElectLeadersResponse:
    """Per partition, whether a leader was elected."""

    throttle_time_ms: i32 = 0
    error_code: i16 = field(default=0, versions="1+")
    replica_election_results: Sequence[ReplicaElectionResult] = ()
