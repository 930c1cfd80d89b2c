"""ElectLeaders 0-2: the preferred replica leads again, or any that is there, records lost (KIP-183, KIP-460).

With one broker there is nothing to elect: it leads, or its disk has failed.
"""

from collections.abc import Iterable, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.elect_leaders import (
    ElectLeadersRequest,
    ElectLeadersResponse,
    PartitionResult,
    ReplicaElectionResult,
)
from ..context import Context
from ..controller.cluster_state import TopicPartition
from ..controller.elections import ElectionResult, ElectionType
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps, run_to_end

Asked = Sequence[tuple[str, Sequence[int]]]


def handle_elect_leaders(
    request: ElectLeadersRequest, version: int, session: Session, context: Context
) -> Steps[ElectLeadersResponse | Deferred[ElectLeadersResponse]]:
    """Elect leaders, or say why not; null is all, and of those only partitions that were not in order are told of."""
    asked = None if request.topic_partitions is None else [(t.topic, t.partitions) for t in request.topic_partitions]
    if request.timeout_ms <= 0 and asked != []:
        return (yield from _refused(asked or (), ErrorCode.REQUEST_TIMED_OUT, None))
    if request.election_type not in list(ElectionType):
        why = f"Unknown election type {request.election_type}"
        return (yield from _refused(asked or (), ErrorCode.INVALID_REQUEST, why))
    wanted: list[TopicPartition] = []
    for name, indexes in asked or ():
        for index in indexes:
            wanted.append(TopicPartition(name, index))
            yield
    deferred: Deferred[ElectLeadersResponse] = Deferred()
    late = _refused(asked or (), ErrorCode.REQUEST_TIMED_OUT, None)
    answer = context.answer_in_time(deferred, request.timeout_ms, lambda: run_to_end(late))

    def elected(results: Sequence[ElectionResult], error: KafkaError | None) -> None:
        if error is not None:
            steps = _refused(asked or (), error.code, error.message)
        else:
            steps = _all(results, context) if asked is None else _each(asked, results)
        context.slices.start(steps, answer, deferred.fail)

    context.controller.elect_leaders(ElectionType(request.election_type), None if asked is None else wanted, elected)
    return deferred


def _each(asked: Asked, results: Sequence[ElectionResult]) -> Steps[ElectLeadersResponse]:
    """As it was asked for, topic by topic."""
    left = iter(results)
    topics: list[ReplicaElectionResult] = []
    for name, indexes in asked:
        partitions: list[PartitionResult] = []
        for _, result in zip(indexes, left, strict=False):  # the shorter one first
            partitions.append(_result(result))
            yield
        topics.append(ReplicaElectionResult(topic=name, partition_result=partitions))
        yield
    return ElectLeadersResponse(error_code=ErrorCode.NONE, replica_election_results=topics)


def _all(results: Sequence[ElectionResult], context: Context) -> Steps[ElectLeadersResponse]:
    """Every topic, with the partitions that there is something to say of."""
    found: dict[str, list[PartitionResult]] = {topic.name: [] for topic in context.topics}
    for result in results:
        found.setdefault(result.partition.topic, []).append(_result(result))
        yield
    topics = [ReplicaElectionResult(topic=name, partition_result=partitions) for name, partitions in found.items()]
    return ElectLeadersResponse(error_code=ErrorCode.NONE, replica_election_results=topics)


def _result(result: ElectionResult) -> PartitionResult:
    error = result.error
    return PartitionResult(
        partition_id=result.partition.partition,
        error_code=ErrorCode.NONE if error is None else error.code,
        error_message=None if error is None else error.message,
    )


def _refused(
    asked: Iterable[tuple[str, Iterable[int]]], code: ErrorCode, message: str | None
) -> Steps[ElectLeadersResponse]:
    results: list[ReplicaElectionResult] = []
    for name, indexes in asked:
        partitions: list[PartitionResult] = []
        for index in indexes:
            partitions.append(PartitionResult(partition_id=index, error_code=code, error_message=message))
            yield
        results.append(ReplicaElectionResult(topic=name, partition_result=partitions))
        yield
    return ElectLeadersResponse(error_code=code, replica_election_results=results)
