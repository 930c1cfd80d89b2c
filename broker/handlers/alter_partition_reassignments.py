"""AlterPartitionReassignments 0-1: partitions go to other brokers, while they are served (KIP-455, KIP-860).

A move is answered when it has begun; one that nobody has to catch up for is over by then. With one broker a partition
may go where it is, and nowhere else.
"""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartitionResponse,
    ReassignableTopic,
    ReassignableTopicResponse,
)
from ..context import Context
from ..controller.cluster_state import TopicPartition
from ..controller.reassignments import Reassignment, ReassignmentResult
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps, run_to_end


def handle_alter_partition_reassignments(
    request: AlterPartitionReassignmentsRequest, version: int, session: Session, context: Context
) -> Steps[AlterPartitionReassignmentsResponse | Deferred[AlterPartitionReassignmentsResponse]]:
    """Begin each move, or give up the one under way where no replicas are named, and say of the others why not."""
    if not request.topics:
        return AlterPartitionReassignmentsResponse(error_message="")  # an empty text, as in Kafka's answer
    if request.timeout_ms <= 0:
        return (yield from _timed_out(request.topics))
    asked: list[Reassignment] = []
    for topic in request.topics:
        for one in topic.partitions:
            asked.append(Reassignment(TopicPartition(topic.name, one.partition_index), one.replicas))
            yield
    deferred: Deferred[AlterPartitionReassignmentsResponse] = Deferred()
    answer = context.answer_in_time(deferred, request.timeout_ms, lambda: run_to_end(_timed_out(request.topics)))

    def altered(results: Sequence[ReassignmentResult], error: KafkaError | None) -> None:
        if error is not None:
            answer(AlterPartitionReassignmentsResponse(error_code=error.code, error_message=error.message))
        else:
            context.slices.start(_response(request, results), answer, deferred.fail)

    context.controller.alter_reassignments(asked, altered, may_change_factor=request.allow_replication_factor_change)
    return deferred


def _response(
    request: AlterPartitionReassignmentsRequest, results: Sequence[ReassignmentResult]
) -> Steps[AlterPartitionReassignmentsResponse]:
    left = iter(results)
    responses: list[ReassignableTopicResponse] = []
    for topic in request.topics:
        partitions: list[ReassignablePartitionResponse] = []
        for asked, result in zip(topic.partitions, left, strict=False):  # the shorter one first
            partitions.append(_partition(asked.partition_index, result.error))
            yield
        responses.append(ReassignableTopicResponse(name=topic.name, partitions=partitions))
        yield
    return AlterPartitionReassignmentsResponse(
        allow_replication_factor_change=request.allow_replication_factor_change,
        error_code=ErrorCode.NONE,
        responses=responses,
    )


def _partition(index: int, error: KafkaError | None) -> ReassignablePartitionResponse:
    if error is None:
        return ReassignablePartitionResponse(partition_index=index, error_code=ErrorCode.NONE)
    # Kafka has no words of its own for a move that is not under way.
    message = None if error.code == ErrorCode.NO_REASSIGNMENT_IN_PROGRESS else error.message
    return ReassignablePartitionResponse(partition_index=index, error_code=error.code, error_message=message)


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
