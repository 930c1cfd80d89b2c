"""DeleteTopics 1-6: by name, or from version 6 by id (KIP-516). The partitions are gone at once."""

from collections import Counter
from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
)
from ...protocol.schema import ZERO_UUID
from ..context import Context
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topics.topics import Topic

STRICT_FROM_VERSION = 5  # KIP-599
_WITHOUT_MESSAGE = (ErrorCode.REQUEST_TIMED_OUT, ErrorCode.THROTTLING_QUOTA_EXCEEDED)


def handle_delete_topics(
    request: DeleteTopicsRequest, version: int, session: Session, context: Context
) -> Deferred[DeleteTopicsResponse]:
    """Delete each topic or say why not; those that can be deleted go together."""
    asked: Sequence[DeleteTopicState] = request.topics
    if version < 6:
        asked = [DeleteTopicState(name=name, topic_id=ZERO_UUID) for name in request.topic_names]
    times = Counter((topic.name, topic.topic_id) for topic in asked)
    deferred: Deferred[DeleteTopicsResponse] = Deferred()

    def late() -> DeleteTopicsResponse:
        error = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
        return DeleteTopicsResponse(responses=[_answer(name, topic_id, error) for name, topic_id in times])

    in_time = context.answer_in_time(deferred, request.timeout_ms, late)
    found: list[Topic | KafkaError] = []
    mutations = context.quotas.mutations(session, context.clock.now(), is_strict=version >= STRICT_FROM_VERSION)

    def choose() -> Steps[Sequence[Topic]]:
        chosen: dict[bytes, Topic] = {}
        for (name, topic_id), count in times.items():
            state = DeleteTopicState(name=name, topic_id=topic_id)
            try:
                topic = _find(state, count, version, request.timeout_ms, context)
                if topic.topic_id in chosen:
                    raise KafkaError(_unknown(topic_id))
                mutations.record(len(topic.partitions), context.clock.now())
                chosen[topic.topic_id] = topic
                found.append(topic)
            except KafkaError as error:
                found.append(error)
            yield
        return list(chosen.values())

    def answer(error: KafkaError | None) -> Steps[DeleteTopicsResponse]:
        responses: list[DeletableTopicResult] = []
        for (name, topic_id), one in zip(times, found, strict=True):
            responses.append(_answer(name, topic_id, error if error is not None and isinstance(one, Topic) else one))
            yield
        throttle_ms = mutations.throttle_ms(context.clock.now())
        return DeleteTopicsResponse(throttle_time_ms=throttle_ms, responses=responses)

    def deleted(error: KafkaError | None) -> None:
        context.slices.start(answer(error), in_time, deferred.fail)

    context.topics.delete(choose, deleted)
    return deferred


def _answer(name: str | None, topic_id: bytes, found: Topic | KafkaError) -> DeletableTopicResult:
    if isinstance(found, Topic):
        return DeletableTopicResult(
            name=found.name, topic_id=found.topic_id, error_code=ErrorCode.NONE, error_message=None
        )
    message = None if found.code in _WITHOUT_MESSAGE else found.message
    return DeletableTopicResult(name=name, topic_id=topic_id, error_code=found.code, error_message=message)


def _find(asked: DeleteTopicState, count: int, version: int, timeout_ms: int, context: Context) -> Topic:
    """The topic to delete; KafkaError, in Kafka's order, if it cannot be."""
    if not context.config.delete_topic_enable:
        # TOPIC_DELETION_DISABLED came with version 3.
        raise KafkaError(ErrorCode.TOPIC_DELETION_DISABLED if version >= 3 else ErrorCode.INVALID_REQUEST)
    if timeout_ms <= 0:
        raise KafkaError(ErrorCode.REQUEST_TIMED_OUT)
    is_by_id = asked.topic_id != ZERO_UUID
    if asked.name is None and not is_by_id:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Neither topic name nor id were specified.")
    if asked.name is not None and is_by_id:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "You may not specify both topic name and topic id.")
    if count > 1:
        what = "topic id." if is_by_id else "topic name."
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Duplicate {what}")
    topic = context.topics.find_by_id(asked.topic_id) if is_by_id else context.topics.find(asked.name or "")
    if topic is None:
        raise KafkaError(_unknown(asked.topic_id))
    return topic


def _unknown(topic_id: bytes) -> ErrorCode:
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if topic_id == ZERO_UUID else ErrorCode.UNKNOWN_TOPIC_ID
