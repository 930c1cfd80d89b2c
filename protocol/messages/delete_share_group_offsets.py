"""DeleteShareGroupOffsets (92): forget a share group's topics (KIP-932)."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested, uuid


@nested
class DeleteShareGroupOffsetsRequestTopic:
    topic_name: str


@message(api_key=92, versions="0", flexible="0+")
class DeleteShareGroupOffsetsRequest:
    """The topics that an empty share group is to forget."""

    group_id: str
    topics: Sequence[DeleteShareGroupOffsetsRequestTopic] = ()


@nested
class DeleteShareGroupOffsetsResponseTopic:
    topic_name: str
    topic_id: uuid
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=92, versions="0", flexible="0+")
class DeleteShareGroupOffsetsResponse:
    """Per topic, whether it was forgotten."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    responses: Sequence[DeleteShareGroupOffsetsResponseTopic] = ()
