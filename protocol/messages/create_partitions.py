"""CreatePartitions (37): give topics more partitions."""

from collections.abc import Sequence

from ..schema import boolean, i16, i32, message, nested


@nested
class CreatePartitionsAssignment:
    broker_ids: Sequence[i32] = ()


@nested
class CreatePartitionsTopic:
    name: str
    count: i32 = 0
    assignments: Sequence[CreatePartitionsAssignment] | None


@message(api_key=37, versions="0-3", flexible="2+")
class CreatePartitionsRequest:
    """The new partition counts, and where the new partitions go."""

    topics: Sequence[CreatePartitionsTopic] = ()
    timeout_ms: i32 = 0
    validate_only: boolean = False


@nested
class CreatePartitionsTopicResult:
    name: str
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=37, versions="0-3", flexible="2+")
class CreatePartitionsResponse:
    """Per topic, whether it grew."""

    throttle_time_ms: i32 = 0
    results: Sequence[CreatePartitionsTopicResult] = ()
