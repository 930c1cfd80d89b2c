"""OffsetDelete 0: remove the offsets of partitions that no member of the group reads."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from ..context import Context
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps

PARTITIONS_AT_ONCE = 100


def handle_offset_delete(
    request: OffsetDeleteRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[OffsetDeleteResponse] | OffsetDeleteResponse]:
    """Delete what exists; an unknown partition is refused on its own."""
    deferred: Deferred[OffsetDeleteResponse] = Deferred()
    known: list[tuple[str, int]] = []
    for topic in request.topics:
        for at in range(0, len(topic.partitions), PARTITIONS_AT_ONCE):
            yield
            asked = topic.partitions[at : at + PARTITIONS_AT_ONCE]
            named = ((topic.name, partition.partition_index) for partition in asked)
            known += [one for one in named if _is_there(one, context)]

    def deliver(errors: Sequence[ErrorCode]) -> None:
        context.slices.start(_response(request, known, errors), deferred.answer, deferred.fail)

    future = ResponseFuture[Sequence[ErrorCode]](deliver, lambda code: [code] * len(known))
    try:
        context.groups.delete_offsets(request.group_id, known, future)
    except KafkaError as error:
        return OffsetDeleteResponse(error_code=error.code)
    return deferred


def _is_there(at: tuple[str, int], context: Context) -> bool:
    topic = context.topics.find(at[0])
    return topic is not None and topic.has_partition(at[1])


def _response(
    request: OffsetDeleteRequest, known: Sequence[tuple[str, int]], errors: Sequence[ErrorCode]
) -> Steps[OffsetDeleteResponse]:
    answers = dict(zip(known, errors, strict=True))
    topics: list[OffsetDeleteResponseTopic] = []
    for topic in request.topics:
        partitions: list[OffsetDeleteResponsePartition] = []
        for at in range(0, len(topic.partitions), PARTITIONS_AT_ONCE):
            yield
            for asked in topic.partitions[at : at + PARTITIONS_AT_ONCE]:
                index = asked.partition_index
                code = answers.get((topic.name, index), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
                partitions.append(OffsetDeleteResponsePartition(partition_index=index, error_code=code))
        topics.append(OffsetDeleteResponseTopic(name=topic.name, partitions=partitions))
    return OffsetDeleteResponse(topics=topics)
