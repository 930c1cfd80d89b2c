"""AlterShareGroupOffsets 0: move the start of the partitions of a share group that has no members (KIP-932)."""

from collections.abc import Mapping

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_share_group_offsets import (
    AlterShareGroupOffsetsRequest,
    AlterShareGroupOffsetsResponse,
    AlterShareGroupOffsetsResponsePartition,
    AlterShareGroupOffsetsResponseTopic,
)
from ..context import Context
from ..coordination.groups.share.offsets import AlteredOffsets, TopicOutcome
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_alter_share_group_offsets(
    request: AlterShareGroupOffsetsRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[AlterShareGroupOffsetsResponse] | AlterShareGroupOffsetsResponse]:
    """Move what exists; the answer comes when it is moved."""
    if not context.has_share_groups():
        return _refused(ErrorCode.UNSUPPORTED_VERSION, ErrorCode.UNSUPPORTED_VERSION.message)
    if not request.group_id:
        return _refused(ErrorCode.INVALID_GROUP_ID, ErrorCode.INVALID_GROUP_ID.message)
    unknown: dict[str, Mapping[int, ErrorCode]] = {}
    offsets: dict[str, dict[int, int]] = {}
    for topic in request.topics:
        yield
        indexes = {one.partition_index: one.start_offset for one in topic.partitions}
        if context.topics.find(topic.topic_name) is None:
            unknown[topic.topic_name] = dict.fromkeys(indexes, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        else:
            offsets[topic.topic_name] = indexes
    deferred: Deferred[AlterShareGroupOffsetsResponse] = Deferred()

    def answer(altered: AlteredOffsets) -> None:
        if altered.error is not ErrorCode.NONE:
            deferred.answer(_refused(altered.error, altered.message))
            return
        topics = [*(TopicOutcome(name, partitions=errors) for name, errors in unknown.items()), *altered.topics]
        deferred.answer(AlterShareGroupOffsetsResponse(responses=[_topic(topic) for topic in topics]))

    future = ResponseFuture(answer, lambda code: AlteredOffsets(error=code, message=code.message))
    context.share_groups.alter_offsets(request.group_id, offsets, future)
    return deferred


def _refused(code: ErrorCode, message: str | None) -> AlterShareGroupOffsetsResponse:
    return AlterShareGroupOffsetsResponse(error_code=code, error_message=message)


def _topic(topic: TopicOutcome) -> AlterShareGroupOffsetsResponseTopic:
    return AlterShareGroupOffsetsResponseTopic(
        topic_name=topic.name,
        topic_id=topic.topic_id,
        partitions=[
            AlterShareGroupOffsetsResponsePartition(
                partition_index=index,
                error_code=code,
                error_message=None if code is ErrorCode.NONE else code.message,
            )
            for index, code in (topic.partitions or {}).items()
        ],
    )
