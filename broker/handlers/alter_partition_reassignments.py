"""AlterPartitionReassignments 0-1: a partition may go where it is, and nowhere else (KIP-455, KIP-860).

With one broker an accepted move is over when it is answered, so that there is never one to be cancelled.
"""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignablePartitionResponse,
    ReassignableTopic,
    ReassignableTopicResponse,
)
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topics.replica_assignment import check_replicas


def handle_alter_partition_reassignments(
    request: AlterPartitionReassignmentsRequest, version: int, session: Session, context: Context
) -> Steps[AlterPartitionReassignmentsResponse]:
    """Accept each move that changes nothing, and say of the others why not."""
    if not request.topics:
        return AlterPartitionReassignmentsResponse(error_message="")  # an empty text, as in Kafka's answer
    if request.timeout_ms <= 0:
        return (yield from _timed_out(request.topics))
    responses: list[ReassignableTopicResponse] = []
    for topic in request.topics:
        partitions: list[ReassignablePartitionResponse] = []
        for asked in topic.partitions:
            partitions.append(_altered(topic.name, asked, context))
            yield
        responses.append(ReassignableTopicResponse(name=topic.name, partitions=partitions))
        yield
    return AlterPartitionReassignmentsResponse(
        allow_replication_factor_change=request.allow_replication_factor_change,
        error_code=ErrorCode.NONE,
        responses=responses,
    )


def _timed_out(topics: Sequence[ReassignableTopic]) -> Steps[AlterPartitionReassignmentsResponse]:
    code = ErrorCode.REQUEST_TIMED_OUT
    responses: list[ReassignableTopicResponse] = []
    for topic in topics:
        partitions: list[ReassignablePartitionResponse] = []
        for asked in topic.partitions:
            partitions.append(ReassignablePartitionResponse(partition_index=asked.partition_index, error_code=code))
            yield
        responses.append(ReassignableTopicResponse(name=topic.name, partitions=partitions))
        yield
    return AlterPartitionReassignmentsResponse(error_code=code, responses=responses)


def _altered(name: str, asked: ReassignablePartition, context: Context) -> ReassignablePartitionResponse:
    try:
        _check(name, asked, context)
    except KafkaError as error:
        # Kafka has no words of its own for a move that is not under way.
        message = None if error.code == ErrorCode.NO_REASSIGNMENT_IN_PROGRESS else error.message
        return ReassignablePartitionResponse(
            partition_index=asked.partition_index, error_code=error.code, error_message=message
        )
    return ReassignablePartitionResponse(partition_index=asked.partition_index, error_code=ErrorCode.NONE)


def _check(name: str, asked: ReassignablePartition, context: Context) -> None:
    """KafkaError unless the partition is asked to be where it is."""
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    topic = context.topics.find(name)
    if topic is None:
        raise KafkaError(unknown, f"Unable to find a topic named {name}.")
    if not topic.has_partition(asked.partition_index):
        raise KafkaError(unknown, f"Unable to find partition {name}:{asked.partition_index}.")
    if asked.replicas is None:
        raise KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
    check_replicas(asked.replicas, (context.config.node_id,))
