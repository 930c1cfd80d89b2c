"""ListOffsets 1-11: offsets by position or by time. Without tiers, -5 and -6 have nothing to find.

A leader that has just begun does not know yet how far its log is committed, and says so (KIP-207). Who looks for faults
(replica -2) may ask a follower, and sees its log to the end.
"""

from collections import Counter

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from ...protocol.wire import CorruptFrame
from ...storage.log_api import Log
from ..context import Context
from ..log_output import get_logger
from ..session import Session
from ..slices import Steps
from ..topics.partition import Partition
from ..topics.partition_roles import check_replica

logger = get_logger("list_offsets")

CONSUMER_ID = -1
DEBUGGING_ID = -2
NOT_AVAILABLE_FROM_VERSION = 5

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = (
    -1,
    -2,
    -3,
    -4,
    -5,
    -6,
)

# The version that brought each special timestamp; below it, and for any other negative one, 35 is the answer.
_KNOWN_FROM = {
    LATEST: 0,
    EARLIEST: 0,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL: 8,
    LATEST_TIERED: 9,
    EARLIEST_PENDING_UPLOAD: 11,
}


def handle_list_offsets(
    request: ListOffsetsRequest, version: int, session: Session, context: Context
) -> Steps[ListOffsetsResponse]:
    """Look up every partition asked for; one named twice is refused."""
    times = Counter((t.name, p.partition_index) for t in request.topics for p in t.partitions)
    topics: list[ListOffsetsTopicResponse] = []
    for topic in request.topics:
        answers: list[ListOffsetsPartitionResponse] = []
        for asked in {one.partition_index: one for one in topic.partitions}.values():
            try:
                if times[topic.name, asked.partition_index] > 1:
                    raise KafkaError(ErrorCode.INVALID_REQUEST)
                partition = context.topics.partition(topic.name, asked.partition_index)
                check_replica(partition, context.topics, context.config.node_id)
                partition.check_leader_epoch(asked.current_leader_epoch)
                answers.append((yield from _found(asked, partition, version, request)))
            except (KafkaError, OSError, CorruptFrame) as error:
                code = _code_of(error, version)
                answers.append(ListOffsetsPartitionResponse(partition_index=asked.partition_index, error_code=code))
            yield
        topics.append(ListOffsetsTopicResponse(name=topic.name, partitions=answers))
    return ListOffsetsResponse(topics=topics)


def _code_of(error: KafkaError | OSError | CorruptFrame, version: int) -> ErrorCode:
    if isinstance(error, KafkaError):
        if error.code == ErrorCode.OFFSET_NOT_AVAILABLE and version < NOT_AVAILABLE_FROM_VERSION:
            return ErrorCode.LEADER_NOT_AVAILABLE
        return error.code
    logger.error("a log cannot be searched", error=str(error))
    # A batch is stored unopened: only a search by time finds out that its records cannot be read.
    return ErrorCode.KAFKA_STORAGE_ERROR if isinstance(error, OSError) else ErrorCode.CORRUPT_MESSAGE


def _found(
    asked: ListOffsetsPartition, partition: Partition, version: int, request: ListOffsetsRequest
) -> Steps[ListOffsetsPartitionResponse]:
    timestamp = asked.timestamp
    if timestamp < 0 and version < _KNOWN_FROM.get(timestamp, 32767):
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)
    log = partition.replica_log if request.replica_id == DEBUGGING_ID else partition.log
    upper = log.log_end_offset
    if request.replica_id == CONSUMER_ID:
        upper = log.last_stable_offset if request.isolation_level == 1 else log.high_watermark
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        return _answer(asked, -1, log.log_start_offset, log.epoch_of(log.log_start_offset))
    if timestamp == LATEST:
        _check_available(partition, log, request)
        return _answer(asked, -1, upper, partition.leader_epoch)
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return _answer(asked, -1, -1, -1)
    lookup = log.offset_of_max_timestamp(upper) if timestamp < 0 else log.offset_for_timestamp(timestamp, upper)
    found = yield from lookup
    if found is None:
        _check_available(partition, log, request)
        return _answer(asked, -1, -1, -1)
    return _answer(asked, found.timestamp, found.offset, found.leader_epoch)


def _check_available(partition: Partition, log: Log, request: ListOffsetsRequest) -> None:
    """OFFSET_NOT_AVAILABLE to a consumer while what the leader began with may be committed, and it does not know."""
    leadership = partition.leadership
    if leadership is None or request.replica_id != CONSUMER_ID:
        return
    if leadership.epoch_start_offset > log.high_watermark:
        raise KafkaError(ErrorCode.OFFSET_NOT_AVAILABLE)


def _answer(asked: ListOffsetsPartition, timestamp: int, offset: int, epoch: int) -> ListOffsetsPartitionResponse:
    return ListOffsetsPartitionResponse(
        partition_index=asked.partition_index,
        error_code=ErrorCode.NONE,
        timestamp=timestamp,
        offset=offset,
        leader_epoch=epoch,
    )
