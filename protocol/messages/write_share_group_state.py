"""WriteShareGroupState (85): write the stored state of share partitions (KIP-932)."""

from collections.abc import Sequence

from ..schema import field, i8, i16, i32, i64, message, nested, uuid


@nested
class StateBatch:
    first_offset: i64
    last_offset: i64 = 0
    delivery_state: i8 = 0
    delivery_count: i16 = 0


@nested
class PartitionData:
    partition: i32
    state_epoch: i32 = 0
    leader_epoch: i32 = 0
    start_offset: i64 = 0
    delivery_complete_count: i32 = field(default=-1, versions="1+")
    state_batches: Sequence[StateBatch] = ()


@nested
class WriteStateData:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@message(api_key=85, versions="0-1", flexible="0+")
class WriteShareGroupStateRequest:
    """New start offsets and state batches."""

    group_id: str
    topics: Sequence[WriteStateData] = ()


@nested
class PartitionResult:
    partition: i32
    error_code: i16 = 0
    error_message: str | None = None


@nested
class WriteStateResult:
    topic_id: uuid
    partitions: Sequence[PartitionResult] = ()


@message(api_key=85, versions="0-1", flexible="0+")
class WriteShareGroupStateResponse:
    """Per partition, whether its state was written."""

    results: Sequence[WriteStateResult] = ()
