"""SyncGroup, Heartbeat and LeaveGroup on a classic group: what a member may do once it is in.

The one rule: every request names a member and a generation, and one that speaks for the past changes nothing.
"""

from collections.abc import Sequence

from .....protocol.errors import ErrorCode, KafkaError
from ...result import Effects, Ticket
from .group import ClassicGroup, ClassicState
from .member import SyncRequest, SyncResult
from .rebalance import Rebalancer


class Membership:
    """Answers the requests of members."""

    def __init__(self, rebalancer: Rebalancer) -> None:
        self._rebalancer = rebalancer

    def sync(self, group: ClassicGroup, syncing: SyncRequest, ticket: Ticket[SyncResult], effects: Effects) -> None:
        """Give a checked member its assignment, or park it until the leader's SyncGroup brings them all."""
        member = group.members[syncing.member_id]
        if group.state is ClassicState.PREPARING_REBALANCE:
            effects.refuse(ticket, ErrorCode.REBALANCE_IN_PROGRESS)
            return
        self._rebalancer.note_sync(group, syncing.member_id)
        self._rebalancer.refresh_session(group, member, effects.now)
        if group.state is ClassicState.STABLE:
            answer = SyncResult(ErrorCode.NONE, group.protocol_type, group.protocol_name, member.assignment)
            effects.answer(ticket, answer)
            return
        # The client has sent a second SyncGroup on another connection: the first one is given up.
        effects.refuse(member.sync, ErrorCode.UNKNOWN_MEMBER_ID)
        member.sync = ticket
        if syncing.member_id == group.leader:
            self._rebalancer.share_assignments(group, syncing.assignments, effects)

    def heartbeat(self, group: ClassicGroup, member_id: str, now: float) -> ErrorCode:
        """Keep a checked member's session alive, and tell it to join again while a rebalance is on."""
        self._rebalancer.refresh_session(group, group.members[member_id], now)
        is_rebalancing = group.state is ClassicState.PREPARING_REBALANCE
        return ErrorCode.REBALANCE_IN_PROGRESS if is_rebalancing else ErrorCode.NONE

    def leave(
        self, group: ClassicGroup, leaving: Sequence[tuple[str, str | None]], effects: Effects
    ) -> list[ErrorCode]:
        """Take out the members (member id, instance id) that are named rightly; one error for each."""
        errors: list[ErrorCode] = []
        has_removed = False
        for member_id, group_instance_id in leaving:
            if member_id in group.pending_members:
                self._rebalancer.drop_pending(group, member_id, effects)
                errors.append(ErrorCode.NONE)
                continue
            if not member_id and group_instance_id is not None:
                # An administrator removes static members by their instance id alone.
                member_id = group.static_members.get(group_instance_id, "")
            error = group.find_member_error(member_id, group_instance_id)
            errors.append(error or ErrorCode.NONE)
            if error is None:
                self._rebalancer.remove_member(group, member_id, effects)
                has_removed = True
        if has_removed:
            self._rebalancer.after_removal(group, effects)
        return errors


def check_member(group: ClassicGroup, member_id: str, group_instance_id: str | None, generation: int) -> None:
    """Whether this member of this generation may speak; raises 25, 82, 22."""
    error = group.find_member_error(member_id, group_instance_id)
    if error is not None:
        raise KafkaError(error)
    if generation != group.generation:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)


def check_protocol(group: ClassicGroup, syncing: SyncRequest) -> None:
    """Whether a member syncs on the protocol that was chosen; raises 23."""
    for believed, chosen in (
        (syncing.protocol_type, group.protocol_type),
        (syncing.protocol_name, group.protocol_name),
    ):
        if believed is not None and believed != chosen:
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
