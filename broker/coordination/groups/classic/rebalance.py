"""How a classic group gets from one generation to the next, and what cuts it short.

The one rule: a rebalance waits for every member, but never longer than the members themselves said they may take.
"""

from collections.abc import Mapping
from typing import Literal

from .....protocol.errors import ErrorCode
from ...result import Effects
from ...timers import Deadlines
from ..group_config import GroupConfig
from ..group_records import group_record
from .group import ClassicGroup, ClassicState
from .member import Member, SyncResult

TimerKind = Literal["session", "join", "sync", "offsets"]
TimerKey = tuple[TimerKind, str, str]


class Rebalancer:
    """The moves of a group's rebalance, with the deadlines that they set."""

    def __init__(self, settings: GroupConfig, deadlines: Deadlines[TimerKey]) -> None:
        self._settings = settings
        self._deadlines = deadlines
        # How much longer the first rebalance of a group may still be put off, by group id.
        self._remaining_delay_ms: dict[str, int] = {}

    # Sessions

    def refresh_session(self, group: ClassicGroup, member: Member, now: float) -> None:
        """A sign of life: the member's session starts anew."""
        self.start_session(group, member.member_id, member.session_timeout_ms, now)

    def start_session(self, group: ClassicGroup, member_id: str, timeout_ms: int, now: float) -> None:
        """Expect a sign of life of this member id within `timeout_ms`."""
        self._deadlines.set(("session", group.group_id, member_id), now + timeout_ms / 1000)

    def end_session(self, group: ClassicGroup, member_id: str) -> None:
        """Expect nothing more of this member id."""
        self._deadlines.cancel(("session", group.group_id, member_id))

    def forget(self, group: ClassicGroup) -> None:
        """The group is gone, and with it everything that it waited for."""
        self._deadlines.cancel(("join", group.group_id, ""))
        self._deadlines.cancel(("sync", group.group_id, ""))
        for member_id in (*group.members, *group.pending_members):
            self.end_session(group, member_id)
        self._remaining_delay_ms.pop(group.group_id, None)

    def expire_session(self, group: ClassicGroup, member_id: str, effects: Effects) -> None:
        """The session of a member, or of a newcomer that never came back, has run out."""
        if member_id in group.pending_members:
            self.drop_pending(group, member_id, effects)
        elif member_id in group.members and not group.members[member_id].is_session_suspended():
            self.remove_member(group, member_id, effects)
            self.after_removal(group, effects)

    def drop_pending(self, group: ClassicGroup, member_id: str, effects: Effects) -> None:
        """Wait no longer for a newcomer to come back with its member id."""
        group.pending_members.discard(member_id)
        self.end_session(group, member_id)
        self.complete_if_all_joined(group, effects)

    def remove_member(self, group: ClassicGroup, member_id: str, effects: Effects) -> None:
        """Take a member out and tell its parked requests; the caller then calls `after_removal`."""
        self._fail_pending_requests(group.remove(member_id), ErrorCode.UNKNOWN_MEMBER_ID, effects)
        self.end_session(group, member_id)

    def after_removal(self, group: ClassicGroup, effects: Effects) -> None:
        """Let those who are left share what the removed members had."""
        if group.state in (ClassicState.STABLE, ClassicState.COMPLETING_REBALANCE):
            self.prepare(group, effects)
        else:
            self.complete_if_all_joined(group, effects)

    def replace_static(self, group: ClassicGroup, old_id: str, new_id: str, effects: Effects) -> Member:
        """A new process has taken over an instance: the old member id is fenced."""
        member = group.rename(old_id, new_id)
        self._fail_pending_requests(member, ErrorCode.FENCED_INSTANCE_ID, effects)
        self.end_session(group, old_id)
        self.refresh_session(group, member, effects.now)
        return member

    def _fail_pending_requests(self, member: Member, code: ErrorCode, effects: Effects) -> None:
        effects.refuse(member.join, code)
        effects.refuse(member.sync, code)
        member.join = member.sync = None

    # The join phase

    def rebalance(self, group: ClassicGroup, effects: Effects) -> None:
        """A member has joined: start a join phase, or see whether it was the last that the running one waits for."""
        if group.state is ClassicState.PREPARING_REBALANCE:
            self.complete_if_all_joined(group, effects)
        else:
            self.prepare(group, effects)

    def prepare(self, group: ClassicGroup, effects: Effects) -> None:
        """Start a join phase."""
        if group.is_between_generations:
            self.cancel_syncs(group, ErrorCode.REBALANCE_IN_PROGRESS, effects)
        self._deadlines.cancel(("sync", group.group_id, ""))
        group.pending_sync.clear()
        if not group.is_empty:
            group.transition_to(ClassicState.PREPARING_REBALANCE, effects.now_ms)
            if not self.complete_if_all_joined(group, effects):
                self._wait_for_joins(group, group.rebalance_timeout_ms, effects)
            return
        group.is_first_rebalance = True
        group.transition_to(ClassicState.PREPARING_REBALANCE, effects.now_ms)
        delay_ms = self._settings.initial_rebalance_delay_ms
        if delay_ms <= 0:
            self.complete_join(group, effects)
            return
        self._remaining_delay_ms[group.group_id] = max(group.rebalance_timeout_ms - delay_ms, 0)
        self._wait_for_joins(group, delay_ms, effects)

    def cancel_syncs(self, group: ClassicGroup, code: ErrorCode, effects: Effects) -> None:
        """Forget the assignments in the making and refuse those who wait for them."""
        for member in group.members.values():
            member.assignment = b""
            if member.sync is not None:
                # It has just been heard of, and was excused while it waited.
                self.refresh_session(group, member, effects.now)
                effects.refuse(member.sync, code)
                member.sync = None

    def complete_if_all_joined(self, group: ClassicGroup, effects: Effects) -> bool:
        """End the join phase if nobody is missing; the first one of a group runs by the clock instead."""
        if group.state is not ClassicState.PREPARING_REBALANCE or group.is_first_rebalance:
            return False
        if not group.has_all_joined():
            return False
        self.complete_join(group, effects)
        return True

    def on_join_deadline(self, group: ClassicGroup, effects: Effects) -> None:
        """The join phase has lasted as long as it may; a first one is put off while others keep coming."""
        delay_ms = self._settings.initial_rebalance_delay_ms
        remaining_delay_ms = self._remaining_delay_ms.get(group.group_id, 0)
        if group.is_first_rebalance and group.has_newcomers and remaining_delay_ms > 0:
            group.has_newcomers = False
            self._remaining_delay_ms[group.group_id] = max(remaining_delay_ms - delay_ms, 0)
            self._wait_for_joins(group, min(delay_ms, remaining_delay_ms), effects)
        else:
            self.complete_join(group, effects)

    def complete_join(self, group: ClassicGroup, effects: Effects) -> None:
        """End the join phase: who is missing is out (unless static), everybody else gets the new generation."""
        self._deadlines.cancel(("join", group.group_id, ""))
        for member in [m for m in group.members.values() if m.join is None and not m.is_static]:
            self.remove_member(group, member.member_id, effects)
        if group.members and not group.elect_joined_leader():
            # Only static members are left and none has joined: their sessions will decide.
            self._wait_for_joins(group, group.rebalance_timeout_ms, effects)
            return
        self._remaining_delay_ms.pop(group.group_id, None)
        group.start_generation(effects.now_ms)
        if group.is_empty:
            effects.records.append(group_record(group.group_id, group.stored()))
            return
        for member in group.members.values():
            effects.answer(member.join, group.joined(member.member_id))
            member.join = None
            member.is_new = False
            self.refresh_session(group, member, effects.now)
        group.pending_sync = set(group.members)
        self._deadlines.set(("sync", group.group_id, ""), effects.now + group.rebalance_timeout_ms / 1000)

    def _wait_for_joins(self, group: ClassicGroup, timeout_ms: int, effects: Effects) -> None:
        self._deadlines.set(("join", group.group_id, ""), effects.now + timeout_ms / 1000)

    # The sync phase

    def note_sync(self, group: ClassicGroup, member_id: str) -> None:
        """A member of the generation has sent its SyncGroup."""
        group.pending_sync.discard(member_id)
        if not group.pending_sync:
            self._deadlines.cancel(("sync", group.group_id, ""))

    def on_sync_deadline(self, group: ClassicGroup, effects: Effects) -> None:
        """Members that took a generation and then did not ask for their assignment are out."""
        for member_id in [m for m in group.members if m in group.pending_sync]:
            self.remove_member(group, member_id, effects)
        self.prepare(group, effects)

    def share_assignments(self, group: ClassicGroup, assignments: Mapping[str, bytes], effects: Effects) -> None:
        """The leader has decided: log it, and answer everybody who waits for it."""
        effects.records.append(group_record(group.group_id, group.stored(assignments)))
        for member in group.members.values():
            if member.sync is not None:
                assignment = assignments.get(member.member_id, b"")
                synced = SyncResult(ErrorCode.NONE, group.protocol_type, group.protocol_name, assignment)
                effects.answer(member.sync, synced)
                member.sync = None
                self.refresh_session(group, member, effects.now)
        effects.after_failure = lambda failed: self.prepare(group, failed)
