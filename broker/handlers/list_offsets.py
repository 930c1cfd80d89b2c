"""ListOffsets 1-11: offsets by position or by time. Without tiers, -5 and -6 have nothing to find."""

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
from ..context import Context
from ..log_output import get_logger
from ..session import Session
from ..slices import Steps
from ..topics.partition import Partition

logger = get_logger("list_offsets")

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
                partition.check_leader_epoch(asked.current_leader_epoch)
                is_read_committed = request.isolation_level == 1
                answers.append((yield from _found(asked, partition, version, is_read_committed)))
            except (KafkaError, OSError, CorruptFrame) as error:
                code = _code_of(error)
                answers.append(ListOffsetsPartitionResponse(partition_index=asked.partition_index, error_code=code))
            yield
        topics.append(ListOffsetsTopicResponse(name=topic.name, partitions=answers))
    return ListOffsetsResponse(topics=topics)


def _code_of(error: KafkaError | OSError | CorruptFrame) -> ErrorCode:
    if isinstance(error, KafkaError):
        return error.code
    logger.error("a log cannot be searched", error=str(error))
    # A batch is stored unopened: only a search by time finds out that its records cannot be read.
    return ErrorCode.KAFKA_STORAGE_ERROR if isinstance(error, OSError) else ErrorCode.CORRUPT_MESSAGE


def _found(
    asked: ListOffsetsPartition, partition: Partition, version: int, is_read_committed: bool
) -> Steps[ListOffsetsPartitionResponse]:
    timestamp = asked.timestamp
    if timestamp < 0 and version < _KNOWN_FROM.get(timestamp, 32767):
        raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)
    log = partition.log
    upper = log.last_stable_offset if is_read_committed else log.high_watermark
    if timestamp in (LATEST, EARLIEST, EARLIEST_LOCAL):
        offset = upper if timestamp == LATEST else log.log_start_offset
        return _answer(asked, -1, offset, log.epoch_of(offset))
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return _answer(asked, -1, -1, -1)
    lookup = log.offset_of_max_timestamp(upper) if timestamp < 0 else log.offset_for_timestamp(timestamp, upper)
    found = yield from lookup
    if found is None:
        return _answer(asked, -1, -1, -1)
    return _answer(asked, found.timestamp, found.offset, found.leader_epoch)


def _answer(asked: ListOffsetsPartition, timestamp: int, offset: int, epoch: int) -> ListOffsetsPartitionResponse:
    return ListOffsetsPartitionResponse(
        partition_index=asked.partition_index,
        error_code=ErrorCode.NONE,
        timestamp=timestamp,
        offset=offset,
        leader_epoch=epoch,
    )
