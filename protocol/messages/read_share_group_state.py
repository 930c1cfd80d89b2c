"""ReadShareGroupState (84): read the stored state of share partitions (KIP-932)."""

from collections.abc import Sequence

from ..schema import i8, i16, i32, i64, message, nested, uuid


@nested
class PartitionData:
    partition: i32
    leader_epoch: i32 = 0


@nested
class ReadStateData:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@message(api_key=84, versions="0", flexible="0+")
class ReadShareGroupStateRequest:
    """The share partitions to read."""

    group_id: str
    topics: Sequence[ReadStateData] = ()


@nested
class StateBatch:
    first_offset: i64
    last_offset: i64 = 0
    delivery_state: i8 = 0
    delivery_count: i16 = 0


@nested
class PartitionResult:
    partition: i32
    error_code: i16 = 0
    error_message: str | None = None
    state_epoch: i32 = 0
    start_offset: i64 = 0
    state_batches: Sequence[StateBatch] = ()


@nested
class ReadStateResult:
    topic_id: uuid
    partitions: Sequence[PartitionResult] = ()


@message(api_key=84, versions="0", flexible="0+")
class ReadShareGroupStateResponse:
    """Start offset and state batches of each partition."""

    results: Sequence[ReadStateResult] = ()
