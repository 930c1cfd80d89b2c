"""The streams kind of group (KIP-1071): its heartbeats, records and timers."""

from collections.abc import Collection
from functools import partial
from typing import Any

from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.streams_group_records import (
    StreamsGroupCurrentMemberAssignmentKey,
    StreamsGroupCurrentMemberAssignmentValue,
    StreamsGroupMemberMetadataKey,
    StreamsGroupMemberMetadataValue,
    StreamsGroupMetadataKey,
    StreamsGroupMetadataValue,
    StreamsGroupTargetAssignmentMemberKey,
    StreamsGroupTargetAssignmentMemberValue,
    StreamsGroupTargetAssignmentMetadataKey,
    StreamsGroupTargetAssignmentMetadataValue,
    StreamsGroupTopologyKey,
    StreamsGroupTopologyValue,
)
from ...result import CoordinatorResult, Instant, Record, ResponseFuture
from ...timers import Deadlines
from ..classic.group import CLASSIC
from ..group import Group
from ..kind import Decide, TimerKey
from ..modern.group import FIRST_EPOCH
from ..modern.groups_of_kind import GroupsOfKind
from ..modern.topics_view import TopicsView
from .group import STREAMS, StreamsGroup
from .heartbeat import StreamsBeat, StreamsHeartbeats, assign, target_records
from .heartbeat_request import StreamsHeartbeatRequest, StreamsHeartbeatResult, check_request
from .member import MemberState, StreamsMember
from .records import group_record, loaded_assignment, loaded_member, loaded_tasks, member_tombstones
from .settings import NUM_STANDBY_REPLICAS, StreamsConfig, StreamsGroupSettings
from .status import Status, StatusCode
from .tasks import Tasks
from .topology import read_topology

SESSION, REVOCATION, FIRST_ASSIGNMENT = TIMERS = ("streams session", "streams revocation", "streams first assignment")

Beaten = CoordinatorResult[StreamsHeartbeatResult]


