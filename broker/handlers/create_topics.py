"""CreateTopics 2-7 (KIP-4, KIP-464 defaults, KIP-525 configs in the answer).

Not done: replication factors above 1 (one node) and create policies.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ...protocol.schema import ZERO_UUID
from ..config.config_def import ConfigError, topic_config_def
from ..config.topic_config import checked_configs, effective
from ..context import Context
from ..deferred import Deferred
from ..metadata.topic_records import NewTopic
from ..quotas.client_quotas import Mutations
from ..session import Session
from ..slices import Steps
from ..topic_names import TopicNames
from ..topics.replica_assignment import check_replicas, check_replication_factor
from ..topics.topics import TOO_MANY_PARTITIONS

NO_VALUE = -1
STRICT_FROM_VERSION = 6  # KIP-599


@dataclass(slots=True)
class _Checked:
    """What became of the topics asked for: those that may be created, and the refusals of the others."""

    mutations: Mutations
    new: list[NewTopic] = field(default_factory=list[NewTopic])
    refused: list[CreatableTopicResult] = field(default_factory=list[CreatableTopicResult])


def handle_create_topics(
    request: CreateTopicsRequest, version: int, session: Session, context: Context
) -> CreateTopicsResponse | Deferred[CreateTopicsResponse]:
    """Create each topic or say why not; the ones that succeed come first, as in Kafka's answer."""
    if request.timeout_ms <= 0:
        return CreateTopicsResponse(
            topics=[_refused(name, KafkaError(ErrorCode.REQUEST_TIMED_OUT), None) for name in _names(request)]
        )
    deferred: Deferred[CreateTopicsResponse] = Deferred()
    checked = _Checked(context.quotas.mutations(session, context.clock.now(), is_strict=version >= STRICT_FROM_VERSION))

    def choose() -> Steps[Sequence[NewTopic]]:
        yield from _check_all(request, context, checked)
        return () if request.validate_only else checked.new

    def answer(error: KafkaError | None) -> Steps[CreateTopicsResponse]:
        results: list[CreatableTopicResult] = []
        defaults = _configs({}, context)
        asked = {topic.name: topic.configs for topic in request.topics}
        for topic in checked.new:
            if error is not None:
                results.append(_refused(topic.name, error, error.message))
            else:
                written = {config.name: config.value or "" for config in asked[topic.name]}  # as Kafka repeats it
                results.append(_created(topic, _configs(written, context) if written else defaults))
            yield
        throttle_ms = checked.mutations.throttle_ms(context.clock.now())
        return CreateTopicsResponse(throttle_time_ms=throttle_ms, topics=results + checked.refused)

    def created(error: KafkaError | None) -> None:
        context.slices.start(answer(error), deferred.answer, deferred.fail)

    context.topics.create(choose, created)
    return deferred


def _check_all(request: CreateTopicsRequest, context: Context, checked: _Checked) -> Steps[None]:
    """Which of the topics can be created beside each other, and beside those that are there by now."""
    times = Counter(topic.name for topic in request.topics)
    is_too_many = sum(_partitions_asked(t, context) for t in request.topics) > TOO_MANY_PARTITIONS
    beside = TopicNames()
    topics = {topic.name: topic for topic in reversed(request.topics)}  # of one named twice the first
    for name in _names(request):
        topic = topics[name]
        try:
            if times[name] > 1:
                raise KafkaError(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
            if is_too_many:
                raise KafkaError(
                    ErrorCode.POLICY_VIOLATION,
                    f"Excessively large number of partitions per request. The limit is {TOO_MANY_PARTITIONS}.",
                )
            checked.new.append(_check(topic, context, beside, checked.mutations))
            beside.add(name)
        except KafkaError as error:
            message = None if error.code == ErrorCode.THROTTLING_QUOTA_EXCEEDED else error.message
            checked.refused.append(_refused(name, error, message))
        yield


def _names(request: CreateTopicsRequest) -> list[str]:
    return list(dict.fromkeys(topic.name for topic in request.topics))


def _partitions_asked(topic: CreatableTopic, context: Context) -> int:
    if topic.assignments:
        return len(topic.assignments)
    return context.config.num_partitions if topic.num_partitions == NO_VALUE else max(topic.num_partitions, 0)


def _check(topic: CreatableTopic, context: Context, beside: TopicNames, mutations: Mutations) -> NewTopic:
    """KafkaError if this topic cannot be created beside those of the same request."""
    context.topics.check_new_name(topic.name, beside)
    partitions = _partition_count(topic, context)
    try:
        configs = checked_configs({config.name: config.value for config in topic.configs})
    except ConfigError as error:
        raise KafkaError(ErrorCode.INVALID_CONFIG, str(error)) from None
    mutations.record(partitions, context.clock.now())
    return context.topics.new_topic(topic.name, partitions, configs)


def _created(topic: NewTopic, configs: Sequence[CreatableTopicConfigs]) -> CreatableTopicResult:
    return CreatableTopicResult(
        name=topic.name,
        topic_id=topic.topic_id,
        error_code=ErrorCode.NONE,
        error_message=None,
        num_partitions=topic.partitions,
        replication_factor=1,
        configs=configs,
    )


def _partition_count(topic: CreatableTopic, context: Context) -> int:
    if topic.assignments:
        return _check_assignments(topic, context)
    if topic.replication_factor == 0 or topic.replication_factor < NO_VALUE:
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        )
    if topic.num_partitions == 0 or topic.num_partitions < NO_VALUE:
        raise KafkaError(ErrorCode.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.")
    factor = topic.replication_factor
    if factor == NO_VALUE:
        factor = context.config.default_replication_factor
    partitions = _partitions_asked(topic, context)
    check_replication_factor(factor, context.config)
    return partitions


def _check_assignments(topic: CreatableTopic, context: Context) -> int:
    if topic.replication_factor != NO_VALUE:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        )
    if topic.num_partitions != NO_VALUE:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        )
    indexes = sorted(assignment.partition_index for assignment in topic.assignments)
    if indexes != list(range(len(indexes))):
        raise KafkaError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        )
    for assignment in topic.assignments:
        check_replicas(assignment.broker_ids, context.config.node_id)
    return len(indexes)


def _configs(configs: Mapping[str, str], context: Context) -> list[CreatableTopicConfigs]:
    found: list[CreatableTopicConfigs] = []
    for name, setting in sorted(topic_config_def().items()):
        if setting.is_described or name in configs:
            value = effective(name, configs, context.config)
            found.append(
                CreatableTopicConfigs(
                    name=name,
                    value=value.value,
                    read_only=False,
                    config_source=value.source,
                    is_sensitive=False,
                )
            )
    return found


def _refused(name: str, error: KafkaError, message: str | None) -> CreatableTopicResult:
    return CreatableTopicResult(
        name=name,
        topic_id=ZERO_UUID,
        error_code=error.code,
        error_message=message,
        num_partitions=-1,
        replication_factor=-1,
        configs=(),
    )
