"""DescribeProducers 0: who writes to a partition, and which transactions are open there (KIP-664).

A follower answers from what it has copied.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topics.partition_roles import check_replica


def handle_describe_producers(
    request: DescribeProducersRequest, version: int, session: Session, context: Context
) -> Steps[DescribeProducersResponse]:
    """Describe each partition's producers from its producer table."""
    topics: list[TopicResponse] = []
    for topic in request.topics:
        partitions: list[PartitionResponse] = []
        for index in topic.partition_indexes:
            partitions.append(_partition(topic.name, index, context))
            yield
        topics.append(TopicResponse(name=topic.name, partitions=partitions))
    return DescribeProducersResponse(topics=topics)


def _partition(topic: str, index: int, context: Context) -> PartitionResponse:
    try:
        partition = context.topics.partition(topic, index)
        check_replica(partition, context.topics, context.config.node_id)
        log = partition.replica_log
    except KafkaError as error:
        message = error.message if context.topics.find(topic) is None else None
        return PartitionResponse(partition_index=index, error_code=error.code, error_message=message)
    return PartitionResponse(
        partition_index=index,
        error_code=ErrorCode.NONE,
        active_producers=[
            ProducerState(
                producer_id=producer_id,
                producer_epoch=entry.producer_epoch,
                last_sequence=entry.last_sequence,
                last_timestamp=entry.last_timestamp,
                coordinator_epoch=entry.coordinator_epoch,
                current_txn_start_offset=entry.current_txn_first_offset,
            )
            for producer_id, entry in log.active_producers()
        ],
    )
