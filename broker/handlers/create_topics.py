"""CreateTopics 2-7 (KIP-4, KIP-464 defaults, KIP-525 configs in the answer).

Not done: create policies.
"""

from collections.abc import Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import (
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ...protocol.schema import ZERO_UUID
from ..config.topic_config import effective
from ..context import Context
from ..deferred import Deferred
from ..metadata.topic_records import NewTopic
from ..session import Session
from ..slices import Steps
from ..topics.topic_creation import CheckedTopics, check_new_topics

STRICT_FROM_VERSION = 6  # KIP-599


def handle_create_topics(
    request: CreateTopicsRequest, version: int, session: Session, context: Context
) -> CreateTopicsResponse | Deferred[CreateTopicsResponse]:
    """Create each topic or say why not; the ones that succeed come first, as in Kafka's answer."""
    if request.timeout_ms <= 0:
        return _timed_out(request)
    deferred: Deferred[CreateTopicsResponse] = Deferred()
    in_time = context.answer_in_time(deferred, request.timeout_ms, lambda: _timed_out(request))
    mutations = context.quotas.mutations(session, context.clock.now(), is_strict=version >= STRICT_FROM_VERSION)
    checked = CheckedTopics()

    def pay(partitions: int) -> None:
        mutations.record(partitions, context.clock.now())

    def choose() -> Steps[Sequence[NewTopic]]:
        yield from check_new_topics(request.topics, context.topics, context.config, pay, checked)
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
        refused = [_refused(name, error, _message(error)) for name, error in checked.refused]
        throttle_ms = mutations.throttle_ms(context.clock.now())
        return CreateTopicsResponse(throttle_time_ms=throttle_ms, topics=results + refused)

    def created(error: KafkaError | None) -> None:
        context.slices.start(answer(error), in_time, deferred.fail)

    context.topics.create(choose, created)
    return deferred


def _timed_out(request: CreateTopicsRequest) -> CreateTopicsResponse:
    error = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
    return CreateTopicsResponse(topics=[_refused(name, error, None) for name in _names(request)])


def _names(request: CreateTopicsRequest) -> list[str]:
    return list(dict.fromkeys(topic.name for topic in request.topics))


def _created(topic: NewTopic, configs: Sequence[CreatableTopicConfigs]) -> CreatableTopicResult:
    return CreatableTopicResult(
        name=topic.name,
        topic_id=topic.topic_id,
        error_code=ErrorCode.NONE,
        error_message=None,
        num_partitions=topic.partitions,
        replication_factor=topic.replication_factor,
        configs=configs,
    )


def _configs(configs: Mapping[str, str], context: Context) -> list[CreatableTopicConfigs]:
    found: list[CreatableTopicConfigs] = []
    for name, setting in sorted(context.config.release.topic.items()):
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


def _message(error: KafkaError) -> str | None:
    return None if error.code == ErrorCode.THROTTLING_QUOTA_EXCEEDED else error.message


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
