"""ElectLeaders 0-2: the one replica leads already, or its disk has failed and none can (KIP-183, KIP-460)."""

from collections.abc import Iterable

from ...protocol.errors import ErrorCode
from ...protocol.messages.elect_leaders import (
    ElectLeadersRequest,
    ElectLeadersResponse,
    PartitionResult,
    ReplicaElectionResult,
)
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topics.topics import Topic

PREFERRED, UNCLEAN = 0, 1
NO_CANDIDATE = {
    PREFERRED: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
    UNCLEAN: ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
}

Asked = Iterable[tuple[str, Iterable[int]]]


def handle_elect_leaders(
    request: ElectLeadersRequest, version: int, session: Session, context: Context
) -> Steps[ElectLeadersResponse]:
    """Say of each partition why no leader was elected; null is all, and of those only partitions without a leader."""
    asked = None if request.topic_partitions is None else [(t.topic, t.partitions) for t in request.topic_partitions]
    if request.timeout_ms <= 0 and asked != []:
        return (yield from _refused(asked or (), ErrorCode.REQUEST_TIMED_OUT, None))
    no_candidate = NO_CANDIDATE.get(request.election_type)
    if no_candidate is None:
        why = f"Unknown election type {request.election_type}"
        return (yield from _refused(asked or (), ErrorCode.INVALID_REQUEST, why))
    results: list[ReplicaElectionResult] = []
    for name, indexes in _all(context) if asked is None else asked:
        partitions: list[PartitionResult] = []
        for index in indexes:
            result = _elect(name, context.topics.find(name), index, no_candidate)
            if asked is not None or result.error_code != ErrorCode.ELECTION_NOT_NEEDED:
                partitions.append(result)
            yield
        results.append(ReplicaElectionResult(topic=name, partition_result=partitions))
        yield
    return ElectLeadersResponse(error_code=ErrorCode.NONE, replica_election_results=results)


def _all(context: Context) -> Asked:
    return ((topic.name, range(len(topic.partitions))) for topic in context.topics)


def _elect(name: str, topic: Topic | None, index: int, no_candidate: ErrorCode) -> PartitionResult:
    code, message = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such topic as {name}"
    if topic is not None:
        message = f"No such partition as {name}-{index}"
        if topic.has_partition(index):
            code = no_candidate if topic.partitions[index].is_offline else ErrorCode.ELECTION_NOT_NEEDED
            message = code.message
    return PartitionResult(partition_id=index, error_code=code, error_message=message)


def _refused(asked: Asked, code: ErrorCode, message: str | None) -> Steps[ElectLeadersResponse]:
    results: list[ReplicaElectionResult] = []
    for name, indexes in asked:
        partitions: list[PartitionResult] = []
        for index in indexes:
            partitions.append(PartitionResult(partition_id=index, error_code=code, error_message=message))
            yield
        results.append(ReplicaElectionResult(topic=name, partition_result=partitions))
        yield
    return ElectLeadersResponse(error_code=code, replica_election_results=results)
