"""JoinGroup on a classic group: who may enter, and whether that starts a rebalance.

The one rule: a member that comes back unchanged gets the generation it missed; only real change costs everyone a
rebalance.
"""

from collections.abc import Callable
from dataclasses import replace

from .....protocol.errors import ErrorCode, KafkaError
from ...result import CoordinatorResult, Instant, ResponseFuture
from ..group_config import GroupConfig
from .group import ClassicGroup
from .large_members import LargeMembers
from .member import JoinRequest, JoinResult, Member, choose_protocol
from .rebalance import Rebalancer
from .records import group_record
from .states import ClassicState

JoinFuture = ResponseFuture[JoinResult]


class JoinPhase:
    """Answers JoinGroup; `new_id` makes the random part of a member id."""

    def __init__(self, config: GroupConfig, rebalancer: Rebalancer, new_id: Callable[[], str]) -> None:
        self._config = config
        self._rebalancer = rebalancer
        self._new_id = new_id
        self._large_members = LargeMembers()

    def join(
        self, group: ClassicGroup, request: JoinRequest, future: JoinFuture, at: Instant
    ) -> CoordinatorResult[JoinResult]:
        """Let a client in, make it wait, or refuse it."""
        member_id = request.member_id
        if not group.has_room_for(member_id, self._config.max_size):
            return self._turn_away(group, member_id, at)
        if not group.supports(request):
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if not member_id:
            return self._join_newcomer(group, request, future, at)
        if member_id in group.pending_members and request.group_instance_id is None:
            return self._admit(group, member_id, request, future, at)
        error = group.find_member_error(member_id, request.group_instance_id)
        if error is not None:
            raise KafkaError(error)
        return self._rejoin(group, group.members[member_id], request, future, at)

    def _turn_away(self, group: ClassicGroup, member_id: str, at: Instant) -> CoordinatorResult[JoinResult]:
        """The group is full; a member that is late to its rebalance is out, and learns it from the missing id."""
        result = CoordinatorResult(response=JoinResult(ErrorCode.GROUP_MAX_SIZE_REACHED, ""))
        if member_id in group.members:
            self._rebalancer.remove_member(group, member_id, result)
            self._rebalancer.after_removal(group, result, at)
        return result

    def _join_newcomer(
        self, group: ClassicGroup, request: JoinRequest, future: JoinFuture, at: Instant
    ) -> CoordinatorResult[JoinResult]:
        instance = request.group_instance_id
        member_id = f"{request.client_id if instance is None else instance}-{self._new_id()}"
        if instance is not None:
            replaced = group.static_members.get(instance)
            if replaced is not None:
                return self._replace(group, group.members[replaced], member_id, request, future, at)
        elif request.must_know_its_id:
            # KIP-394: a client whose answer gets lost would otherwise leave a stale member at every attempt.
            group.pending_members.add(member_id)
            self._rebalancer.start_session(group, member_id, request.session_timeout_ms, at)
            return CoordinatorResult(response=JoinResult(ErrorCode.MEMBER_ID_REQUIRED, member_id))
        return self._admit(group, member_id, request, future, at)

    def _admit(
        self, group: ClassicGroup, member_id: str, request: JoinRequest, future: JoinFuture, at: Instant
    ) -> CoordinatorResult[JoinResult]:
        self._large_members.check(request.protocols)
        member = Member(
            member_id,
            request.group_instance_id,
            request.client_id,
            request.client_host,
            request.session_timeout_ms,
            request.rebalance_timeout_ms,
            request.protocols,
            is_new=True,
            join=future,
        )
        self._large_members.note(member)
        group.has_newcomers = group.is_first_rebalance
        group.add(member, request.protocol_type)
        self._rebalancer.start_session(group, member_id, self._config.new_member_join_timeout_ms, at)
        result: CoordinatorResult[JoinResult] = CoordinatorResult()
        self._rebalancer.rebalance(group, result, at)
        return result

    def _rejoin(
        self, group: ClassicGroup, member: Member, request: JoinRequest, future: JoinFuture, at: Instant
    ) -> CoordinatorResult[JoinResult]:
        result: CoordinatorResult[JoinResult] = CoordinatorResult()
        # While assignments are awaited its answer was lost on the way; a leader of a Stable group wants a rebalance.
        is_answered = group.is_between_generations or (
            group.state is ClassicState.STABLE and group.leader != member.member_id
        )
        if is_answered and member.protocols == request.protocols:
            result.response = group.joined(member.member_id)
            self._rebalancer.refresh_session(group, member, at)
            return result
        self._large_members.check(request.protocols, member)
        member.adopt(request)
        self._large_members.note(member)
        # The client may have sent a second JoinGroup on another connection: the first one is given up.
        result.refuse(member.join, ErrorCode.UNKNOWN_MEMBER_ID)
        member.join = future
        self._rebalancer.rebalance(group, result, at)
        return result

    def _replace(
        self, group: ClassicGroup, old: Member, new_id: str, request: JoinRequest, future: JoinFuture, at: Instant
    ) -> CoordinatorResult[JoinResult]:
        """A restarted static member (KIP-345): without a rebalance, if the same protocol would be chosen."""
        self._large_members.check(request.protocols, old)
        member = replace(
            old, member_id=new_id, client_id=request.client_id, client_host=request.client_host, join=None, sync=None
        )
        member.adopt(request)
        protocol = choose_protocol(group.members_with(old.member_id, member))
        if group.state is ClassicState.STABLE and protocol == group.protocol_name:
            old_leader = group.leader or ""
            stored = group.stored_with_replacement(old.member_id, member)
            return CoordinatorResult(
                records=[group_record(group.group_id, stored)],
                on_logged=lambda: self._replaced(group, old, new_id, request, old_leader, at),
            )
        group.replace(old.member_id, member)
        self._large_members.note(member)
        result: CoordinatorResult[JoinResult] = CoordinatorResult()
        self._rebalancer.fence(group, old, result)
        self._rebalancer.refresh_session(group, member, at)
        member.join = future
        self._rebalancer.rebalance(group, result, at)
        return result

    def _replaced(
        self, group: ClassicGroup, old: Member, new_id: str, request: JoinRequest, old_leader: str, at: Instant
    ) -> CoordinatorResult[JoinResult]:
        """The group is logged, and is, with the new member; what is not in the log follows."""
        member = group.members[new_id]
        member.adopt(request)
        self._large_members.note(member)
        group.replace_awaited_sync(old.member_id, new_id)
        result: CoordinatorResult[JoinResult] = CoordinatorResult()
        self._rebalancer.fence(group, old, result)
        self._rebalancer.refresh_session(group, member, at)
        is_leader = group.leader == new_id
        result.response = JoinResult(
            ErrorCode.NONE,
            new_id,
            group.generation,
            group.protocol_type,
            group.protocol_name,
            # Below v9 a leader would run an assignment: naming the old id keeps it from that.
            (group.leader or "") if request.can_skip_assignment else old_leader,
            skip_assignment=is_leader and request.can_skip_assignment,
            members=group.leader_view() if is_leader and request.can_skip_assignment else (),
        )
        return result
