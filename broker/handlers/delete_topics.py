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
from ..session import Session


def handle_delete_topics(
    request: DeleteTopicsRequest, version: int, session: Session, context: Context
) -> DeleteTopicsResponse:
    """Delete each topic or say why not."""
    asked: Sequence[DeleteTopicState] = request.topics
    if version < 6:
        asked = [DeleteTopicState(name=name, topic_id=ZERO_UUID) for name in request.topic_names]
    times = Counter((topic.name, topic.topic_id) for topic in asked)
    return DeleteTopicsResponse(
        responses=[
            _delete(DeleteTopicState(name=name, topic_id=topic_id), count, version, request.timeout_ms, context)
            for (name, topic_id), count in times.items()
        ]
    )


def _delete(
    asked: DeleteTopicState, count: int, version: int, timeout_ms: int, context: Context
) -> DeletableTopicResult:
    topic_id = asked.topic_id
    try:
        if not context.config.delete_topic_enable:
            # TOPIC_DELETION_DISABLED came with version 3.
            code = ErrorCode.TOPIC_DELETION_DISABLED if version >= 3 else ErrorCode.INVALID_REQUEST
            raise KafkaError(code)
        if timeout_ms <= 0:
            raise KafkaError(ErrorCode.REQUEST_TIMED_OUT)
        name, topic_id = _delete_found(asked, count, context)
    except KafkaError as error:
        return DeletableTopicResult(
            name=asked.name,
            topic_id=topic_id,
            error_code=error.code,
            error_message=None if error.code == ErrorCode.REQUEST_TIMED_OUT else error.message,
        )
    return DeletableTopicResult(name=name, topic_id=topic_id, error_code=ErrorCode.NONE, error_message=None)


def _delete_found(asked: DeleteTopicState, count: int, context: Context) -> tuple[str, bytes]:
    is_by_id = asked.topic_id != ZERO_UUID
    if asked.name is None and not is_by_id:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Neither topic name nor id were specified.")
    if asked.name is not None and is_by_id:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "You may not specify both topic name and topic id.")
    if count > 1:
        what = "topic id." if is_by_id else "topic name."
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"Duplicate {what}")
    if is_by_id:
        topic = context.topics.find_by_id(asked.topic_id)
        if topic is None:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    else:
        topic = context.topics.find(asked.name or "")
        if topic is None:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    context.topics.delete(topic)
    context.groups.note_topics_deleted([topic.name])
    return topic.name, topic.topic_id
