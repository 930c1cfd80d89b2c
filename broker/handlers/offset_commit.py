"""OffsetCommit 2-10: where a group has got to, answered once it is in the log."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from ..context import Context
from ..coordination.groups.offsets import OffsetCommit, OffsetToCommit
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session
from ..topics.topics import Topic

GROUP_NOT_FOUND_FROM = 9
TOPIC_IDS_FROM = 10


def handle_offset_commit(
    request: OffsetCommitRequest, version: int, session: Session, context: Context
) -> Deferred[OffsetCommitResponse] | OffsetCommitResponse:
    """Commit what exists; what does not is refused on its own, and the group is then not asked about it."""
    topics = [_find_topic(asked, version, context) for asked in request.topics]
    offsets = [
        offset
        for asked, topic in zip(request.topics, topics, strict=True)
        if topic is not None
        for offset in _offsets(asked, topic)
    ]
    if not offsets:
        return _response(request, topics, [], version)
    deferred: Deferred[OffsetCommitResponse] = Deferred()
    commit = OffsetCommit(
        group_id=request.group_id,
        generation=request.generation_id_or_member_epoch,
        member_id=request.member_id,
        group_instance_id=request.group_instance_id,
        offsets=offsets,
        unknown_group=(
            ErrorCode.GROUP_ID_NOT_FOUND if version >= GROUP_NOT_FOUND_FROM else ErrorCode.ILLEGAL_GENERATION
        ),
        retention_ms=request.retention_time_ms,
    )
    future = ResponseFuture[Sequence[ErrorCode]](
        lambda errors: deferred.answer(_response(request, topics, errors, version)),
        lambda code: [code] * len(offsets),
    )
    context.groups.commit(commit, future)
    return deferred


def _find_topic(asked: OffsetCommitRequestTopic, version: int, context: Context) -> Topic | None:
    if version >= TOPIC_IDS_FROM:
        return context.topics.find_by_id(asked.topic_id)
    return context.topics.find(asked.name)


def _offsets(asked: OffsetCommitRequestTopic, topic: Topic) -> list[OffsetToCommit]:
    return [
        OffsetToCommit(
            topic.name,
            partition.partition_index,
            partition.committed_offset,
            partition.committed_leader_epoch,
            partition.committed_metadata or "",
            topic.topic_id,
        )
        for partition in asked.partitions
        if topic.has_partition(partition.partition_index)
    ]


def _response(
    request: OffsetCommitRequest, topics: Sequence[Topic | None], errors: Sequence[ErrorCode], version: int
) -> OffsetCommitResponse:
    answered = iter(errors)
    missing = ErrorCode.UNKNOWN_TOPIC_ID if version >= TOPIC_IDS_FROM else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION

    def error_of(topic: Topic | None, index: int) -> ErrorCode:
        if topic is None:
            return missing
        return next(answered) if topic.has_partition(index) else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION

    return OffsetCommitResponse(
        topics=[
            OffsetCommitResponseTopic(
                name=asked.name,
                topic_id=asked.topic_id,
                partitions=[
                    OffsetCommitResponsePartition(
                        partition_index=partition.partition_index,
                        error_code=error_of(topic, partition.partition_index),
                    )
                    for partition in asked.partitions
                ],
            )
            for asked, topic in zip(request.topics, topics, strict=True)
        ]
    )
