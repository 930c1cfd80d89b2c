"""JoinGroup on a classic group: who may enter, and whether that starts a rebalance.

The one rule: a member that comes back unchanged gets the generation it missed; only real change costs everyone a
rebalance.
"""

from collections.abc import Callable

from .....protocol.errors import ErrorCode
from ...result import Effects, Ticket
from ..group_config import GroupConfig
from ..group_records import group_record
from .group import ClassicGroup, ClassicState
from .member import JoinRequest, JoinResult, Member
from .rebalance import Rebalancer


class JoinPhase:
    """Answers JoinGroup; `new_id` makes the random part of a member id."""

    def __init__(self, settings: GroupConfig, rebalancer: Rebalancer, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._rebalancer = rebalancer
        self._new_id = new_id

    def join(self, group: ClassicGroup, joining: JoinRequest, ticket: Ticket[JoinResult], effects: Effects) -> None:
        """Let a client in, park it, or refuse it."""
        if not group.has_room_for(joining.member_id, self._settings.max_size):
            # A member that is squeezed out here is gone, and is told so by the missing id.
            effects.answer(ticket, JoinResult(ErrorCode.GROUP_MAX_SIZE_REACHED, ""))
            if joining.member_id in group.members:
                self._rebalancer.remove_member(group, joining.member_id, effects)
                self._rebalancer.after_removal(group, effects)
        elif not group.supports(joining):
            effects.refuse(ticket, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        elif not joining.member_id:
            self._join_newcomer(group, joining, ticket, effects)
        elif joining.member_id in group.pending_members and joining.group_instance_id is None:
            self._admit(group, joining.member_id, joining, ticket, effects)
        else:
            error = group.find_member_error(joining.member_id, joining.group_instance_id)
            if error is not None:
                effects.refuse(ticket, error)
            else:
                self._rejoin(group, group.members[joining.member_id], joining, ticket, effects)

    def _join_newcomer(
        self, group: ClassicGroup, joining: JoinRequest, ticket: Ticket[JoinResult], effects: Effects
    ) -> None:
        named_after = joining.client_id if joining.group_instance_id is None else joining.group_instance_id
        member_id = f"{named_after}-{self._new_id()}"
        if joining.group_instance_id is not None:
            replaced = group.static_members.get(joining.group_instance_id)
            if replaced is not None:
                self._replace(group, replaced, member_id, joining, ticket, effects)
            else:
                self._admit(group, member_id, joining, ticket, effects)
        elif joining.must_know_its_id:
            # KIP-394: a client whose answer gets lost would otherwise leave a ghost at every attempt.
            group.pending_members.add(member_id)
            self._rebalancer.start_session(group, member_id, joining.session_timeout_ms, effects.now)
            effects.answer(ticket, JoinResult(ErrorCode.MEMBER_ID_REQUIRED, member_id))
        else:
            self._admit(group, member_id, joining, ticket, effects)

    def _admit(
        self, group: ClassicGroup, member_id: str, joining: JoinRequest, ticket: Ticket[JoinResult], effects: Effects
    ) -> None:
        member = Member(
            member_id,
            joining.group_instance_id,
            joining.client_id,
            joining.client_host,
            joining.session_timeout_ms,
            joining.rebalance_timeout_ms,
            joining.protocols,
            is_new=True,
            join=ticket,
        )
        group.has_newcomers = group.is_first_rebalance
        group.add(member, joining.protocol_type)
        self._rebalancer.start_session(group, member_id, self._settings.new_member_join_timeout_ms, effects.now)
        self._rebalancer.rebalance(group, effects)

    def _rejoin(
        self,
        group: ClassicGroup,
        member: Member,
        joining: JoinRequest,
        ticket: Ticket[JoinResult],
        effects: Effects,
    ) -> None:
        is_unchanged = member.protocols == joining.protocols
        if group.is_between_generations and is_unchanged:
            # Its answer was lost on the way.
            effects.answer(ticket, group.joined(member.member_id))
        elif group.state is ClassicState.STABLE and is_unchanged and group.leader != member.member_id:
            effects.answer(ticket, group.joined(member.member_id))
        else:
            member.adopt(joining)
            self._park(member, ticket, effects)
            self._rebalancer.rebalance(group, effects)
            return
        self._rebalancer.refresh_session(group, member, effects.now)

    def _park(self, member: Member, ticket: Ticket[JoinResult], effects: Effects) -> None:
        # The client has sent a second JoinGroup on another connection: the first one is given up.
        effects.refuse(member.join, ErrorCode.UNKNOWN_MEMBER_ID)
        member.join = ticket

    def _replace(
        self,
        group: ClassicGroup,
        old_id: str,
        new_id: str,
        joining: JoinRequest,
        ticket: Ticket[JoinResult],
        effects: Effects,
    ) -> None:
        """A restarted static member (KIP-345): without a rebalance, if the same protocol would be chosen."""
        old_leader = group.leader
        before = group.members[old_id]
        told_before = (before.protocols, before.session_timeout_ms, before.rebalance_timeout_ms)
        member = self._rebalancer.replace_static(group, old_id, new_id, effects)
        member.adopt(joining)
        member.client_id, member.client_host = joining.client_id, joining.client_host
        if group.state is not ClassicState.STABLE or group.chosen_protocol() != group.protocol_name:
            member.join = ticket
            self._rebalancer.rebalance(group, effects)
            return
        effects.records.append(group_record(group.group_id, group.stored()))
        is_leader = group.leader == new_id
        answer = JoinResult(
            ErrorCode.NONE,
            new_id,
            group.generation,
            group.protocol_type,
            group.protocol_name,
            # Below v9 a leader would run an assignment: naming the old id keeps it from that.
            (group.leader if joining.can_skip_assignment else old_leader) or "",
            skip_assignment=is_leader and joining.can_skip_assignment,
            members=group.leader_view() if is_leader and joining.can_skip_assignment else (),
        )
        effects.answer(ticket, answer)

        def undo(failed: Effects) -> None:
            self._rebalancer.replace_static(group, new_id, old_id, failed)
            member.protocols, member.session_timeout_ms, member.rebalance_timeout_ms = told_before

        effects.after_failure = undo
