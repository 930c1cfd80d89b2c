"""DeleteRecords 0-2: move the start of partitions forward (KIP-107).

Whole segments below the new start go with the next look at retention. The start itself is on the disk before it is
answered: Apache Kafka writes it once a minute, and a kill brings the records back.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
    DeleteRecordsTopicResult,
)
from ..context import Context
from ..session import Session
from ..topic_names import INTERNAL_TOPICS

TO_HIGH_WATERMARK = -1
NO_OFFSET = -1


def handle_delete_records(
    request: DeleteRecordsRequest, version: int, session: Session, context: Context
) -> DeleteRecordsResponse:
    """Answer each partition with its new start, or with what is in the way."""
    return DeleteRecordsResponse(
        topics=[
            DeleteRecordsTopicResult(
                name=topic.name, partitions=[_delete(topic, asked, context) for asked in topic.partitions]
            )
            for topic in request.topics
        ]
    )


def _delete(topic: DeleteRecordsTopic, asked: DeleteRecordsPartition, context: Context) -> DeleteRecordsPartitionResult:
    try:
        start, code = _moved_start(topic.name, asked, context), ErrorCode.NONE
    except KafkaError as error:
        start, code = NO_OFFSET, error.code
    return DeleteRecordsPartitionResult(partition_index=asked.partition_index, low_watermark=start, error_code=code)


def _moved_start(name: str, asked: DeleteRecordsPartition, context: Context) -> int:
    if name in INTERNAL_TOPICS:
        raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Cannot delete records of internal topic {name}")
    partition = context.topics.partition(name, asked.partition_index)
    if not partition.log.config.deletes_old_segments:
        raise KafkaError(ErrorCode.POLICY_VIOLATION, "Records are deleted only where cleanup.policy has delete")
    offset = partition.log.high_watermark if asked.offset == TO_HIGH_WATERMARK else asked.offset
    return context.topics.delete_records(partition, offset)
