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


def handle_offset_delete(
    request: OffsetDeleteRequest, version: int, session: Session, context: Context
) -> Deferred[OffsetDeleteResponse] | OffsetDeleteResponse:
    """Delete what exists; an unknown partition is refused on its own."""
    deferred: Deferred[OffsetDeleteResponse] = Deferred()
    asked = [(topic.name, partition.partition_index) for topic in request.topics for partition in topic.partitions]
    known = [at for at in asked if _is_there(at, context)]

    def deliver(errors: Sequence[ErrorCode]) -> None:
        deferred.answer(_response(request, known, errors))

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
) -> OffsetDeleteResponse:
    answers = dict(zip(known, errors, strict=True))
    return OffsetDeleteResponse(
        topics=[
            OffsetDeleteResponseTopic(
                name=topic.name,
                partitions=[
                    OffsetDeleteResponsePartition(
                        partition_index=partition.partition_index,
                        error_code=answers.get(
                            (topic.name, partition.partition_index), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                        ),
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
