"""The classic kind of group: its requests, records and timers (JoinGroup, SyncGroup, Heartbeat, LeaveGroup)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.state_records import GroupMetadataKey, GroupMetadataValue
from ...result import CoordinatorResult, Instant, ResponseFuture
from ...timers import Deadlines
from ..group import Group
from ..group_config import GroupConfig
from ..kind import Decide, TimerKey
from .group import ClassicGroup
from .join import JoinPhase
from .member import JoinRequest, JoinResult, Protocols, SyncRequest, SyncResult
from .rebalance import Rebalancer
from .records import group_record, stored_group
from .states import ClassicState


class ClassicCoordinator:
    """The classic groups in the table of all groups; `new_id` makes the random part of member ids."""

    def __init__(
        self,
        config: GroupConfig,
        groups: dict[str, Group],
        deadlines: Deadlines[TimerKey],
        new_id: Callable[[], str],
    ) -> None:
        self._config = config
        self._groups = groups
        self._rebalancer = Rebalancer(config, deadlines)
        self._join_phase = JoinPhase(config, self._rebalancer, new_id)

    # Requests

    def join(
        self, request: JoinRequest, future: ResponseFuture[JoinResult], at: Instant
    ) -> CoordinatorResult[JoinResult]:
        """JoinGroup. A group that is new is logged before anyone is in it."""
        group_id = request.group_id
        self.check_join(request)
        known = self._groups.get(group_id)
        if isinstance(known, ClassicGroup):
            return self._join_phase.join(known, request, future, at)
        if known is not None and not known.is_replaceable:
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if request.member_id:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        replaced = [] if known is None else known.tombstones()  # an empty group of another kind
        return CoordinatorResult(
            records=[*replaced, group_record(group_id, ClassicGroup(group_id, at.now_ms).stored())],
            on_logged=lambda: self._join_phase.join(self._new(group_id), request, future, at),
        )

    def sync(
        self, request: SyncRequest, future: ResponseFuture[SyncResult], at: Instant
    ) -> CoordinatorResult[SyncResult]:
        """SyncGroup."""
        group = self._group_of_member(request.group_id)
        group.check_member(request.member_id, request.group_instance_id, request.generation)
        group.check_protocol(request)
        return self._rebalancer.sync(group, request, future, at)

    def heartbeat(
        self, group_id: str, member_id: str, group_instance_id: str | None, generation: int, at: Instant
    ) -> ErrorCode:
        """Heartbeat: nothing is logged, so the answer is all."""
        try:
            group = self._group_of_member(group_id)
            group.check_member(member_id, group_instance_id, generation)
        except KafkaError as error:
            return error.code
        return self._rebalancer.heartbeat(group, member_id, at)

    def leave(
        self, group_id: str, leaving: Sequence[tuple[str, str | None]], at: Instant
    ) -> CoordinatorResult[Sequence[ErrorCode]]:
        """LeaveGroup of members (member id, instance id): one error for each."""
        group = self.find(group_id)
        if group is None:
            return CoordinatorResult(response=[ErrorCode.UNKNOWN_MEMBER_ID] * len(leaving))
        return self._rebalancer.leave(group, leaving, at)

    # What consumer groups with classic members ask, and those that become classic ones

    def check_join(self, request: JoinRequest) -> None:
        """What is asked of every JoinGroup, whatever its group: INVALID_GROUP_ID, INVALID_SESSION_TIMEOUT."""
        config = self._config
        if not request.group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        if not config.min_session_timeout_ms <= request.session_timeout_ms <= config.max_session_timeout_ms:
            raise KafkaError(ErrorCode.INVALID_SESSION_TIMEOUT)

    @property
    def max_size(self) -> int:
        """The most members that a group may have."""
        return self._config.max_size

    def take_over(
        self, group_id: str, protocols: Mapping[str, Protocols], at: Instant, *, must_rebalance: bool
    ) -> CoordinatorResult[Any] | None:
        """A consumer group is a classic one by its record, which lacks the `protocols` of its members."""
        group = self.find(group_id)
        if group is None:
            return None
        for member in group.members.values():
            member.protocols = protocols.get(member.member_id, member.protocols)
            self._rebalancer.refresh_session(group, member, at)
        result: CoordinatorResult[Any] = CoordinatorResult()
        if must_rebalance:
            self._rebalancer.prepare(group, result, at)
        return result

    # As a kind of group

    def replay(self, key: object, value: object | None) -> None:
        """Take over a group."""
        if not isinstance(key, GroupMetadataKey):
            return
        group = self.find(key.group)
        if isinstance(value, GroupMetadataValue):
            (group or self._new(key.group)).adopt(stored_group(value))
        elif group is not None:
            group.transition_to(ClassicState.DEAD, group.state_timestamp_ms)
            self._rebalancer.close(group)
            del self._groups[key.group]

    def on_timer(self, timer: TimerKey) -> Decide | None:
        """A deadline of a group has passed."""
        name, group_id, member_id = timer
        group = self.find(group_id)
        return None if group is None else partial(self._rebalancer.on_timer, name, group, member_id)

    def start_sessions(self, group: Group, at: Instant) -> None:
        """The members have a whole session to show themselves."""
        if isinstance(group, ClassicGroup):
            for member in group.members.values():
                self._rebalancer.refresh_session(group, member, at)

    def on_commit(self, group: Group, member_id: str, at: Instant) -> None:
        """A commit is a sign of life."""
        if isinstance(group, ClassicGroup) and (member := group.members.get(member_id)) is not None:
            self._rebalancer.refresh_session(group, member, at)

    def close(self, group: Group) -> Collection[ResponseFuture[Any]]:
        """Nothing is waited for any more: the joins and syncs that have waited."""
        if not isinstance(group, ClassicGroup):
            return ()
        self._rebalancer.close(group)
        return [one for member in group.members.values() for one in (member.join, member.sync) if one is not None]

    # The groups

    def find(self, group_id: str) -> ClassicGroup | None:
        """The classic group of that name."""
        group = self._groups.get(group_id)
        return group if isinstance(group, ClassicGroup) else None

    def _new(self, group_id: str) -> ClassicGroup:
        """The group of that name, which has been logged."""
        group = self.find(group_id)
        if group is None:
            group = self._groups[group_id] = ClassicGroup(group_id)
        return group

    def _group_of_member(self, group_id: str) -> ClassicGroup:
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        group = self.find(group_id)
        if group is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return group
