"""OffsetCommit 2-10: where a group has got to, answered once it is in the log."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from ..context import Context
from ..coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topics.topics import Topic

GROUP_NOT_FOUND_FROM = 9
MEMBER_EPOCH_FROM = 9  # KIP-848
TOPIC_IDS_FROM = 10
PARTITIONS_AT_ONCE = 100

# For each partition of the request, in its order: its error, or None where the group decides.
Refusals = list[ErrorCode | None]


def handle_offset_commit(
    request: OffsetCommitRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[OffsetCommitResponse] | OffsetCommitResponse]:
    """Commit what exists; what does not is refused on its own, and the group is then not asked about it."""
    refusals, offsets = yield from _sorted_out(request, version, context)
    if not offsets:
        response = yield from _response(request, refusals, [])
        return response
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
        has_member_epoch=version >= MEMBER_EPOCH_FROM,
    )
    encoded = yield from context.groups.encode(commit)
    deferred: Deferred[OffsetCommitResponse] = Deferred()
    future = ResponseFuture[Sequence[ErrorCode]](
        lambda errors: context.slices.start(_response(request, refusals, errors), deferred.answer, deferred.fail),
        lambda code: [code] * len(offsets),
    )
    context.groups.commit(commit, encoded, future)
    return deferred


def _sorted_out(
    request: OffsetCommitRequest, version: int, context: Context
) -> Steps[tuple[Refusals, list[OffsetToCommit]]]:
    missing = ErrorCode.UNKNOWN_TOPIC_ID if version >= TOPIC_IDS_FROM else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    refusals: Refusals = []
    offsets: list[OffsetToCommit] = []
    for asked in request.topics:
        topic = _find_topic(asked, version, context)
        for at in range(0, len(asked.partitions), PARTITIONS_AT_ONCE):
            yield
            for partition in asked.partitions[at : at + PARTITIONS_AT_ONCE]:
                if topic is None:
                    refusals.append(missing)
                elif not topic.has_partition(partition.partition_index):
                    refusals.append(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
                else:
                    refusals.append(None)
                    offsets.append(_offset(partition, topic))
    return refusals, offsets


def _find_topic(asked: OffsetCommitRequestTopic, version: int, context: Context) -> Topic | None:
    if version >= TOPIC_IDS_FROM:
        return context.topics.find_by_id(asked.topic_id)
    return context.topics.find(asked.name)


def _offset(partition: OffsetCommitRequestPartition, topic: Topic) -> OffsetToCommit:
    return OffsetToCommit(
        topic.name,
        partition.partition_index,
        partition.committed_offset,
        partition.committed_leader_epoch,
        partition.committed_metadata or "",
        topic.topic_id,
    )


def _response(
    request: OffsetCommitRequest, refusals: Refusals, errors: Sequence[ErrorCode]
) -> Steps[OffsetCommitResponse]:
    answered = iter(errors)
    codes = iter(next(answered) if refusal is None else refusal for refusal in refusals)
    topics: list[OffsetCommitResponseTopic] = []
    for asked in request.topics:
        partitions: list[OffsetCommitResponsePartition] = []
        for at in range(0, len(asked.partitions), PARTITIONS_AT_ONCE):
            yield
            partitions += [
                OffsetCommitResponsePartition(partition_index=partition.partition_index, error_code=next(codes))
                for partition in asked.partitions[at : at + PARTITIONS_AT_ONCE]
            ]
        topics.append(OffsetCommitResponseTopic(name=asked.name, topic_id=asked.topic_id, partitions=partitions))
    return OffsetCommitResponse(topics=topics)
