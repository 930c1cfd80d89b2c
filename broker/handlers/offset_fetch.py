"""OffsetFetch 1-10: what groups have committed; one group below version 8, many from there on.

From version 9 on, a member of a consumer group (KIP-848) tells who it is, and is refused with an epoch that is not its.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from ..context import Context
from ..coordination.coordinator_errors import coordinator_error
from ..coordination.groups.offset_records import CommittedOffset
from ..countdown import Countdown
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topics.topics import Topic

ERROR_FROM = 2
MANY_FROM = 8
TOPIC_IDS_FROM = 10

PARTITIONS_AT_ONCE = 64

Found = tuple[ErrorCode, CommittedOffset]
NOTHING = CommittedOffset(-1, -1, "", -1)


def handle_offset_fetch(
    request: OffsetFetchRequest, version: int, session: Session, context: Context
) -> Steps[OffsetFetchResponse | Deferred[OffsetFetchResponse]]:
    """Answer each partition; what was never committed is offset -1 and no error."""
    if context.nodes.has_several:
        return _when_settled(request, version, context)
    return (yield from _fetched(request, version, context, {}))


def _when_settled(request: OffsetFetchRequest, version: int, context: Context) -> Deferred[OffsetFetchResponse]:
    """Of several brokers: what is not replicated yet may be lost with this one, and must not be seen before."""
    deferred: Deferred[OffsetFetchResponse] = Deferred()
    names = {request.group_id} if version < MANY_FROM else {group.group_id for group in request.groups}
    unsettled: dict[str, ErrorCode] = {}

    def fetch() -> None:
        context.slices.start(_fetched(request, version, context, unsettled), deferred.answer, deferred.fail)

    countdown = Countdown(len(names), fetch)

    def settled(name: str, error: KafkaError | None) -> None:
        if error is not None:
            unsettled[name] = coordinator_error(error.code)
        countdown.count_down()

    for name in names:
        context.groups.when_settled(name, partial(settled, name))
    return deferred


def _fetched(
    request: OffsetFetchRequest, version: int, context: Context, unsettled: Mapping[str, ErrorCode]
) -> Steps[OffsetFetchResponse]:
    if version < MANY_FROM:
        try:
            life = _begin_reading(request.group_id, context, unsettled)
            topics = yield from _one_group(request, context)
            _check_life(request.group_id, context, life)
        except KafkaError as error:
            return _refused(request, error.code, version)
        return OffsetFetchResponse(topics=topics)
    answers: list[OffsetFetchResponseGroup] = []
    # A group may be named again and again: all that it committed is looked up once, and kept in memory once.
    whole: dict[tuple[str, str | None, int], OffsetFetchResponseGroup] = {}
    for group in request.groups:
        answer = whole.get((group.group_id, group.member_id, group.member_epoch)) if group.topics is None else None
        if answer is None:
            answer = yield from _answer(group, request, version, context, unsettled)
            if group.topics is None:
                whole[group.group_id, group.member_id, group.member_epoch] = answer
        answers.append(answer)
    return OffsetFetchResponse(groups=answers)


def _begin_reading(group_id: str, context: Context, unsettled: Mapping[str, ErrorCode]) -> int:
    """The life of the group that is read from. NOT_COORDINATOR and the like."""
    context.groups.check_served(group_id)
    if group_id in unsettled:
        raise KafkaError(unsettled[group_id])
    return context.groups.life(group_id)


def _check_life(group_id: str, context: Context, life: int) -> None:
    """NOT_COORDINATOR where the group has gone meanwhile, and offsets seem never to have been committed."""
    if context.groups.life(group_id) != life:
        raise KafkaError(ErrorCode.NOT_COORDINATOR)


def _answer(
    group: OffsetFetchRequestGroup,
    request: OffsetFetchRequest,
    version: int,
    context: Context,
    unsettled: Mapping[str, ErrorCode],
) -> Steps[OffsetFetchResponseGroup]:
    try:
        life = _begin_reading(group.group_id, context, unsettled)
        context.groups.check_fetch(group.group_id, group.member_id, group.member_epoch)
        topics = yield from _topics_of(group, request.require_stable, version, context)
        _check_life(group.group_id, context, life)
    except KafkaError as error:
        return OffsetFetchResponseGroup(group_id=group.group_id, error_code=error.code)
    return OffsetFetchResponseGroup(group_id=group.group_id, topics=topics)


def _refused(request: OffsetFetchRequest, code: ErrorCode, version: int) -> OffsetFetchResponse:
    """An error for all of the group; before version 2 each partition has to say it."""
    if version >= ERROR_FROM:
        return OffsetFetchResponse(error_code=code)
    return OffsetFetchResponse(
        topics=[
            OffsetFetchResponseTopic(
                name=topic.name,
                partitions=[
                    OffsetFetchResponsePartition(
                        partition_index=index, committed_offset=-1, metadata="", error_code=code
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in request.topics or ()
        ]
    )


def _one_group(request: OffsetFetchRequest, context: Context) -> Steps[Sequence[OffsetFetchResponseTopic]]:
    asked: Iterable[tuple[str, Sequence[int]]]
    if request.topics is None:
        asked = context.groups.committed_partitions(request.group_id)
    else:
        asked = ((topic.name, topic.partition_indexes) for topic in request.topics)
    answers: list[OffsetFetchResponseTopic] = []
    for name, indexes in asked:
        topic = context.topics.find(name)
        found = yield from _find_all(request.group_id, name, topic, indexes, request.require_stable, context)
        partitions = [
            OffsetFetchResponsePartition(
                partition_index=index,
                committed_offset=offset.offset,
                committed_leader_epoch=offset.leader_epoch,
                metadata=offset.metadata,
                error_code=error,
            )
            for index, (error, offset) in zip(indexes, found, strict=True)
        ]
        answers.append(OffsetFetchResponseTopic(name=name, partitions=partitions))
    return answers


def _topics_of(
    group: OffsetFetchRequestGroup, require_stable: bool, version: int, context: Context
) -> Steps[Sequence[OffsetFetchResponseTopics]]:
    answers: list[OffsetFetchResponseTopics] = []
    if group.topics is None:
        for name, known in context.groups.committed_partitions(group.group_id):
            topic = context.topics.find(name)
            if topic is not None:
                found = yield from _find_all(group.group_id, name, topic, known, require_stable, context)
                answers.append(_topic(name, topic.topic_id, known, found))
            elif version < TOPIC_IDS_FROM:
                found = yield from _find_all(group.group_id, name, None, known, require_stable, context)
                answers.append(_topic(name, bytes(16), known, found))
        return answers
    for asked in group.topics:
        indexes: Sequence[int] = asked.partition_indexes
        if version >= TOPIC_IDS_FROM:
            topic = context.topics.find_by_id(asked.topic_id)
            if topic is None:
                found = [(ErrorCode.UNKNOWN_TOPIC_ID, NOTHING)] * len(indexes)
                answers.append(_topic("", asked.topic_id, indexes, found))
                continue
            name = topic.name
        else:
            name = asked.name
            topic = context.topics.find(name)
        found = yield from _find_all(group.group_id, name, topic, indexes, require_stable, context)
        answers.append(_topic(name, asked.topic_id, indexes, found))
    return answers


def _topic(name: str, topic_id: bytes, indexes: Sequence[int], found: Sequence[Found]) -> OffsetFetchResponseTopics:
    return OffsetFetchResponseTopics(
        name=name,
        topic_id=topic_id,
        partitions=[
            OffsetFetchResponsePartitions(
                partition_index=index,
                committed_offset=offset.offset,
                committed_leader_epoch=offset.leader_epoch,
                metadata=offset.metadata,
                error_code=error,
            )
            for index, (error, offset) in zip(indexes, found, strict=True)
        ],
    )


def _find_all(
    group_id: str, name: str, topic: Topic | None, indexes: Sequence[int], require_stable: bool, context: Context
) -> Steps[Sequence[Found]]:
    found: list[Found] = []
    for at in range(0, len(indexes), PARTITIONS_AT_ONCE):
        yield
        some = indexes[at : at + PARTITIONS_AT_ONCE]
        found += [_find(group_id, name, topic, index, require_stable, context) for index in some]
    return found


def _find(group_id: str, name: str, topic: Topic | None, index: int, require_stable: bool, context: Context) -> Found:
    if require_stable and context.groups.is_offset_pending(group_id, name, index):
        return ErrorCode.UNSTABLE_OFFSET_COMMIT, NOTHING
    found = context.groups.find_offset(group_id, name, index)
    if found is None:
        return ErrorCode.NONE, NOTHING
    # Committed for an earlier topic of the same name: it says nothing about this one.
    if topic is not None and found.topic_id not in (bytes(16), topic.topic_id):
        return ErrorCode.NONE, NOTHING
    return ErrorCode.NONE, found
