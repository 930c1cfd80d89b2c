"""WriteTxnMarkers (27): write the ends of transactions into partitions."""

from collections.abc import Sequence

from ..schema import boolean, field, i8, i16, i32, i64, message, nested


@nested
class WritableTxnMarkerTopic:
    name: str
    partition_indexes: Sequence[i32] = ()


@nested
class WritableTxnMarker:
    producer_id: i64
    producer_epoch: i16
    transaction_result: boolean = False
    topics: Sequence[WritableTxnMarkerTopic] = ()
    coordinator_epoch: i32 = 0
    transaction_version: i8 = field(default=0, versions="2+")


@message(api_key=27, versions="1-2", flexible="1+")
class WriteTxnMarkersRequest:
    """The decided transactions and the partitions to mark."""

    markers: Sequence[WritableTxnMarker] = ()


@nested
class WritableTxnMarkerPartitionResult:
    partition_index: i32
    error_code: i16 = 0


@nested
class WritableTxnMarkerTopicResult:
    name: str
    partitions: Sequence[WritableTxnMarkerPartitionResult] = ()


@nested
class WritableTxnMarkerResult:
    producer_id: i64
    topics: Sequence[WritableTxnMarkerTopicResult] = ()


@message(api_key=27, versions="1-2", flexible="1+")
class WriteTxnMarkersResponse:
    """Per producer and partition, whether the marker was written."""

    markers: Sequence[WritableTxnMarkerResult] = ()
