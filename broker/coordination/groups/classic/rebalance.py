"""How a classic group gets from one generation to the next, and what cuts it short.

The one rule: a rebalance waits for every member, but never longer than the members themselves ask for. It is here only,
and is nothing to a restart, until the record of a Stable group or of an Empty one ends it.
"""

from collections.abc import Sequence
from typing import Any

from .....protocol.errors import ErrorCode, KafkaError
from ...result import CoordinatorResult, Instant, ResponseFuture
from ...timers import Deadlines
from ..group_config import GroupConfig
from ..kind import TimerKey
from .group import ClassicGroup
from .member import JoinResult, Member, SyncRequest, SyncResult
from .records import group_record
from .states import ClassicState

TIMERS = ("session", "join", "sync")
Result = CoordinatorResult[Any]

# A client may ask for 0 ms, or less. Apache Kafka's timer thread needs a few milliseconds to fire all the same, in
# which the next request of a client that is quick still comes in time.
SHORTEST_WAIT_MS = 20


class Rebalancer:
    """The moves of a group's rebalance, with the deadlines that they set; `result` takes what is to be done."""

    def __init__(self, config: GroupConfig, deadlines: Deadlines[TimerKey]) -> None:
        self._config = config
        self._deadlines = deadlines
        # How much longer the first rebalance of a group may still be put off, by group id.
        self._remaining_delay_ms: dict[str, int] = {}

    def on_timer(self, kind: str, group: ClassicGroup, member_id: str, at: Instant) -> CoordinatorResult[None]:
        """A deadline of this group has passed."""
        result: CoordinatorResult[None] = CoordinatorResult()
        if kind == "session":
            self.expire_session(group, member_id, result, at)
        elif kind == "join":
            self.on_join_deadline(group, result, at)
        elif kind == "sync":
            self.on_sync_deadline(group, result, at)
        return result

    # Sessions

    def heartbeat(self, group: ClassicGroup, member_id: str, at: Instant) -> ErrorCode:
        """Keep a checked member's session alive, and call it back while members join."""
        self.refresh_session(group, group.members[member_id], at)
        is_rebalancing = group.state is ClassicState.PREPARING_REBALANCE
        return ErrorCode.REBALANCE_IN_PROGRESS if is_rebalancing else ErrorCode.NONE

    def refresh_session(self, group: ClassicGroup, member: Member, at: Instant) -> None:
        """A sign of life: the member's session starts anew."""
        self.start_session(group, member.member_id, member.session_timeout_ms, at)

    def start_session(self, group: ClassicGroup, member_id: str, timeout_ms: int, at: Instant) -> None:
        """Expect a sign of life of this member id within `timeout_ms`."""
        self._deadlines.set(("session", group.group_id, member_id), at.now + timeout_ms / 1000)

    def end_session(self, group: ClassicGroup, member_id: str) -> None:
        """Expect nothing more of this member id."""
        self._deadlines.cancel(("session", group.group_id, member_id))

    def expire_session(self, group: ClassicGroup, member_id: str, result: Result, at: Instant) -> None:
        """The session of a member, or of a newcomer that never came back, has run out."""
        if member_id in group.pending_members:
            self._drop_pending(group, member_id, result, at)
        elif member_id in group.members and not group.members[member_id].is_session_suspended():
            self.remove_member(group, member_id, result)
            self.after_removal(group, result, at)

    # Leaving

    def leave(
        self, group: ClassicGroup, leaving: Sequence[tuple[str, str | None]], at: Instant
    ) -> CoordinatorResult[Sequence[ErrorCode]]:
        """Take out the members (member id, instance id) that are named rightly; one error for each."""
        errors: list[ErrorCode] = []
        result: CoordinatorResult[Sequence[ErrorCode]] = CoordinatorResult(response=errors)
        has_removed = False
        for member_id, group_instance_id in leaving:
            if member_id in group.pending_members:
                self._drop_pending(group, member_id, result, at)
                errors.append(ErrorCode.NONE)
                continue
            if not member_id and group_instance_id is not None:
                # An administrator removes static members by their instance id alone.
                member_id = group.static_members.get(group_instance_id, "")
            error = group.find_member_error(member_id, group_instance_id)
            errors.append(error or ErrorCode.NONE)
            if error is None:
                self.remove_member(group, member_id, result)
                has_removed = True
        # With a record, the last newcomer that was awaited has left no members: the rebalance has ended already.
        if has_removed and not result.records:
            self.after_removal(group, result, at)
        return result

    def _drop_pending(self, group: ClassicGroup, member_id: str, result: Result, at: Instant) -> None:
        """Wait no longer for a newcomer to come back with its member id."""
        group.pending_members.discard(member_id)
        self.end_session(group, member_id)
        self.complete_if_all_joined(group, result, at)

    def remove_member(self, group: ClassicGroup, member_id: str, result: Result) -> None:
        """Take a member out and refuse what it has waiting; the caller then calls `after_removal`."""
        self._fail_pending_requests(group.remove(member_id), ErrorCode.UNKNOWN_MEMBER_ID, result)
        self.end_session(group, member_id)

    def after_removal(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """Let those who are left share what the removed members had."""
        if group.state in (ClassicState.STABLE, ClassicState.COMPLETING_REBALANCE):
            self.prepare(group, result, at)
        else:
            self.complete_if_all_joined(group, result, at)

    def fence(self, group: ClassicGroup, old: Member, result: Result) -> None:
        """Another process has taken over the instance of this member (KIP-345): what still waits is told who it was."""
        result.answer(old.join, JoinResult(ErrorCode.FENCED_INSTANCE_ID, old.member_id))
        old.join = None
        self._fail_pending_requests(old, ErrorCode.FENCED_INSTANCE_ID, result)
        self.end_session(group, old.member_id)

    def close(self, group: ClassicGroup) -> None:
        """The group is gone, and with it everything that it waited for."""
        self._deadlines.cancel(("join", group.group_id, ""))
        self._deadlines.cancel(("sync", group.group_id, ""))
        for member_id in (*group.members, *group.pending_members):
            self.end_session(group, member_id)
        self._remaining_delay_ms.pop(group.group_id, None)

    def _fail_pending_requests(self, member: Member, code: ErrorCode, result: Result) -> None:
        result.refuse(member.join, code)
        result.refuse(member.sync, code)
        member.join = member.sync = None

    # The join phase

    def rebalance(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """A member has joined: start a join phase, or see whether it was the last that the running one waits for."""
        if group.state is ClassicState.PREPARING_REBALANCE:
            self.complete_if_all_joined(group, result, at)
        else:
            self.prepare(group, result, at)

    def prepare(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """Start a join phase."""
        if group.is_between_generations:
            self._cancel_syncs(group, ErrorCode.REBALANCE_IN_PROGRESS, result, at)
        self._deadlines.cancel(("sync", group.group_id, ""))
        group.pending_sync.clear()
        if not group.is_empty:
            group.transition_to(ClassicState.PREPARING_REBALANCE, at.now_ms)
            if not group.members:  # newcomers that have yet to come back with their ids are not waited for
                self.complete_join(group, result, at)
            elif not self.complete_if_all_joined(group, result, at):
                self._wait_for_joins(group, group.rebalance_timeout_ms, at)
            return
        group.is_first_rebalance = True
        group.transition_to(ClassicState.PREPARING_REBALANCE, at.now_ms)
        delay_ms = self._config.initial_rebalance_delay_ms
        if delay_ms <= 0:
            self.complete_join(group, result, at)
            return
        self._remaining_delay_ms[group.group_id] = max(group.rebalance_timeout_ms - delay_ms, 0)
        self._wait_for_joins(group, delay_ms, at)

    def _cancel_syncs(self, group: ClassicGroup, code: ErrorCode, result: Result, at: Instant) -> None:
        """Drop the assignments in the making and refuse those who wait for them."""
        for member in group.members.values():
            member.assignment = b""
            if member.sync is not None:
                # Its session was suspended while it waited.
                self.refresh_session(group, member, at)
                result.refuse(member.sync, code)
                member.sync = None

    def complete_if_all_joined(self, group: ClassicGroup, result: Result, at: Instant) -> bool:
        """End the join phase if no member is missing; the first one of a group runs by the clock instead."""
        if group.state is not ClassicState.PREPARING_REBALANCE or group.is_first_rebalance:
            return False
        if not group.has_all_joined():
            return False
        self.complete_join(group, result, at)
        return True

    def on_join_deadline(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """The join phase has lasted as long as it may; a first one is put off while others keep coming."""
        delay_ms = self._config.initial_rebalance_delay_ms
        remaining_delay_ms = self._remaining_delay_ms.get(group.group_id, 0)
        if group.is_first_rebalance and group.has_newcomers and remaining_delay_ms > 0:
            group.has_newcomers = False
            self._remaining_delay_ms[group.group_id] = max(remaining_delay_ms - delay_ms, 0)
            self._wait_for_joins(group, min(delay_ms, remaining_delay_ms), at)
        else:
            self.complete_join(group, result, at)

    def complete_join(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """End the join phase: who is missing is out (unless static), everybody else gets the new generation."""
        self._deadlines.cancel(("join", group.group_id, ""))
        for member in [m for m in group.members.values() if m.join is None and not m.is_static]:
            self.remove_member(group, member.member_id, result)
        if group.members and not group.elect_joined_leader():
            # Only static members are left and none has joined: their sessions will decide.
            self._wait_for_joins(group, group.rebalance_timeout_ms, at)
            return
        self._remaining_delay_ms.pop(group.group_id, None)
        if not group.members:
            self._end_empty(group, result, at)
            return
        group.start_generation(at.now_ms)
        for member in group.members.values():
            result.answer(member.join, group.joined(member.member_id))
            member.join = None
            member.is_new = False
            self.refresh_session(group, member, at)
        group.pending_sync = set(group.members)
        self._deadlines.set(("sync", group.group_id, ""), at.now + _waiting_s(group.rebalance_timeout_ms))

    def _end_empty(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """No member is left: log the Empty group.

        If that is refused it is Empty all the same, as in Kafka (GroupMetadataManager.completeClassicGroupJoin): after
        a restart the generation before would be there again, with members whose sessions run out.
        """
        emptied = group.stored_empty(at.now_ms)
        result.records.append(group_record(group.group_id, emptied))
        result.on_refused = lambda code: group.adopt(emptied)

    def _wait_for_joins(self, group: ClassicGroup, timeout_ms: int, at: Instant) -> None:
        self._deadlines.set(("join", group.group_id, ""), at.now + _waiting_s(timeout_ms))

    # The sync phase

    def sync(
        self, group: ClassicGroup, request: SyncRequest, future: ResponseFuture[SyncResult], at: Instant
    ) -> CoordinatorResult[SyncResult]:
        """Give a checked member its assignment, or make it wait until the leader's SyncGroup brings them all."""
        if group.state is ClassicState.PREPARING_REBALANCE:
            raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)
        member = group.members[request.member_id]
        self._note_sync(group, member)
        self.refresh_session(group, member, at)
        if group.state is ClassicState.STABLE:
            return CoordinatorResult(response=group.synced(member))
        result: CoordinatorResult[SyncResult] = CoordinatorResult()
        # The client may have sent a second SyncGroup on another connection: the first one is given up.
        result.refuse(member.sync, ErrorCode.UNKNOWN_MEMBER_ID)
        member.sync = None
        if member.member_id == group.leader:
            stored = group.stored_with_assignments(request.assignments)
            result.records.append(group_record(group.group_id, stored))
            result.on_logged = lambda: self._share_assignments(group, member, at)
            result.on_refused = lambda code: self._fail_assignments(group, code, at)
        else:
            member.sync = future
        return result

    def on_sync_deadline(self, group: ClassicGroup, result: Result, at: Instant) -> None:
        """Members that took a generation and then did not ask for their assignment are out."""
        for member_id in [m for m in group.members if m in group.pending_sync]:
            self.remove_member(group, member_id, result)
        self.prepare(group, result, at)

    def _note_sync(self, group: ClassicGroup, member: Member) -> None:
        """A member of the generation has sent its SyncGroup."""
        group.pending_sync.discard(member.member_id)
        if not group.pending_sync:
            self._deadlines.cancel(("sync", group.group_id, ""))

    def _share_assignments(self, group: ClassicGroup, leader: Member, at: Instant) -> CoordinatorResult[SyncResult]:
        """The assignments are logged, and the group Stable: answer all who wait for them."""
        result = CoordinatorResult(response=group.synced(leader))
        for member in group.members.values():
            if member.sync is not None:
                result.answer(member.sync, group.synced(member))
                member.sync = None
                self.refresh_session(group, member, at)
        return result

    def _fail_assignments(self, group: ClassicGroup, code: ErrorCode, at: Instant) -> CoordinatorResult[SyncResult]:
        """They cannot be logged: all who wait get the error, and the group rebalances, as in Kafka."""
        result: CoordinatorResult[SyncResult] = CoordinatorResult()
        self._cancel_syncs(group, code, result, at)
        self.prepare(group, result, at)
        return result


def _waiting_s(timeout_ms: int) -> float:
    """How long to wait for clients that gave this time themselves."""
    return max(timeout_ms, SHORTEST_WAIT_MS) / 1000