class StreamsCoordinator:
    """The streams groups in the table of all groups."""

    def __init__(
        self,
        config: StreamsConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        topics: TopicsView,
    ) -> None:
        self._config = config
        self.groups = GroupsOfKind(groups, StreamsGroup, STREAMS, lambda group_id: StreamsGroup(group_id, topics))
        self._table = groups
        self._deadlines = deadlines
        self._topics = topics
        self._heartbeats = StreamsHeartbeats(topics)

    # Requests

    def heartbeat(self, request: StreamsHeartbeatRequest, at: Instant) -> Beaten:
        """StreamsGroupHeartbeat; an error is an answer with a message."""
        try:
            check_request(request)
            return self._leave(request) if request.epoch < 0 else self._stay(request, at)
        except KafkaError as error:
            # A fault without a name has no words either.
            words = None if error.code is ErrorCode.UNKNOWN_SERVER_ERROR else error.message
            return CoordinatorResult(response=StreamsHeartbeatResult(error.code, words))

    def _stay(self, request: StreamsHeartbeatRequest, at: Instant) -> Beaten:
        records: list[Record] = []
        if request.is_join:
            group = self._enter(request.group_id, records)
            group.check_room("", self._config.max_size)  # as in Kafka, a member that begins anew is one too many
        else:
            group = self.groups.find(request.group_id, "Streams group")
        settings = self._config.of_group(group.group_id)
        is_delayed = self._delay_first_assignment(group, settings, at)
        beat = self._heartbeats.beat(group, request, settings, at, is_delayed=is_delayed)
        answer = self._answer(group, request, beat, settings)
        self._set_timers(group.group_id, beat, settings, at)
        return CoordinatorResult(
            records=records + beat.records,
            response=answer,
            on_logged=partial(self._note_looked, group, beat) if beat.has_looked else None,
        )

    def _enter(self, group_id: str, records: list[Record]) -> StreamsGroup:
        """The group that a member enters: a new one in place of none, or of an empty classic one."""
        group = self._table.get(group_id)
        if group is None:
            return StreamsGroup(group_id, self._topics)
        if group.is_empty and group.group_type == CLASSIC:
            records += group.tombstones()
            return StreamsGroup(group_id, self._topics)
        return self.groups.find(group_id)

    def _delay_first_assignment(self, group: StreamsGroup, settings: StreamsGroupSettings, at: Instant) -> bool:
        """Whether the tasks of a new group wait for the members that are yet to come."""
        timer = (FIRST_ASSIGNMENT, group.group_id, "")
        if group.is_empty and settings.initial_rebalance_delay_ms > 0 and timer not in self._deadlines:
            self._deadlines.set(timer, at.now + settings.initial_rebalance_delay_ms / 1000)
        return timer in self._deadlines

    def _answer(
        self,
        group: StreamsGroup,
        request: StreamsHeartbeatRequest,
        beat: StreamsBeat,
        settings: StreamsGroupSettings,
    ) -> StreamsHeartbeatResult:
        """What the member is told. What is said of endpoints and of a shutdown is of this process, and changes here."""
        member = beat.after
        is_given = request.is_join or beat.before.held != member.held
        endpoint_epoch = group.endpoint_epoch + (is_given and member.user_endpoint is not None)
        has_new_endpoints = endpoint_epoch != request.endpoint_epoch
        endpoints = group.endpoints(member, beat.configured) if has_new_endpoints else None
        group.endpoint_epoch = endpoint_epoch
        if request.shuts_down and group.shutdown_member_id is None:
            group.shutdown_member_id = member.member_id
        if group.shutdown_member_id is not None:
            beat.status.append(_shutdown(group.shutdown_member_id))
        return StreamsHeartbeatResult(
            member_id=member.member_id,
            epoch=member.epoch,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            tasks=member.held if is_given else None,
            # Of a group that is new nothing is kept but its records, as in Kafka.
            endpoint_epoch=endpoint_epoch if group.group_id in self._table else 0,
            endpoints=endpoints,
            status=beat.status,
            missing=beat.configured.missing,
        )

    def _set_timers(self, group_id: str, beat: StreamsBeat, settings: StreamsGroupSettings, at: Instant) -> None:
        member = beat.after
        self._deadlines.set((SESSION, group_id, member.member_id), at.now + settings.session_timeout_ms / 1000)
        if (member.state, member.epoch, member.held, member.revoking) != (
            beat.before.state,
            beat.before.epoch,
            beat.before.held,
            beat.before.revoking,
        ):
            self._set_revocation(group_id, member, at)

    def _set_revocation(self, group_id: str, member: StreamsMember, at: Instant) -> None:
        """A member has so long to give up what it was asked for."""
        timer = (REVOCATION, group_id, member.member_id)
        if member.state is MemberState.UNREVOKED_TASKS:
            self._deadlines.set(timer, at.now + member.rebalance_timeout_ms / 1000)
        else:
            self._deadlines.cancel(timer)

    def _note_looked(self, group: StreamsGroup, beat: StreamsBeat) -> None:
        """The group that was decided about is another one than what is replayed, where it was new."""
        if self.groups.known(group.group_id) is group:
            group.needs_refresh = False
            if group.configured is not beat.configured:
                group.set_configured(beat.configured)

    # Leaving

    def _leave(self, request: StreamsHeartbeatRequest) -> Beaten:
        group = self.groups.find(request.group_id)
        if request.shuts_down and group.shutdown_member_id is None:
            group.shutdown_member_id = request.member_id
        member = group.known_member(request.member_id)
        self._forget_timers(group.group_id, member.member_id)
        return CoordinatorResult(
            records=_without(group, member),
            response=StreamsHeartbeatResult(member_id=member.member_id, epoch=request.epoch),
        )

    def _forget_timers(self, group_id: str, member_id: str) -> None:
        self._deadlines.cancel((SESSION, group_id, member_id))
        self._deadlines.cancel((REVOCATION, group_id, member_id))

    # As a kind of group

    def replay(self, key: object, value: object | None) -> None:
        """Take over a record. In a compacted log those of a member may come in any order."""
        if isinstance(key, StreamsGroupMetadataKey):
            self._replay_group(key, value)
        elif isinstance(key, StreamsGroupTopologyKey):
            self._replay_topology(key, value)
        elif isinstance(key, StreamsGroupTargetAssignmentMetadataKey):
            self._replay_target_epoch(key, value)
        elif isinstance(key, StreamsGroupTargetAssignmentMemberKey):
            self._replay_target(key, value)
        elif isinstance(key, StreamsGroupMemberMetadataKey):
            self._replay_member(key, value)
        elif isinstance(key, StreamsGroupCurrentMemberAssignmentKey):
            self._replay_assignment(key, value)

    def _replay_group(self, key: StreamsGroupMetadataKey, value: object | None) -> None:
        if isinstance(value, StreamsGroupMetadataValue):
            group = self.groups.replayed(key.group_id)
            group.set_epoch(value.epoch, value.metadata_hash)
            configs = {config.key: config.value for config in value.last_assignment_configs or ()}
            group.set_validated(value.validated_topology_epoch, configs)
        elif (known := self.groups.known(key.group_id)) is not None:
            self.close(known)
            self.groups.remove(key.group_id)

    def _replay_topology(self, key: StreamsGroupTopologyKey, value: object | None) -> None:
        if isinstance(value, StreamsGroupTopologyValue):
            topology = read_topology(value.epoch, value.subtopologies).unchecked()
            self.groups.replayed(key.group_id).set_topology(topology)
        elif (group := self.groups.known(key.group_id)) is not None:
            group.set_topology(None)

    def _replay_target_epoch(self, key: StreamsGroupTargetAssignmentMetadataKey, value: object | None) -> None:
        if isinstance(value, StreamsGroupTargetAssignmentMetadataValue):
            group = self.groups.replayed(key.group_id)
            group.set_assignment_epoch(value.assignment_epoch, value.assignment_timestamp)
        elif (known := self.groups.known(key.group_id)) is not None:
            known.set_assignment_epoch(FIRST_EPOCH, 0)

    def _replay_target(self, key: StreamsGroupTargetAssignmentMemberKey, value: object | None) -> None:
        if isinstance(value, StreamsGroupTargetAssignmentMemberValue):
            self.groups.replayed(key.group_id).target[key.member_id] = Tasks(
                loaded_tasks(value.active_tasks), loaded_tasks(value.standby_tasks), loaded_tasks(value.warmup_tasks)
            )
        elif (group := self.groups.known(key.group_id)) is not None:
            group.target.pop(key.member_id, None)

    def _replay_member(self, key: StreamsGroupMemberMetadataKey, value: object | None) -> None:
        if isinstance(value, StreamsGroupMemberMetadataValue):
            self.groups.replayed(key.group_id).put_metadata(loaded_member(key.member_id, value))
        elif (group := self.groups.known(key.group_id)) is not None:
            group.remove(key.member_id)

    def _replay_assignment(self, key: StreamsGroupCurrentMemberAssignmentKey, value: object | None) -> None:
        if isinstance(value, StreamsGroupCurrentMemberAssignmentValue):
            self.groups.replayed(key.group_id).put_assignment(loaded_assignment(key.member_id, value))
        elif (group := self.groups.known(key.group_id)) is not None:
            group.drop_assignment(key.member_id)

    def on_timer(self, timer: TimerKey) -> Decide | None:
        """A session or a revocation has lasted too long, or a new group has waited for its members."""
        name, group_id, member_id = timer
        group = self.groups.known(group_id)
        if group is None:
            return None
        if name == FIRST_ASSIGNMENT:
            return partial(self._assign_first, group)
        if member_id not in group.members:
            return None
        return partial(self._expire, group, member_id, only_revoking=name == REVOCATION)

    def _assign_first(self, group: StreamsGroup, at: Instant) -> CoordinatorResult[None]:
        """The members that have come by now are given their tasks, at their next heartbeats."""
        is_behind = group.members and group.epoch > group.assignment_epoch
        interval_ms = self._config.of_group(group.group_id).assignment_interval_ms
        if not is_behind or group.configured is None or not group.may_assign(at.now_ms, interval_ms):
            return CoordinatorResult()
        standbys = int(group.assignment_configs.get(NUM_STANDBY_REPLICAS, 0))
        assigned = assign(group, group.members.values(), group.configured, standbys)
        return CoordinatorResult(records=target_records(group, assigned, group.epoch, at.now_ms))

    def _expire(
        self, group: StreamsGroup, member_id: str, at: Instant, *, only_revoking: bool
    ) -> CoordinatorResult[None]:
        """A member has not been heard of for too long, or has not given up what it was asked for."""
        member = group.members.get(member_id)
        if member is None or (only_revoking and member.state is not MemberState.UNREVOKED_TASKS):
            return CoordinatorResult()
        self._forget_timers(group.group_id, member_id)
        return CoordinatorResult(records=_without(group, member))

    def start_sessions(self, group: Group, at: Instant) -> None:
        """The members have a whole session to show themselves, and a whole time to give up what they were asked for."""
        if isinstance(group, StreamsGroup):
            session_s = self._config.of_group(group.group_id).session_timeout_ms / 1000
            for member in group.members.values():
                self._deadlines.set((SESSION, group.group_id, member.member_id), at.now + session_s)
                if member.state is MemberState.UNREVOKED_TASKS:
                    self._set_revocation(group.group_id, member, at)

    def on_commit(self, group: Group, member_id: str, at: Instant) -> None:
        """Only heartbeats are signs of life."""

    def close(self, group: Group) -> Collection[ResponseFuture[Any]]:
        """Nothing is waited for any more."""
        if isinstance(group, StreamsGroup):
            self._deadlines.cancel((FIRST_ASSIGNMENT, group.group_id, ""))
            for member_id in group.members:
                self._forget_timers(group.group_id, member_id)
        return ()


def _without(group: StreamsGroup, member: StreamsMember) -> list[Record]:
    """The records of a group that goes on without a member."""
    return [
        *member_tombstones(group.group_id, member.member_id),
        group_record(
            group.group_id,
            group.epoch + 1,
            group.metadata_hash,
            group.validated_topology_epoch,
            group.assignment_configs,
        ),
    ]


def _shutdown(member_id: str) -> Status:
    return Status(
        StatusCode.SHUTDOWN_APPLICATION,
        f"Streams group member {member_id} encountered a fatal error and requested a shutdown for the entire"
        " application.",
    )
