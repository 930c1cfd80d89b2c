"""DeleteTopics (20): delete topics by name or by id."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, field, i16, i32, message, nested, uuid


@nested
class DeleteTopicState:
    name: str | None = None
    topic_id: uuid


@message(api_key=20, versions="1-6", flexible="4+")
class DeleteTopicsRequest:
    """The topics to delete."""

    topics: Sequence[DeleteTopicState] = field(default=(), versions="6+")
    topic_names: Sequence[str] = field(default=(), versions="0-5")
    timeout_ms: i32 = 0


@nested
class DeletableTopicResult:
    name: str | None = field(nullable="6+")
    topic_id: uuid = field(default=ZERO_UUID, versions="6+")
    error_code: i16 = 0
    error_message: str | None = field(default=None, versions="5+")


@message(api_key=20, versions="1-6", flexible="4+")
class DeleteTopicsResponse:
    """Per topic, whether it was deleted."""

    throttle_time_ms: i32 = 0
    responses: Sequence[DeletableTopicResult] = ()
