"""What Produce answers for a partition whose batch was not appended."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.produce import (
    BatchIndexAndErrorMessage,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)
from ...storage.validation import InvalidRecords
from ..deferred import Disconnect
from .explained_refusal import ExplainedRefusal
from .partition import Partition

# Refused by the log, and yet without its start offset in the answer.
_HIDES_LOG_START = frozenset(
    {
        ErrorCode.CORRUPT_MESSAGE,
        ErrorCode.MESSAGE_TOO_LARGE,
        ErrorCode.RECORD_LIST_TOO_LARGE,
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,  # it is still being recovered: nobody knows yet
    }
)


def refuse_all(request: ProduceRequest, error: KafkaError) -> ProduceResponse:
    """An error for every partition."""
    return ProduceResponse(
        responses=[
            TopicProduceResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[refused(p.index, error, -1) for p in topic.partition_data],
            )
            for topic in request.topic_data
        ]
    )


def refused_by_log(index: int, error: KafkaError, partition: Partition) -> PartitionProduceResponse:
    """The error of a log, which is answered with where it begins."""
    hides = error.code in _HIDES_LOG_START
    return refused(index, error, -1 if hides else partition.log.log_start_offset)


def refused(index: int, error: KafkaError, log_start_offset: int) -> PartitionProduceResponse:
    """An error for one partition; -1 for a start of the log that is not to be told."""
    records: list[BatchIndexAndErrorMessage] = []
    message = error.why if isinstance(error, InvalidRecords | ExplainedRefusal) else None
    if isinstance(error, InvalidRecords):
        records = [
            BatchIndexAndErrorMessage(batch_index=record.batch_index, batch_index_error_message=record.message)
            for record in error.record_errors
        ]
    return PartitionProduceResponse(
        index=index,
        error_code=error.code,
        base_offset=-1,
        log_append_time_ms=-1,
        log_start_offset=log_start_offset,
        record_errors=records,
        error_message=message,
    )


def check_unanswered(response: ProduceResponse) -> None:
    """Nobody reads an answer: an error can only be told by closing, so that the client asks for metadata again."""
    for topic in response.responses:
        for partition in topic.partition_responses:
            if partition.error_code != ErrorCode.NONE:
                code = ErrorCode(partition.error_code).name
                raise Disconnect(f"Produce with acks=0 failed for {topic.name}-{partition.index}: {code}")
