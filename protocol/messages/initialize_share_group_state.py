"""InitializeShareGroupState (83): begin the stored state of share partitions (KIP-932)."""

from collections.abc import Sequence

from ..schema import i16, i32, i64, message, nested, uuid


@nested
class PartitionData:
    partition: i32
    state_epoch: i32 = 0
    start_offset: i64 = 0


@nested
class InitializeStateData:
    topic_id: uuid
    partitions: Sequence[PartitionData] = ()


@message(api_key=83, versions="0", flexible="0+")
class InitializeShareGroupStateRequest:
    """Share partitions and the offsets they begin at."""

    group_id: str
    topics: Sequence[InitializeStateData] = ()


@nested
class PartitionResult:
    partition: i32
    error_code: i16 = 0
    error_message: str | None = None


@nested
class InitializeStateResult:
    topic_id: uuid
    partitions: Sequence[PartitionResult] = ()


@message(api_key=83, versions="0", flexible="0+")
class InitializeShareGroupStateResponse:
    """Per partition, whether its state was begun."""

    results: Sequence[InitializeStateResult] = ()
