"""ListPartitionReassignments 0: the partitions that are on their way to other brokers (KIP-455)."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment,
    OngoingTopicReassignment,
)
from ..context import Context
from ..controller.cluster_state import TopicPartition
from ..controller.reassignments import OngoingReassignment
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_list_partition_reassignments(
    request: ListPartitionReassignmentsRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[ListPartitionReassignmentsResponse]]:
    """Those asked for, null meaning all; nothing is said of partitions that stay, or do not exist."""
    asked: list[TopicPartition] = []
    for topic in request.topics or ():
        for index in topic.partition_indexes:
            asked.append(TopicPartition(topic.name, index))
            yield
    deferred: Deferred[ListPartitionReassignmentsResponse] = Deferred()
    answer = context.answer_in_time(deferred, request.timeout_ms, _late)
    context.controller.list_reassignments(
        None if request.topics is None else asked, lambda found: answer(_response(found))
    )
    return deferred


def _late() -> ListPartitionReassignmentsResponse:
    code = ErrorCode.REQUEST_TIMED_OUT
    return ListPartitionReassignmentsResponse(error_code=code, error_message=code.message)


def _response(found: Sequence[OngoingReassignment]) -> ListPartitionReassignmentsResponse:
    topics: dict[str, list[OngoingPartitionReassignment]] = {}
    for partition, replicas, adding, removing in found:
        topics.setdefault(partition.topic, []).append(
            OngoingPartitionReassignment(
                partition_index=partition.partition,
                replicas=replicas,
                adding_replicas=adding,
                removing_replicas=removing,
            )
        )
    return ListPartitionReassignmentsResponse(
        error_code=ErrorCode.NONE,
        topics=[OngoingTopicReassignment(name=name, partitions=partitions) for name, partitions in topics.items()],
    )
