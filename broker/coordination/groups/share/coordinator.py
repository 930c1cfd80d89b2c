"""The share kind of group (KIP-932): its heartbeats, records and timers."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

from .....protocol.errors import KafkaError
from .....protocol.share_group_records import (
    ShareGroupCurrentMemberAssignmentKey,
    ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataKey,
    ShareGroupMemberMetadataValue,
    ShareGroupMetadataKey,
    ShareGroupMetadataValue,
    ShareGroupStatePartitionMetadataKey,
    ShareGroupStatePartitionMetadataValue,
    ShareGroupTargetAssignmentMemberKey,
    ShareGroupTargetAssignmentMemberValue,
    ShareGroupTargetAssignmentMetadataKey,
    ShareGroupTargetAssignmentMetadataValue,
)
from ...result import CoordinatorResult, Instant, Record, ResponseFuture
from ...timers import Deadlines
from ..group import Group
from ..kind import Decide, TimerKey
from ..modern.group import FIRST_EPOCH
from ..modern.groups_of_kind import GroupsOfKind
from ..modern.topics_view import TopicsView, metadata_hash
from . import offsets as share_offsets
from .group import SHARE, ShareGroup
from .heartbeat import ShareBeat, ShareHeartbeats
from .heartbeat_request import ShareHeartbeatRequest, ShareHeartbeatResult, StatesToBegin, check_request
from .member import ShareMember
from .offsets import AlteredOffsets, Offsets, StatesToDelete
from .records import group_epoch_record, loaded_partitions, loaded_state_partitions, member_tombstones
from .settings import ShareGroupConfig

(SESSION,) = TIMERS = ("share session",)

Beaten = CoordinatorResult[ShareHeartbeatResult]


class ShareGroupCoordinator:
    """The share groups in the table of all groups."""

    def __init__(
        self,
        config: ShareGroupConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        topics: TopicsView,
    ) -> None:
        self._config = config
        self.groups = GroupsOfKind(groups, ShareGroup, SHARE, lambda group_id: ShareGroup(group_id, topics))
        self._table = groups
        self._deadlines = deadlines
        self._topics = topics
        self._heartbeats = ShareHeartbeats(config, topics)

    # Requests

    def heartbeat(self, request: ShareHeartbeatRequest, at: Instant) -> Beaten:
        """ShareGroupHeartbeat; an error is an answer with a message."""
        try:
            check_request(request)
            return self._leave(request) if request.epoch < 0 else self._stay(request, at)
        except KafkaError as error:
            return CoordinatorResult(response=ShareHeartbeatResult(error.code, error.message))

    def alter_offsets(self, group_id: str, offsets: Offsets, at: Instant) -> CoordinatorResult[AlteredOffsets]:
        """AlterShareGroupOffsets: of a group that is not there yet, too."""
        try:
            return share_offsets.alter_offsets(self._enter(group_id), offsets, self._topics)
        except KafkaError as error:
            return CoordinatorResult(response=AlteredOffsets(error=error.code, message=error.message))

    def delete_offsets(self, group_id: str, names: Sequence[str], at: Instant) -> CoordinatorResult[StatesToDelete]:
        """DeleteShareGroupOffsets, up to where the states are to be deleted."""
        try:
            return share_offsets.delete_offsets(self.groups.find(group_id), names, self._topics)
        except KafkaError as error:
            return CoordinatorResult(response=StatesToDelete({}, error=error.code, message=error.message))

    def delete_states(self, group_id: str, at: Instant) -> CoordinatorResult[StatesToDelete]:
        """DeleteGroups, up to where the states are to be deleted; a group of another kind has none."""
        group = self.groups.known(group_id)
        if group is None:
            return CoordinatorResult(response=StatesToDelete({}))
        return share_offsets.delete_all(group, self._topics)

    # What follows

    def note_deleted(self, group_id: str, topic_ids: Collection[bytes], at: Instant) -> CoordinatorResult[bool]:
        """The states of these topics are gone; whether there is still such a group."""
        return self._of(group_id, lambda group: share_offsets.deleted(group, topic_ids, self._topics))

    def note_begun(self, done: StatesToBegin, at: Instant) -> CoordinatorResult[bool]:
        """The states of these partitions are there."""
        return self._of(done.group_id, lambda group: share_offsets.begun(group, done, self._topics))

    def note_not_begun(self, failed: StatesToBegin, at: Instant) -> CoordinatorResult[bool]:
        """Some of these partitions could not get a state."""
        return self._of(failed.group_id, lambda group: share_offsets.not_begun(group, failed, self._topics))

    def topics_gone(self) -> set[bytes]:
        """The topics that groups have states of and that do not exist: a crash came in between."""
        known: set[bytes] = set()
        for group in self.groups:
            states = group.states
            known.update(states.initializing, states.initialized, states.deleting)
        return {topic_id for topic_id in known if self._topics.name_of(topic_id) is None}

    def delete_topics(self, topic_ids: Collection[bytes]) -> Iterator[tuple[str, Decide]]:
        """Topics are gone: what is to be decided, by group."""
        gone = frozenset(topic_ids)
        for group in list(self.groups) if gone else ():
            if group.state_partitions is not None:
                yield group.group_id, partial(self._without_topics, group.group_id, gone)

    def _without_topics(self, group_id: str, topic_ids: frozenset[bytes], at: Instant) -> CoordinatorResult[None]:
        group = self.groups.known(group_id)
        if group is None:
            return CoordinatorResult()
        return share_offsets.without_topics(group, topic_ids, self._topics)

    def _of(self, group_id: str, decide: Callable[[ShareGroup], CoordinatorResult[None]]) -> CoordinatorResult[bool]:
        group = self.groups.known(group_id)
        if group is None:
            return CoordinatorResult(response=False)
        return CoordinatorResult(decide(group).records, True)

    # Heartbeats

    def _stay(self, request: ShareHeartbeatRequest, at: Instant) -> Beaten:
        # Not found it has a name that Kafka gives it in this one place.
        group = self._enter(request.group_id) if request.is_join else self.groups.find(request.group_id, "Share group")
        beat = self._heartbeats.beat(group, request, at)
        settings = self._config.of_group(group.group_id)
        session = (SESSION, group.group_id, request.member_id)
        self._deadlines.set(session, at.now + settings.session_timeout_ms / 1000)
        is_full = request.is_join or request.subscribed_topic_names is not None
        answer = ShareHeartbeatResult(
            member_id=request.member_id,
            epoch=beat.after.epoch,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            assignment=beat.after.assigned if is_full or beat.before.assigned != beat.after.assigned else None,
            to_begin=beat.to_begin,
        )
        has_looked = beat.has_looked_at_topics or beat.has_looked_at_states
        note = partial(self._note_looked, group.group_id, beat, at.now_ms) if has_looked else None
        return CoordinatorResult(beat.records, answer, on_logged=note)

    def _enter(self, group_id: str) -> ShareGroup:
        """The group that a member enters, a new one in place of none; GROUP_ID_NOT_FOUND for one of another kind."""
        return self.groups.find(group_id) if group_id in self._table else ShareGroup(group_id, self._topics)

    def _note_looked(self, group_id: str, beat: ShareBeat, now_ms: int) -> None:
        group = self.groups.known(group_id)
        if group is None:
            return
        if beat.has_looked_at_topics:
            group.needs_refresh = False
        if beat.to_begin is not None:
            group.began_ms.update(dict.fromkeys(beat.to_begin.offsets, now_ms))
        elif beat.has_looked_at_states:
            group.needs_states = bool(group.states.initializing)

    # Leaving

    def _leave(self, request: ShareHeartbeatRequest) -> Beaten:
        group = self.groups.find(request.group_id)
        member = group.known_member(request.member_id)
        answer = ShareHeartbeatResult(member_id=request.member_id, epoch=request.epoch)
        return CoordinatorResult(self._without(group, member), answer)

    def _without(self, group: ShareGroup, member: ShareMember) -> list[Record]:
        """The records of a group that goes on without a member."""
        self._deadlines.cancel((SESSION, group.group_id, member.member_id))
        left = group.subscribed_topics_of(other for other in group.members.values() if other is not member)
        return [
            *member_tombstones(group.group_id, member.member_id),
            group_epoch_record(group.group_id, group.epoch + 1, metadata_hash(left, self._topics)),
        ]

    # As a kind of group

    def replay(self, key: object, value: object | None) -> None:
        """Take over a record. In a compacted log those of a member may come in any order."""
        if isinstance(key, ShareGroupMetadataKey):
            self._replay_group(key, value)
        elif isinstance(key, ShareGroupTargetAssignmentMetadataKey):
            self._replay_target_epoch(key, value)
        elif isinstance(key, ShareGroupTargetAssignmentMemberKey):
            self._replay_target(key, value)
        elif isinstance(key, ShareGroupMemberMetadataKey):
            self._replay_member(key, value)
        elif isinstance(key, ShareGroupCurrentMemberAssignmentKey):
            self._replay_assignment(key, value)
        elif isinstance(key, ShareGroupStatePartitionMetadataKey):
            self._replay_states(key, value)

    def _replay_group(self, key: ShareGroupMetadataKey, value: object | None) -> None:
        if isinstance(value, ShareGroupMetadataValue):
            self.groups.replayed(key.group_id).set_epoch(value.epoch, value.metadata_hash)
        else:
            self.groups.remove(key.group_id)

    def _replay_target_epoch(self, key: ShareGroupTargetAssignmentMetadataKey, value: object | None) -> None:
        if isinstance(value, ShareGroupTargetAssignmentMetadataValue):
            group = self.groups.replayed(key.group_id)
            group.set_assignment_epoch(value.assignment_epoch, value.assignment_timestamp)
        elif (known := self.groups.known(key.group_id)) is not None:
            known.set_assignment_epoch(FIRST_EPOCH, 0)

    def _replay_target(self, key: ShareGroupTargetAssignmentMemberKey, value: object | None) -> None:
        if isinstance(value, ShareGroupTargetAssignmentMemberValue):
            target = loaded_partitions(value.topic_partitions)
            self.groups.replayed(key.group_id).set_target(key.member_id, target)
        elif (known := self.groups.known(key.group_id)) is not None:
            known.set_target(key.member_id, None)

    def _replay_member(self, key: ShareGroupMemberMetadataKey, value: object | None) -> None:
        if isinstance(value, ShareGroupMemberMetadataValue):
            names = tuple(value.subscribed_topic_names)
            member = ShareMember(key.member_id, value.rack_id, value.client_id, value.client_host, names)
            self.groups.replayed(key.group_id).put_metadata(member)
        elif (known := self.groups.known(key.group_id)) is not None:
            known.remove(key.member_id)

    def _replay_assignment(self, key: ShareGroupCurrentMemberAssignmentKey, value: object | None) -> None:
        if isinstance(value, ShareGroupCurrentMemberAssignmentValue):
            member = ShareMember(
                key.member_id,
                epoch=value.member_epoch,
                previous_epoch=value.previous_member_epoch,
                state=value.state,
                assigned=loaded_partitions(value.assigned_partitions),
            )
            self.groups.replayed(key.group_id).put_assignment(member)
        elif (known := self.groups.known(key.group_id)) is not None:
            known.drop_assignment(key.member_id)

    def _replay_states(self, key: ShareGroupStatePartitionMetadataKey, value: object | None) -> None:
        if isinstance(value, ShareGroupStatePartitionMetadataValue):
            self.groups.replayed(key.group_id).set_state_partitions(loaded_state_partitions(value))
        elif (known := self.groups.known(key.group_id)) is not None:
            known.set_state_partitions(None)

    def on_timer(self, timer: TimerKey) -> Decide | None:
        """A session has lasted too long."""
        _, group_id, member_id = timer
        group = self.groups.known(group_id)
        if group is None or member_id not in group.members:
            return None
        return partial(self._expire, group_id, member_id)

    def _expire(self, group_id: str, member_id: str, at: Instant) -> CoordinatorResult[None]:
        """A member has not been heard of for too long."""
        group = self.groups.known(group_id)
        member = None if group is None else group.members.get(member_id)
        if group is None or member is None:
            return CoordinatorResult()
        return CoordinatorResult(self._without(group, member))

    def start_sessions(self, group: Group, at: Instant) -> None:
        """The members have a whole session to show themselves."""
        if isinstance(group, ShareGroup):
            session_s = self._config.of_group(group.group_id).session_timeout_ms / 1000
            for member_id in group.members:
                self._deadlines.set((SESSION, group.group_id, member_id), at.now + session_s)

    def on_commit(self, group: Group, member_id: str, at: Instant) -> None:
        """Nothing is committed to a share group."""

    def close(self, group: Group) -> Collection[ResponseFuture[Any]]:
        """Nothing is waited for but sessions, which find no group."""
        return ()
