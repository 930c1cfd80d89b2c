"""WriteTxnMarkers 1-2: the end of transactions, partition by partition. Between brokers, and Admin.abortTransaction."""

from collections.abc import Sequence
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerPartitionResult,
    WritableTxnMarkerResult,
    WritableTxnMarkerTopicResult,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)
from ..context import Context
from ..coordination.transactions.marker_channel import TransactionMarker
from ..countdown import Countdown
from ..deferred import Deferred
from ..log_output import get_logger
from ..session import Session
from ..slices import Steps
from ..topics.partition import Partition

logger = get_logger("markers")

STRICT_EPOCH_VERSION = 2  # KIP-1228: transactions V2 end with a higher epoch than they were written with


def handle_write_txn_markers(
    request: WriteTxnMarkersRequest, version: int, session: Session, context: Context
) -> Steps[WriteTxnMarkersResponse | Deferred[WriteTxnMarkersResponse]]:
    """Write each marker where it is asked for; the coordinator's own state is not looked at."""
    markers: list[WritableTxnMarkerResult] = []
    waits: list[tuple[Partition, WritableTxnMarkerPartitionResult]] = []
    for marker in request.markers:
        topics: list[WritableTxnMarkerTopicResult] = []
        for topic in marker.topics:
            partitions: list[WritableTxnMarkerPartitionResult] = []
            for index in topic.partition_indexes:
                partitions.append(_write(marker, topic.name, index, context, waits))
                yield
            topics.append(WritableTxnMarkerTopicResult(name=topic.name, partitions=partitions))
        markers.append(WritableTxnMarkerResult(producer_id=marker.producer_id, topics=topics))
    response = WriteTxnMarkersResponse(markers=markers)
    return _when_replicated(response, waits, context) if waits else response


def _write(
    marker: WritableTxnMarker,
    topic: str,
    index: int,
    context: Context,
    waits: list[tuple[Partition, WritableTxnMarkerPartitionResult]],
) -> WritableTxnMarkerPartitionResult:
    result = WritableTxnMarkerPartitionResult(partition_index=index)
    asked = TransactionMarker(
        marker.producer_id,
        marker.producer_epoch,
        marker.coordinator_epoch,
        is_commit=marker.transaction_result,
        must_raise_epoch=marker.transaction_version == STRICT_EPOCH_VERSION,
    )
    try:
        partition = context.topics.partition(topic, index)
        asked.append_to(partition, context.clock.now_ms())
    except KafkaError as error:
        result.error_code = error.code
    except OSError as error:
        logger.error("a marker could not be written", partition=f"{topic}-{index}", error=str(error))
        result.error_code = ErrorCode.KAFKA_STORAGE_ERROR
    else:
        if partition.leadership is not None:
            waits.append((partition, result))
    return result


def _when_replicated(
    response: WriteTxnMarkersResponse,
    waits: Sequence[tuple[Partition, WritableTxnMarkerPartitionResult]],
    context: Context,
) -> Deferred[WriteTxnMarkersResponse]:
    """With acks=all, as one broker asks another."""
    deferred: Deferred[WriteTxnMarkersResponse] = Deferred()
    countdown = Countdown(len(waits), lambda: deferred.answer(response))

    def replicated(result: WritableTxnMarkerPartitionResult, error: KafkaError | None) -> None:
        if error is not None:
            result.error_code = error.code
        countdown.count_down()

    for partition, result in waits:
        context.transactions.when_replicated(partition, partial(replicated, result))
    return deferred
