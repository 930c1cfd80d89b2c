"""DescribeShareGroupOffsets 0-1: where share groups stand, and how far behind the end they are (KIP-932)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
    DescribeShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponseGroup,
    DescribeShareGroupOffsetsResponsePartition,
    DescribeShareGroupOffsetsResponseTopic,
)
from ..context import Context
from ..coordination.groups.share.service import Summaries
from ..coordination.share_state.requests import NO_COUNT, NO_START_OFFSET, StateSummary
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topics.high_watermarks import Ends

PARTITIONS_AT_ONCE = 64
UNKNOWN_LAG = -1


@dataclass(slots=True)
class _Asked:
    """The topics of one group: those that exist, in order, and those that do not."""

    group_id: str
    topics: dict[tuple[str, bytes], Sequence[int]]
    unknown: dict[str, Sequence[int]]


def handle_describe_share_group_offsets(
    request: DescribeShareGroupOffsetsRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[DescribeShareGroupOffsetsResponse] | DescribeShareGroupOffsetsResponse]:
    """Describe each group; what has no offset is no error."""
    deferred: Deferred[DescribeShareGroupOffsetsResponse] = Deferred()
    answers: list[DescribeShareGroupOffsetsResponseGroup | None] = [None] * len(request.groups)
    left = len(request.groups) + 1

    def note(at: int, answer: DescribeShareGroupOffsetsResponseGroup | None) -> None:
        nonlocal left
        if answer is not None:
            answers[at] = answer
        left -= 1
        if not left:
            deferred.answer(DescribeShareGroupOffsetsResponse(groups=[one for one in answers if one is not None]))

    if not context.has_share_groups():
        code = ErrorCode.UNSUPPORTED_VERSION
        return DescribeShareGroupOffsetsResponse(
            groups=[
                DescribeShareGroupOffsetsResponseGroup(group_id=group.group_id, error_code=code)
                for group in request.groups
            ]
        )
    for at, group in enumerate(request.groups):
        _describe(group, context, partial(note, at))
        yield
    note(0, None)
    return deferred


def _describe(
    group: DescribeShareGroupOffsetsRequestGroup,
    context: Context,
    then: Callable[[DescribeShareGroupOffsetsResponseGroup], None],
) -> None:
    try:
        asked = _asked(group, context)
    except KafkaError as error:
        _fail(group.group_id, then, error)
        return

    def answer(found: Summaries) -> None:
        names = {topic_id: name for name, topic_id in asked.topics}
        wanted = [(names[topic_id], index) for (topic_id, index), summary in found.items() if _has_lag(summary)]
        context.high_watermarks.find(wanted, partial(answer_with, found))

    def answer_with(found: Summaries, ends: Ends) -> None:
        context.slices.start(_answer(asked, found, ends), then, partial(_fail, group.group_id, then))

    partitions = [(topic_id, index) for (_, topic_id), indexes in asked.topics.items() for index in indexes]
    context.share_groups.summaries(group.group_id, partitions, answer)


def _asked(group: DescribeShareGroupOffsetsRequestGroup, context: Context) -> _Asked:
    """What is asked of a group: without topics all that has begun.

    NOT_COORDINATOR where that is not known; for what no state can be of, Kafka has an error that it has not expected.
    """
    asked = _Asked(group.group_id, {}, {})
    if group.topics is None:
        context.groups.check_served(group.group_id)
        names = context.metadata.image.names
        for topic_id, indexes in context.share_groups.begun_partitions(group.group_id).items():
            if topic_id in names:
                asked.topics[names[topic_id], topic_id] = sorted(indexes)
        return asked
    for wanted in group.topics:
        topic = context.topics.find(wanted.topic_name)
        if topic is None:
            asked.unknown[wanted.topic_name] = wanted.partitions
        else:
            asked.topics[wanted.topic_name, topic.topic_id] = sorted(set(wanted.partitions))
    wanted_indexes = [index for indexes in asked.topics.values() for index in indexes]
    if wanted_indexes and (not group.group_id or min(wanted_indexes) < 0):
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    return asked


def _answer(asked: _Asked, found: Summaries, ends: Ends) -> Steps[DescribeShareGroupOffsetsResponseGroup]:
    topics: list[DescribeShareGroupOffsetsResponseTopic] = []
    for (name, topic_id), indexes in asked.topics.items():
        partitions: list[DescribeShareGroupOffsetsResponsePartition] = []
        for at in range(0, len(indexes), PARTITIONS_AT_ONCE):
            yield
            partitions += [
                _partition(name, index, found[topic_id, index], ends) for index in indexes[at : at + PARTITIONS_AT_ONCE]
            ]
        topics.append(DescribeShareGroupOffsetsResponseTopic(topic_name=name, topic_id=topic_id, partitions=partitions))
    for name, indexes in asked.unknown.items():
        nowhere = [
            DescribeShareGroupOffsetsResponsePartition(partition_index=index, start_offset=NO_START_OFFSET)
            for index in indexes
        ]
        topics.append(DescribeShareGroupOffsetsResponseTopic(topic_name=name, topic_id=bytes(16), partitions=nowhere))
    return DescribeShareGroupOffsetsResponseGroup(group_id=asked.group_id, topics=topics)


def _has_lag(summary: StateSummary) -> bool:
    """Whether it is known how many records have been dealt with."""
    is_known = summary.start_offset != NO_START_OFFSET and summary.delivery_complete_count != NO_COUNT
    return summary.error is ErrorCode.NONE and is_known


def _partition(name: str, index: int, summary: StateSummary, ends: Ends) -> DescribeShareGroupOffsetsResponsePartition:
    if summary.error is not ErrorCode.NONE:
        return DescribeShareGroupOffsetsResponsePartition(partition_index=index, start_offset=NO_START_OFFSET)
    lag = UNKNOWN_LAG
    if _has_lag(summary):
        end = ends[name, index]
        if isinstance(end, KafkaError):
            return DescribeShareGroupOffsetsResponsePartition(
                partition_index=index, error_code=end.code, error_message=end.code.message
            )
        lag = end - summary.start_offset - summary.delivery_complete_count
    return DescribeShareGroupOffsetsResponsePartition(
        partition_index=index, start_offset=summary.start_offset, leader_epoch=summary.leader_epoch, lag=lag
    )


def _fail(group_id: str, then: Callable[[DescribeShareGroupOffsetsResponseGroup], None], error: Exception) -> None:
    code = error.code if isinstance(error, KafkaError) else ErrorCode.UNKNOWN_SERVER_ERROR
    then(DescribeShareGroupOffsetsResponseGroup(group_id=group_id, error_code=code, error_message=code.message))
