"""DeleteShareGroupOffsets 0: a share group that has no members forgets topics (KIP-932)."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_share_group_offsets import (
    DeleteShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsResponse,
    DeleteShareGroupOffsetsResponseTopic,
)
from ..context import Context
from ..coordination.groups.share.offsets import TopicOutcome
from ..deferred import Deferred
from ..session import Session


def handle_delete_share_group_offsets(
    request: DeleteShareGroupOffsetsRequest, version: int, session: Session, context: Context
) -> Deferred[DeleteShareGroupOffsetsResponse] | DeleteShareGroupOffsetsResponse:
    """Delete the stored state of each topic; the answer comes when it is gone."""
    if not context.has_share_groups():
        return _refused(ErrorCode.UNSUPPORTED_VERSION, ErrorCode.UNSUPPORTED_VERSION.message)
    if not request.group_id:
        return _refused(ErrorCode.INVALID_GROUP_ID, ErrorCode.INVALID_GROUP_ID.message)
    deferred: Deferred[DeleteShareGroupOffsetsResponse] = Deferred()

    def answer(code: ErrorCode, message: str | None, topics: Sequence[TopicOutcome]) -> None:
        if code is not ErrorCode.NONE:
            deferred.answer(_refused(code, message))
            return
        deferred.answer(
            DeleteShareGroupOffsetsResponse(
                responses=[
                    DeleteShareGroupOffsetsResponseTopic(
                        topic_name=topic.name,
                        topic_id=topic.topic_id,
                        error_code=topic.error,
                        error_message=topic.message,
                    )
                    for topic in topics
                ]
            )
        )

    context.share_groups.delete_offsets(request.group_id, [topic.topic_name for topic in request.topics], answer)
    return deferred


def _refused(code: ErrorCode, message: str | None) -> DeleteShareGroupOffsetsResponse:
    return DeleteShareGroupOffsetsResponse(error_code=code, error_message=message)
