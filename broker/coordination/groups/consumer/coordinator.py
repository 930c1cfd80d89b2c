"""The consumer kind of group (KIP-848): its heartbeats, records and timers."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from .....protocol.consumer_group_records import (
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue,
    ConsumerGroupRegularExpressionKey,
    ConsumerGroupRegularExpressionValue,
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue,
    ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
)
from .....protocol.errors import ErrorCode, KafkaError
from ...result import CoordinatorResult, Instant, Record, ResponseFuture
from ...timers import Deadlines
from ..classic.group import ClassicGroup
from ..classic.member import JoinResult
from ..group import Group
from ..kind import Decide, TimerKey
from ..modern.group import FIRST_EPOCH
from ..modern.groups_of_kind import GroupsOfKind
from ..modern.topics_view import TopicsView
from .classic_members import ClassicMembers
from .departure import ClassicSide, Departures
from .group import CONSUMER, ConsumerGroup
from .heartbeat import Beat, Heartbeats, preferred_assignor
from .heartbeat_request import HeartbeatRequest, HeartbeatResult, check_request
from .member import LEFT_FOR_NOW, NONE_ASSIGNED, ConsumerMember, MemberState
from .member_timers import MEMBER_TIMERS, MemberTimers
from .membership import check_static
from .migration import upgrade
from .records import ResolvedRegex, current_record, loaded_classic, loaded_partitions
from .regexes import Round, resolve
from .settings import ConsumerConfig

RESOLUTION = "consumer regex"
TIMERS = (*MEMBER_TIMERS, RESOLUTION)

Beaten = CoordinatorResult[HeartbeatResult]


class Entered(NamedTuple):
    """The group that a member enters, the records that make it, and the classic group it was until now."""

    group: ConsumerGroup
    records: Sequence[Record] = ()
    upgraded: ClassicGroup | None = None


class ConsumerCoordinator:
    """The consumer groups in the table of all groups; `new_id` makes member ids for clients that bring none."""

    def __init__(
        self,
        config: ConsumerConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        topics: TopicsView,
        new_id: Callable[[], str],
        classic: ClassicSide,
    ) -> None:
        self._config = config
        self.groups = GroupsOfKind(groups, ConsumerGroup, CONSUMER, lambda group_id: ConsumerGroup(group_id, topics))
        self._table = groups
        self._deadlines = deadlines
        self._topics = topics
        self._new_id = new_id
        self._timers = MemberTimers(config, deadlines)
        self._heartbeats = Heartbeats(config, topics)
        self._departures = Departures(config, topics, self._timers, classic)
        self.classic_members = ClassicMembers(
            config, self.groups, topics, self._timers, self._heartbeats, self._departures, new_id
        )
        # The patterns of which groups are being resolved.
        self._resolving: dict[str, Round] = {}

    # Requests

    def heartbeat(self, request: HeartbeatRequest, at: Instant) -> Beaten:
        """ConsumerGroupHeartbeat; an error is an answer with a message."""
        try:
            check_request(request, self._config.assignors)
            return self._leave(request, at) if request.epoch < 0 else self._stay(request, at)
        except KafkaError as error:
            return CoordinatorResult(response=HeartbeatResult(error.code, error.message))

    def assignor_of(self, group: ConsumerGroup) -> str:
        """The assignor that its members prefer."""
        return preferred_assignor(group.members.values(), self._config)

    def _stay(self, request: HeartbeatRequest, at: Instant) -> Beaten:
        entered = (
            self._enter(request.group_id)
            if request.is_join
            else Entered(
                # a name that Kafka gives it in this one place
                self.groups.find(request.group_id, "Consumer group")
            )
        )
        group = entered.group
        member_id = request.member_id or self._new_id()
        beat = self._heartbeats.beat(group, request, member_id, at)
        self._set_timers(group.group_id, beat, at)
        has_changed = beat.before.assigned != beat.after.assigned
        answer = HeartbeatResult(
            member_id=member_id,
            epoch=beat.after.epoch,
            heartbeat_interval_ms=self._config.of_group(group.group_id).heartbeat_interval_ms,
            assignment=beat.after.assigned if request.is_full or has_changed else None,
        )
        return CoordinatorResult(
            records=[*entered.records, *beat.records],
            response=answer,
            on_logged=partial(self._on_beaten, group, beat, entered, at) if beat.records else None,
        )

    def _enter(self, group_id: str) -> Entered:
        """The group that a member enters; a new one in place of none, an empty one, or a classic one."""
        group = self._table.get(group_id)
        if isinstance(group, ConsumerGroup):
            return Entered(group)
        if group is None:
            return Entered(ConsumerGroup(group_id, self._topics))
        if not isinstance(group, ClassicGroup):
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} is not a consumer group.")
        if group.is_empty:
            return Entered(ConsumerGroup(group_id, self._topics), group.tombstones())
        self._check_upgrade(group)
        upgraded = upgrade(group, self._topics)
        return Entered(upgraded.group, upgraded.records, group)

    def _check_upgrade(self, group: ClassicGroup) -> None:
        """GROUP_ID_NOT_FOUND, in Kafka's words, where a classic group may not become a consumer group."""
        why = None
        if not self._config.may_upgrade:
            why = "online upgrade is disabled"
        elif group.protocol_type != CONSUMER:
            why = "the group does not use the consumer embedded protocol"
        elif len(group.members) > self._config.max_size:
            why = "the group size exceeds the consumer group maximum size"
        if why is not None:
            raise KafkaError(
                ErrorCode.GROUP_ID_NOT_FOUND,
                f"Cannot upgrade classic group {group.group_id} to consumer group because {why}.",
            )

    def _on_beaten(self, group: ConsumerGroup, beat: Beat, entered: Entered, at: Instant) -> Beaten | None:
        """A heartbeat is logged: those of a classic group that waited in a rebalance are to begin anew."""
        if beat.has_looked_at_topics:
            self.groups.note_looked(group.group_id)
        if entered.upgraded is None:
            return None
        result: Beaten = CoordinatorResult()
        for member in entered.upgraded.members.values():
            result.answer(member.join, JoinResult(ErrorCode.REBALANCE_IN_PROGRESS, member.member_id))
            result.refuse(member.sync, ErrorCode.REBALANCE_IN_PROGRESS)
            known = group.members[member.member_id]
            self._timers.start_session(group.group_id, known, at)
        return result

    def _set_timers(self, group_id: str, beat: Beat, at: Instant) -> None:
        self._timers.start_session(group_id, beat.after, at)
        if not beat.after.has_same_assignment(beat.before):
            self._timers.match_revocation(group_id, beat.after, at)
        if beat.must_resolve and group_id not in self._resolving:
            self._resolving[group_id] = Round(at.now_ms, may_describe=beat.may_describe)
            self._deadlines.set((RESOLUTION, group_id, ""), at.now)

    # Leaving

    def _leave(self, request: HeartbeatRequest, at: Instant) -> Beaten:
        group = self.groups.find(request.group_id)
        answer = HeartbeatResult(member_id=request.member_id, epoch=request.epoch)
        if request.instance_id is None:
            member = group.known_member(request.member_id)
        else:
            member = check_static(group.find_static(request.instance_id), request.instance_id, request.member_id)
            if request.epoch == LEFT_FOR_NOW:
                self._timers.end_revocation(group.group_id, member.member_id)
                away = ConsumerMember(
                    member.member_id,
                    epoch=LEFT_FOR_NOW,
                    previous_epoch=member.previous_epoch,
                    state=member.state,
                    assigned=member.assigned,
                    revoking=NONE_ASSIGNED,
                )
                return CoordinatorResult(records=[current_record(group.group_id, away)], response=answer)
        result = self._departures.put_out(group, [member], at)
        result.response = answer
        return result

    # As a kind of group

    def replay(self, key: object, value: object | None) -> None:
        """Take over a record. In a compacted log those of a member may come in any order."""
        if isinstance(key, ConsumerGroupMetadataKey):
            self._replay_group(key, value)
        elif isinstance(key, ConsumerGroupTargetAssignmentMetadataKey):
            self._replay_target_epoch(key, value)
        elif isinstance(key, ConsumerGroupTargetAssignmentMemberKey):
            self._replay_target(key, value)
        elif isinstance(key, ConsumerGroupMemberMetadataKey):
            self._replay_member(key, value)
        elif isinstance(key, ConsumerGroupCurrentMemberAssignmentKey):
            self._replay_assignment(key, value)
        elif isinstance(key, ConsumerGroupRegularExpressionKey):
            self._replay_regex(key, value)

    def _replay_group(self, key: ConsumerGroupMetadataKey, value: object | None) -> None:
        if isinstance(value, ConsumerGroupMetadataValue):
            self.groups.replayed(key.group_id).set_epoch(value.epoch, value.metadata_hash)
        elif (group := self.groups.known(key.group_id)) is not None:
            self.close(group)
            self.groups.remove(key.group_id)

    def _replay_target_epoch(self, key: ConsumerGroupTargetAssignmentMetadataKey, value: object | None) -> None:
        if isinstance(value, ConsumerGroupTargetAssignmentMetadataValue):
            group = self.groups.replayed(key.group_id)
            group.set_assignment_epoch(value.assignment_epoch, value.assignment_timestamp)
        elif (group_or_none := self.groups.known(key.group_id)) is not None:
            group_or_none.set_assignment_epoch(FIRST_EPOCH, 0)

    def _replay_target(self, key: ConsumerGroupTargetAssignmentMemberKey, value: object | None) -> None:
        if isinstance(value, ConsumerGroupTargetAssignmentMemberValue):
            self.groups.replayed(key.group_id).target[key.member_id] = {
                bytes(topic.topic_id): frozenset(topic.partitions) for topic in value.topic_partitions
            }
        elif (group := self.groups.known(key.group_id)) is not None:
            group.target.pop(key.member_id, None)

    def _replay_member(self, key: ConsumerGroupMemberMetadataKey, value: object | None) -> None:
        if not isinstance(value, ConsumerGroupMemberMetadataValue):
            if (group := self.groups.known(key.group_id)) is not None:
                group.remove(key.member_id)
            return
        self.groups.replayed(key.group_id).put_metadata(
            ConsumerMember(
                key.member_id,
                value.instance_id,
                value.rack_id,
                value.client_id,
                value.client_host,
                tuple(value.subscribed_topic_names),
                value.subscribed_topic_regex or "",
                value.rebalance_timeout_ms,
                value.server_assignor,
                loaded_classic(value.classic_member_metadata),
            )
        )

    def _replay_assignment(self, key: ConsumerGroupCurrentMemberAssignmentKey, value: object | None) -> None:
        if not isinstance(value, ConsumerGroupCurrentMemberAssignmentValue):
            if (group := self.groups.known(key.group_id)) is not None:
                group.drop_assignment(key.member_id)
            return
        known_states = MemberState.__members__.values()
        self.groups.replayed(key.group_id).put_assignment(
            ConsumerMember(
                key.member_id,
                epoch=value.member_epoch,
                previous_epoch=value.previous_member_epoch,
                state=MemberState(value.state) if value.state in known_states else MemberState.UNKNOWN,
                assigned=loaded_partitions(value.assigned_partitions, value.member_epoch),
                revoking=loaded_partitions(value.partitions_pending_revocation, value.member_epoch),
            )
        )

    def _replay_regex(self, key: ConsumerGroupRegularExpressionKey, value: object | None) -> None:
        if isinstance(value, ConsumerGroupRegularExpressionValue):
            resolved = ResolvedRegex(frozenset(value.topics), value.version, value.timestamp)
            self.groups.replayed(key.group_id).put_regex(key.regular_expression, resolved)
        elif (group := self.groups.known(key.group_id)) is not None:
            group.put_regex(key.regular_expression, None)

    def on_timer(self, timer: TimerKey) -> Decide | None:
        """A session or a revocation has lasted too long, or patterns are to be resolved."""
        name, group_id, member_id = timer
        group = self.groups.known(group_id)
        if group is None:
            return None
        if name == RESOLUTION:
            return partial(self._resolve, group)
        return partial(self._expire, group, member_id, name) if member_id in group.members else None

    def _resolve(self, group: ConsumerGroup, at: Instant) -> CoordinatorResult[None]:
        """Resolve the patterns of a group, or some of many: the rest follows in the next turn."""
        so_far = self._resolving.get(group.group_id, Round(at.now_ms))
        records, going_on = resolve(group, self._topics, so_far, at)
        if going_on is None:
            self._resolving.pop(group.group_id, None)
        else:
            self._resolving[group.group_id] = going_on
            self._deadlines.set((RESOLUTION, group.group_id, ""), at.now)
        return CoordinatorResult(records=records)

    def _expire(self, group: ConsumerGroup, member_id: str, timer: str, at: Instant) -> CoordinatorResult[None]:
        """A member has not been heard of for too long, or has not done in time what it was asked for."""
        member = group.members.get(member_id)
        if member is None or not self._timers.is_for(timer, member):
            return CoordinatorResult()
        return self._departures.put_out(group, [member], at)

    def start_sessions(self, group: Group, at: Instant) -> None:
        """The members have a whole session to show themselves, and a whole time to give up what they were asked for."""
        if isinstance(group, ConsumerGroup):
            self._timers.start(group, at)

    def on_commit(self, group: Group, member_id: str, at: Instant) -> None:
        """Only heartbeats are signs of life."""

    def close(self, group: Group) -> Collection[ResponseFuture[Any]]:
        """Nothing is waited for any more."""
        if isinstance(group, ConsumerGroup):
            self._deadlines.cancel((RESOLUTION, group.group_id, ""))
            self._resolving.pop(group.group_id, None)
            for member_id in group.members:
                self._timers.cancel(group.group_id, member_id)
        return ()
