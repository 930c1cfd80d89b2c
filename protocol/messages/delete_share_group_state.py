"""DeleteShareGroupState (86): delete the stored state of share partitions (KIP-932)."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested, uuid


@nested
class PartitionData:
    partition: i32


@nested
class DeleteStateData:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@message(api_key=86, versions="0", flexible="0+")
class DeleteShareGroupStateRequest:
    """The share partitions to forget."""

    group_id: str
    topics: Sequence[DeleteStateData] = ()


@nested
class PartitionResult:
    partition: i32
    error_code: i16 = 0
    error_message: str | None = None


@nested
class DeleteStateResult:
    topic_id: uuid
    partitions: Sequence[PartitionResult] = ()


@message(api_key=86, versions="0", flexible="0+")
class DeleteShareGroupStateResponse:
    """Per partition, whether its state is gone."""

    results: Sequence[DeleteStateResult] = ()
