"""WriteTxnMarkers 1-2: the end of transactions, partition by partition. Between brokers, and Admin.abortTransaction."""

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
from ..log_output import get_logger
from ..session import Session
from ..slices import Steps

logger = get_logger("markers")

STRICT_EPOCH_VERSION = 2  # KIP-1228: transactions V2 end with a higher epoch than they were written with


def handle_write_txn_markers(
    request: WriteTxnMarkersRequest, version: int, session: Session, context: Context
) -> Steps[WriteTxnMarkersResponse]:
    """Write each marker where it is asked for; the coordinator's own state is not looked at."""
    markers: list[WritableTxnMarkerResult] = []
    for marker in request.markers:
        topics: list[WritableTxnMarkerTopicResult] = []
        for topic in marker.topics:
            partitions: list[WritableTxnMarkerPartitionResult] = []
            for index in topic.partition_indexes:
                code = _write(marker, topic.name, index, context)
                partitions.append(WritableTxnMarkerPartitionResult(partition_index=index, error_code=code))
                yield
            topics.append(WritableTxnMarkerTopicResult(name=topic.name, partitions=partitions))
        markers.append(WritableTxnMarkerResult(producer_id=marker.producer_id, topics=topics))
    return WriteTxnMarkersResponse(markers=markers)


def _write(marker: WritableTxnMarker, topic: str, index: int, context: Context) -> ErrorCode:
    try:
        context.topics.partition(topic, index).append_marker(
            marker.producer_id,
            marker.producer_epoch,
            marker.coordinator_epoch,
            is_commit=marker.transaction_result,
            now_ms=context.clock.now_ms(),
            must_raise_epoch=marker.transaction_version == STRICT_EPOCH_VERSION,
        )
    except KafkaError as error:
        return error.code
    except OSError as error:
        logger.error("a marker could not be written", partition=f"{topic}-{index}", error=str(error))
        return ErrorCode.KAFKA_STORAGE_ERROR
    return ErrorCode.NONE
