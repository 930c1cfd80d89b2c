"""CreatePartitions 0-3: give topics more partitions (KIP-195)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
    CreatePartitionsTopicResult,
)
from ..context import Context
from ..deferred import Deferred
from ..metadata.topic_records import NewPartitions, PartitionAssignment
from ..quotas.client_quotas import Mutations
from ..session import Session
from ..slices import Steps
from ..topics.topics import TOO_MANY_PARTITIONS

STRICT_FROM_VERSION = 3  # KIP-599


@dataclass(slots=True)
class _Checked:
    """What became of the topics asked for: what is to be recorded of those that grow, and everybody's result."""

    mutations: Mutations
    new: list[NewPartitions] = field(default_factory=list[NewPartitions])
    results: list[CreatePartitionsTopicResult] = field(default_factory=list[CreatePartitionsTopicResult])
    added: int = 0


def handle_create_partitions(
    request: CreatePartitionsRequest, version: int, session: Session, context: Context
) -> Deferred[CreatePartitionsResponse]:
    """Grow each topic or say why not; one that is refused does not keep the others from growing."""
    deferred: Deferred[CreatePartitionsResponse] = Deferred()
    in_time = context.answer_in_time(deferred, request.timeout_ms, lambda: _timed_out(request))
    checked = _Checked(context.quotas.mutations(session, context.clock.now(), is_strict=version >= STRICT_FROM_VERSION))

    def choose() -> Steps[Sequence[NewPartitions]]:
        yield from _check_all(request, context, checked)
        return () if request.validate_only else checked.new

    def grown(error: KafkaError | None) -> None:
        for result in checked.results:
            if error is not None and result.error_code == ErrorCode.NONE:
                result.error_code, result.error_message = error.code, error.message
        throttle_ms = checked.mutations.throttle_ms(context.clock.now())
        in_time(CreatePartitionsResponse(throttle_time_ms=throttle_ms, results=checked.results))

    context.topics.grow(choose, grown)
    return deferred


def _check_all(request: CreatePartitionsRequest, context: Context, checked: _Checked) -> Steps[None]:
    """Which of the topics can grow, as they are by now; those named twice come first, as in Kafka's answer."""
    times = Counter(topic.name for topic in request.topics)
    for name, count in times.items():
        if count > 1:
            checked.results.append(_refused(name, KafkaError(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")))
    for topic in request.topics:
        if times[topic.name] == 1:
            try:
                if request.timeout_ms <= 0:
                    raise KafkaError(ErrorCode.REQUEST_TIMED_OUT)
                new = yield from _check(topic, checked, context)
            except KafkaError as error:
                checked.results.append(_refused(topic.name, error))
            else:
                checked.new.append(new)
                checked.added += len(new.assignments)
                checked.results.append(CreatePartitionsTopicResult(name=topic.name))
        yield


def _timed_out(request: CreatePartitionsRequest) -> CreatePartitionsResponse:
    error = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
    names = dict.fromkeys(topic.name for topic in request.topics)
    return CreatePartitionsResponse(results=[_refused(name, error) for name in names])


def _refused(name: str, error: KafkaError) -> CreatePartitionsTopicResult:
    return CreatePartitionsTopicResult(name=name, error_code=error.code, error_message=error.why)


def _check(asked: CreatePartitionsTopic, checked: _Checked, context: Context) -> Steps[NewPartitions]:
    """The partitions that come, beside those of other topics; KafkaError if they cannot."""
    topic = context.topics.find(asked.name)
    if topic is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    there = len(topic.partitions)
    if asked.count == there:
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, f"Topic already has {there} partition(s).")
    if asked.count < there:
        why = f"The topic {asked.name} currently has {there} partition(s); {asked.count} would not be an increase."
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, why)
    additional = asked.count - there
    if asked.assignments is not None and len(asked.assignments) != additional:
        why = (
            f"Attempted to add {additional} additional partition(s), but only {len(asked.assignments)} "
            "assignment(s) were specified."
        )
        raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, why)
    checked.mutations.record(additional, context.clock.now())
    placement, factor = context.topics.placement, topic.replication_factor
    assignments: list[PartitionAssignment] = []
    for index, assignment in enumerate(asked.assignments or (), there):
        assignments.append(placement.assign(assignment.broker_ids, index, factor))
        yield
    if checked.added + additional > TOO_MANY_PARTITIONS:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)  # Kafka's answer too, but it keeps ten thousand of them
    if asked.assignments is None:
        return NewPartitions(topic.topic_id, there, (yield from placement.place(additional, factor)))
    return NewPartitions(topic.topic_id, there, assignments)
