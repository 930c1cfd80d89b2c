"""Moving and deleting the offsets of share groups that have no members: what is to be done to the stored state.

The one rule: first the group's log says what is to be done, then it is done, then the log says that it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.uuid_text import encode_uuid
from ...result import CoordinatorResult
from ..modern.topics_view import TopicsView
from .group import ShareGroup
from .heartbeat_request import StatesToBegin
from .records import state_partitions_record
from .state_partitions import UNKNOWN_NAME, NamedPartitions, StatePartitions, Topics

Offsets = Mapping[str, Mapping[int, int]]
"""Offsets by topic name and partition."""


@dataclass(frozen=True, slots=True)
class TopicOutcome:
    """What becomes of one topic of a request; of partitions, where those are asked about."""

    name: str
    topic_id: bytes = bytes(16)
    error: ErrorCode = ErrorCode.NONE
    message: str | None = None
    partitions: Mapping[int, ErrorCode] | None = None


@dataclass(frozen=True, slots=True)
class AlteredOffsets:
    """What can be answered of an AlterShareGroupOffsets, and what is to be done first."""

    topics: Sequence[TopicOutcome] = ()
    to_begin: StatesToBegin | None = None
    error: ErrorCode = ErrorCode.NONE
    message: str | None = None


@dataclass(frozen=True, slots=True)
class StatesToDelete:
    """What can be answered of a DeleteShareGroupOffsets or a DeleteGroups, and what is to be done first."""

    topics: Topics
    refused: Sequence[TopicOutcome] = ()
    error: ErrorCode = ErrorCode.NONE
    message: str | None = None


def alter_offsets(group: ShareGroup, offsets: Offsets, topics: TopicsView) -> CoordinatorResult[AlteredOffsets]:
    """The states of these partitions are to begin anew; NON_EMPTY_GROUP.

    A partition below 0 Kafka takes for an error that it has not expected, after it has written the partition down.
    """
    group.check_delete()
    outcomes: list[TopicOutcome] = []
    initializing: dict[bytes, NamedPartitions] = {}
    to_begin: dict[bytes, dict[int, int]] = {}
    for name, wanted in offsets.items():
        topic = topics.find(name)
        there = 0 if topic is None else topic.partitions
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        errors = {index: ErrorCode.NONE if index < there else unknown for index in wanted}
        if topic is None:
            outcomes.append(TopicOutcome(name, partitions=errors))
            continue
        outcomes.append(TopicOutcome(name, topic.topic_id, partitions=errors))
        known = {index: offset for index, offset in wanted.items() if index < there}
        if known and min(known) < 0:
            why = "Initialize share group parameters has invalid partitionId - {} {} {}"
            where = group.group_id, encode_uuid(topic.topic_id), min(known)
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, why.format(*where))
        initializing[topic.topic_id] = NamedPartitions(name, frozenset(known))
        if known:
            to_begin[topic.topic_id] = known
    state = group.states.with_initializing(initializing)
    return CoordinatorResult(
        [state_partitions_record(group.group_id, state)] if initializing else [],
        AlteredOffsets(outcomes, StatesToBegin(group.group_id, group.epoch, to_begin)),
    )


def delete_offsets(group: ShareGroup, names: Sequence[str], topics: TopicsView) -> CoordinatorResult[StatesToDelete]:
    """The states of these topics are to be deleted; NON_EMPTY_GROUP."""
    group.check_delete()
    state = group.state_partitions
    if state is None:
        return CoordinatorResult(response=StatesToDelete({}))
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    refused: list[TopicOutcome] = []
    going: dict[bytes, NamedPartitions] = {}
    for name in names:
        topic = topics.find(name)
        if topic is None:
            refused.append(TopicOutcome(name, error=unknown, message=unknown.message))
        elif (begun := state.initialized.get(topic.topic_id)) is not None:
            going[topic.topic_id] = NamedPartitions(name, begun.partitions)
        elif topic.topic_id in state.deleting:
            going[topic.topic_id] = NamedPartitions(name, frozenset(range(topic.partitions)))
        else:
            message = "There is no offset information to delete."
            refused.append(TopicOutcome(name, error=unknown, message=message))
    changed = StatePartitions(
        state.initializing,
        {topic_id: topic for topic_id, topic in state.initialized.items() if topic_id not in going},
        _named({*state.deleting, *going}, topics),
    )
    return CoordinatorResult([state_partitions_record(group.group_id, changed)], StatesToDelete(going, refused))


def deleted(group: ShareGroup, topic_ids: Collection[bytes], topics: TopicsView) -> CoordinatorResult[None]:
    """The states of these topics are gone."""
    state = group.state_partitions
    if state is None:
        return CoordinatorResult()
    left = _named([topic_id for topic_id in state.deleting if topic_id not in topic_ids], topics)
    changed = StatePartitions(state.initializing, state.initialized, left)
    return CoordinatorResult([state_partitions_record(group.group_id, changed)])


def delete_all(group: ShareGroup, topics: TopicsView) -> CoordinatorResult[StatesToDelete]:
    """The group is to be deleted, and first its states; NON_EMPTY_GROUP."""
    group.check_delete()
    if group.state_partitions is None:
        return CoordinatorResult(response=StatesToDelete({}))
    going = group.state_partitions.to_delete(topics)
    changed = StatePartitions(deleting={topic_id: topic.name for topic_id, topic in going.items()})
    return CoordinatorResult([state_partitions_record(group.group_id, changed)], StatesToDelete(going))


def begun(group: ShareGroup, done: StatesToBegin, topics: TopicsView) -> CoordinatorResult[None]:
    """The states of these partitions are there; of topics that are gone meanwhile they do not count."""
    there = {topic_id: topic for topic_id, topic in _partitions_of(done, topics).items() if topic.name != UNKNOWN_NAME}
    if not there:
        return CoordinatorResult()
    state = group.states.with_initialized(there)
    renamed = StatePartitions(state.initializing, state.initialized, _named(state.deleting, topics))
    return CoordinatorResult([state_partitions_record(group.group_id, renamed)])


def not_begun(group: ShareGroup, failed: StatesToBegin, topics: TopicsView) -> CoordinatorResult[None]:
    """Some of these could not get a state: none of them counts as asked for any more."""
    state = group.states
    if not state.initializing:
        return CoordinatorResult()
    left = state.without_initializing(_partitions_of(failed, topics))
    renamed = StatePartitions(left.initializing, left.initialized, _named(left.deleting, topics))
    return CoordinatorResult([state_partitions_record(group.group_id, renamed)])


def without_topics(group: ShareGroup, topic_ids: frozenset[bytes], topics: TopicsView) -> CoordinatorResult[None]:
    """These topics are gone."""
    state = group.state_partitions
    if state is None or topic_ids.isdisjoint({*state.initializing, *state.initialized, *state.deleting}):
        return CoordinatorResult()
    left = state.without_topics(topic_ids)
    renamed = StatePartitions(left.initializing, left.initialized, _named(left.deleting, topics))
    return CoordinatorResult([state_partitions_record(group.group_id, renamed)])


def _partitions_of(done: StatesToBegin, topics: TopicsView) -> Topics:
    return {
        topic_id: NamedPartitions(topics.name_of(topic_id) or UNKNOWN_NAME, frozenset(offsets))
        for topic_id, offsets in done.offsets.items()
    }


def _named(topic_ids: Collection[bytes], topics: TopicsView) -> dict[bytes, str]:
    return {topic_id: topics.name_of(topic_id) or UNKNOWN_NAME for topic_id in topic_ids}
