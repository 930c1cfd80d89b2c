"""The consumer kind of group (KIP-848): its heartbeats, records and timers."""

from collections.abc import Callable
from functools import partial

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
from ...result import CoordinatorResult, Instant, Record
from ...timers import Deadlines
from ..group import Group
from ..kind import Decide, TimerKey
from ..modern.group import FIRST_EPOCH
from ..modern.groups_of_kind import GroupsOfKind
from ..modern.topics_view import TopicsView, metadata_hash
from .group import CONSUMER, ConsumerGroup
from .heartbeat import Beat, Heartbeats, preferred_assignor
from .heartbeat_request import HeartbeatRequest, HeartbeatResult, check_request
from .member import LEFT_FOR_NOW, NONE_ASSIGNED, ConsumerMember, MemberState
from .membership import check_static
from .records import (
    ResolvedRegex,
    current_record,
    group_epoch_record,
    loaded_partitions,
    member_tombstones,
    regex_tombstone,
)
from .regexes import resolve
from .settings import ConsumerConfig

SESSION, REVOCATION, RESOLUTION = TIMERS = ("consumer session", "consumer revocation", "consumer regex")

Beaten = CoordinatorResult[HeartbeatResult]


class ConsumerCoordinator:
    """The consumer groups in the table of all groups; `new_id` makes member ids for clients that bring none."""

    def __init__(
        self,
        config: ConsumerConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        topics: TopicsView,
        new_id: Callable[[], str],
    ) -> None:
        self._config = config
        self.groups = GroupsOfKind(groups, ConsumerGroup, CONSUMER, lambda group_id: ConsumerGroup(group_id, topics))
        self._table = groups
        self._deadlines = deadlines
        self._topics = topics
        self._new_id = new_id
        self._heartbeats = Heartbeats(config, topics)
        # When the patterns of a group began to be resolved, in wall milliseconds, while they are.
        self._resolving: dict[str, int] = {}

    # Requests

    def heartbeat(self, request: HeartbeatRequest, at: Instant) -> Beaten:
        """ConsumerGroupHeartbeat; an error is an answer with a message."""
        try:
            check_request(request, self._config.assignors)
            return self._leave(request) if request.epoch < 0 else self._stay(request, at)
        except KafkaError as error:
            return CoordinatorResult(response=HeartbeatResult(error.code, error.message))

    def assignor_of(self, group: ConsumerGroup) -> str:
        """The assignor that its members prefer."""
        return preferred_assignor(group.members.values(), self._config)

    def _stay(self, request: HeartbeatRequest, at: Instant) -> Beaten:
        records: list[Record] = []
        if request.is_join:
            group = self._enter(request.group_id, records)
        else:  # a name that Kafka gives it in this one place
            group = self.groups.find(request.group_id, "Consumer group")
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
            records=records + beat.records,
            response=answer,
            on_logged=partial(self._note_looked, group.group_id) if beat.has_looked_at_topics else None,
        )

    def _enter(self, group_id: str, records: list[Record]) -> ConsumerGroup:
        """The group that a member enters: a new one in place of none, or of an empty one of another kind."""
        group = self._table.get(group_id)
        if isinstance(group, ConsumerGroup):
            return group
        if group is not None:
            if not group.is_empty:
                raise KafkaError(
                    ErrorCode.GROUP_ID_NOT_FOUND,
                    f"Cannot upgrade classic group {group_id} to consumer group because online upgrade is disabled.",
                )
            records += group.tombstones()
        return ConsumerGroup(group_id, self._topics)

    def _set_timers(self, group_id: str, beat: Beat, at: Instant) -> None:
        member = beat.after
        settings = self._config.of_group(group_id)
        self._deadlines.set((SESSION, group_id, member.member_id), at.now + settings.session_timeout_ms / 1000)
        if not member.has_same_assignment(beat.before):
            self._set_revocation(group_id, member, at)
        if beat.must_resolve and group_id not in self._resolving:
            self._resolving[group_id] = at.now_ms
            self._deadlines.set((RESOLUTION, group_id, ""), at.now)

    def _set_revocation(self, group_id: str, member: ConsumerMember, at: Instant) -> None:
        """A member has so long to give up what it was asked for."""
        timer = (REVOCATION, group_id, member.member_id)
        if member.state is MemberState.UNREVOKED_PARTITIONS:
            self._deadlines.set(timer, at.now + member.rebalance_timeout_ms / 1000)
        else:
            self._deadlines.cancel(timer)

    def _note_looked(self, group_id: str) -> None:
        if (group := self.groups.known(group_id)) is not None:
            group.needs_refresh = False

    # Leaving

    def _leave(self, request: HeartbeatRequest) -> Beaten:
        group = self.groups.find(request.group_id)
        answer = HeartbeatResult(member_id=request.member_id, epoch=request.epoch)
        if request.instance_id is None:
            member = group.known_member(request.member_id)
        else:
            member = check_static(group.find_static(request.instance_id), request.instance_id, request.member_id)
            if request.epoch == LEFT_FOR_NOW:
                self._deadlines.cancel((REVOCATION, group.group_id, member.member_id))
                away = ConsumerMember(
                    member.member_id,
                    epoch=LEFT_FOR_NOW,
                    previous_epoch=member.previous_epoch,
                    state=member.state,
                    assigned=member.assigned,
                    revoking=NONE_ASSIGNED,
                )
                return CoordinatorResult(records=[current_record(group.group_id, away)], response=answer)
        self._forget_timers(group.group_id, member.member_id)
        return CoordinatorResult(records=self._without(group, member), response=answer)

    def _without(self, group: ConsumerGroup, member: ConsumerMember) -> list[Record]:
        """The records of a group that goes on without a member."""
        records = member_tombstones(group.group_id, member.member_id)
        regex = member.subscribed_topic_regex
        if regex and group.subscribers_of(regex) == 1:
            records.append(regex_tombstone(group.group_id, regex))
        left = group.subscribed_topics_of(other for other in group.members.values() if other is not member)
        records.append(group_epoch_record(group.group_id, group.epoch + 1, metadata_hash(left, self._topics)))
        return records

    def _forget_timers(self, group_id: str, member_id: str) -> None:
        self._deadlines.cancel((SESSION, group_id, member_id))
        self._deadlines.cancel((REVOCATION, group_id, member_id))

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
        if member_id not in group.members:
            return None
        return partial(self._expire, group, member_id, only_revoking=name == REVOCATION)

    def _resolve(self, group: ConsumerGroup, at: Instant) -> CoordinatorResult[None]:
        """Resolve the patterns of a group, or some of many: the rest follows in the next turn."""
        records, is_done = resolve(group, self._topics, self._resolving.get(group.group_id, at.now_ms), at)
        if is_done:
            self._resolving.pop(group.group_id, None)
        else:
            self._deadlines.set((RESOLUTION, group.group_id, ""), at.now)
        return CoordinatorResult(records=records)

    def _expire(
        self, group: ConsumerGroup, member_id: str, at: Instant, *, only_revoking: bool
    ) -> CoordinatorResult[None]:
        """A member has not been heard of for too long, or has not given up what it was asked for."""
        member = group.members.get(member_id)
        if member is None or (only_revoking and member.state is not MemberState.UNREVOKED_PARTITIONS):
            return CoordinatorResult()
        self._forget_timers(group.group_id, member_id)
        return CoordinatorResult(records=self._without(group, member))

    def start_sessions(self, group: Group, at: Instant) -> None:
        """The members have a whole session to show themselves, and a whole time to give up what they were asked for."""
        if isinstance(group, ConsumerGroup):
            session_s = self._config.of_group(group.group_id).session_timeout_ms / 1000
            for member in group.members.values():
                self._deadlines.set((SESSION, group.group_id, member.member_id), at.now + session_s)
                if member.state is MemberState.UNREVOKED_PARTITIONS:
                    self._set_revocation(group.group_id, member, at)

    def on_commit(self, group: Group, member_id: str, at: Instant) -> None:
        """Only heartbeats are signs of life."""

    def close(self, group: Group) -> None:
        """Nothing is waited for any more."""
        if isinstance(group, ConsumerGroup):
            self._deadlines.cancel((RESOLUTION, group.group_id, ""))
            self._resolving.pop(group.group_id, None)
            for member_id in group.members:
                self._forget_timers(group.group_id, member_id)
