"""Members of consumer groups that speak the classic protocol (KIP-848): JoinGroup, SyncGroup, Heartbeat, LeaveGroup.

The one rule: to such a member its epoch is the generation, and the group is told to rebalance whenever the member is to
move on; the coordinator assigns, and nobody leads.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.subscription import ConsumerProtocolSubscription
from ...result import CoordinatorResult, Instant, ResponseFuture
from ..classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from ..modern.groups_of_kind import GroupsOfKind
from ..modern.topics_view import TopicsView
from .departure import Departures
from .group import CONSUMER, ConsumerGroup
from .heartbeat import Heartbeats
from .member import ClassicProtocols, ConsumerMember, MemberState, without_epochs
from .member_timers import MemberTimers
from .membership import check_static
from .migration import encode_partitions, read_subscription
from .reconciliation import Owned
from .settings import ConsumerConfig

Leaving = Sequence[tuple[str, str | None]]


class ClassicMembers:
    """Answers the classic members of consumer groups; `new_id` makes member ids. KafkaError is the answer, too."""

    def __init__(
        self,
        config: ConsumerConfig,
        groups: GroupsOfKind[ConsumerGroup],
        topics: TopicsView,
        timers: MemberTimers,
        heartbeats: Heartbeats,
        departures: Departures,
        new_id: Callable[[], str],
    ) -> None:
        self._config = config
        self._groups = groups
        self._topics = topics
        self._timers = timers
        self._heartbeats = heartbeats
        self._departures = departures
        self._new_id = new_id

    def join(
        self, request: JoinRequest, future: ResponseFuture[JoinResult], at: Instant
    ) -> CoordinatorResult[JoinResult]:
        """JoinGroup: what a heartbeat is to others, and answered at once. A refusal does not name the member."""
        self._departures.check_join(request)
        try:
            return self._join(self._groups.find(request.group_id), request, at)
        except KafkaError as error:
            return CoordinatorResult(response=JoinResult(error.code, ""))

    def _join(self, group: ConsumerGroup, request: JoinRequest, at: Instant) -> CoordinatorResult[JoinResult]:
        member_id = request.member_id or self._new_id()
        group.check_room(member_id, self._config.max_size)
        if not group.supports_classic(request.protocol_type, [name for name, _ in request.protocols]):
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        instance = request.group_instance_id
        if not request.member_id and instance is None and request.must_know_its_id:
            return CoordinatorResult(response=JoinResult(ErrorCode.MEMBER_ID_REQUIRED, member_id))
        holder = group.find_static(instance)
        before = self._find(group, request, member_id, holder)
        replaced = holder if not request.member_id else None
        subscription = read_subscription(request.protocols)
        after = _joined(before, request, subscription)
        beat = self._heartbeats.move(group, before, after, replaced, self._owned(subscription), at)
        response = JoinResult(ErrorCode.NONE, member_id, beat.after.epoch, CONSUMER, request.protocols[0][0])
        if replaced is not None:
            must_rebalance = group.assignment_epoch < beat.epoch
            joining = after if must_rebalance else beat.after
            downgraded = self._departures.replace(group, replaced.member_id, joining, at, must_rebalance=must_rebalance)
            if downgraded is not None:
                downgraded.response = replace(response, generation_id=joining.epoch)
                return downgraded
            self._timers.cancel(group.group_id, replaced.member_id)
        self._timers.start_session(group.group_id, beat.after, at)
        self._timers.await_sync(group.group_id, beat.after, at)
        looked = partial(self._groups.note_looked, group.group_id) if beat.has_looked_at_topics else None
        return CoordinatorResult(records=beat.records, response=response, on_logged=looked)

    def sync(
        self, request: SyncRequest, future: ResponseFuture[SyncResult], at: Instant
    ) -> CoordinatorResult[SyncResult]:
        """SyncGroup: what the member has been given, in the bytes of its protocol."""
        group = self._groups.find(request.group_id)
        member, classic = self._known(group, request.member_id, request.group_instance_id)
        _check_generation(member, request.generation)
        is_other_type = request.protocol_type not in (None, CONSUMER)
        if is_other_type or request.protocol_name not in (None, classic.protocols[0][0]):
            raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        # One that is to give up partitions has joined already, and will be told when to do so again.
        if group.assignment_epoch > member.epoch and member.state is not MemberState.UNREVOKED_PARTITIONS:
            self._timers.await_rejoin(group.group_id, member, at)
            raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)
        self._timers.end_sync(group.group_id, member.member_id)
        self._timers.start_session(group.group_id, member, at)
        given = encode_partitions(without_epochs(member.assigned), classic.protocols[0][1], self._topics)
        response = SyncResult(ErrorCode.NONE, request.protocol_type, request.protocol_name, given)
        return CoordinatorResult(response=response)

    def heartbeat(
        self, group_id: str, member_id: str, group_instance_id: str | None, generation: int, at: Instant
    ) -> ErrorCode:
        """Heartbeat: REBALANCE_IN_PROGRESS where the member would get further by joining again."""
        try:
            group = self._groups.find(group_id)
            member, _ = self._known(group, member_id, group_instance_id)
            _check_generation(member, generation)
        except KafkaError as error:
            return error.code
        self._timers.start_session(group.group_id, member, at)
        is_behind = member.epoch < group.assignment_epoch or member.state is MemberState.UNREVOKED_PARTITIONS
        is_free = member.state is MemberState.UNRELEASED_PARTITIONS and not group.awaits_release(member)
        if not is_behind and not is_free:
            return ErrorCode.NONE
        self._timers.await_rejoin(group.group_id, member, at)
        return ErrorCode.REBALANCE_IN_PROGRESS

    def leave(self, group_id: str, leaving: Leaving, at: Instant) -> CoordinatorResult[Sequence[ErrorCode]]:
        """LeaveGroup: one error for each member, of whichever protocol."""
        group = self._groups.find(group_id)
        errors: list[ErrorCode] = []
        gone: dict[str, ConsumerMember] = {}
        for member_id, instance_id in leaving:
            if instance_id is not None and not member_id:  # an administrator removes by the instance id alone
                holder = group.find_static(instance_id)
                member_id = "" if holder is None else holder.member_id
            try:
                member = _find_member(group, member_id, instance_id)
                errors.append(ErrorCode.NONE)
                gone[member.member_id] = member
            except KafkaError as error:
                errors.append(error.code)
        result: CoordinatorResult[Sequence[ErrorCode]] = CoordinatorResult()
        if gone:
            result = self._departures.put_out(group, list(gone.values()), at)
        result.response = errors
        return result

    @staticmethod
    def _find(
        group: ConsumerGroup, request: JoinRequest, member_id: str, holder: ConsumerMember | None
    ) -> ConsumerMember:
        """The member that joins: the one that is known, a new one, or the heir of a static one."""
        instance = request.group_instance_id
        if instance is None:
            return group.members.get(member_id, ConsumerMember(member_id))
        if request.member_id:
            return check_static(holder, instance, member_id)
        if holder is None:
            return group.members.get(member_id, ConsumerMember(member_id))
        return replace(holder, member_id=member_id, epoch=0, previous_epoch=0)

    @staticmethod
    def _known(
        group: ConsumerGroup, member_id: str, instance_id: str | None
    ) -> tuple[ConsumerMember, ClassicProtocols]:
        """The classic member of that name; UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID."""
        member = _find_member(group, member_id, instance_id)
        if member.classic is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return member, member.classic

    def _owned(self, subscription: ConsumerProtocolSubscription) -> Owned:
        owned: list[tuple[bytes, Sequence[int]]] = []
        for named in subscription.owned_partitions:
            topic = self._topics.find(named.topic)
            if topic is not None:
                owned.append((topic.topic_id, named.partitions))
        return owned


def _find_member(group: ConsumerGroup, member_id: str, instance_id: str | None) -> ConsumerMember:
    """The member of that name; UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID."""
    if instance_id is None:
        return group.known_member(member_id)
    return check_static(group.find_static(instance_id), instance_id, member_id)


def _joined(member: ConsumerMember, request: JoinRequest, subscription: ConsumerProtocolSubscription) -> ConsumerMember:
    """The member with what its JoinGroup says."""
    instance = request.group_instance_id
    return replace(
        member,
        instance_id=member.instance_id if instance is None else instance,
        rack_id=member.rack_id if subscription.rack_id is None else subscription.rack_id,
        client_id=request.client_id,
        client_host=request.client_host,
        subscribed_topic_names=tuple(sorted(set(subscription.topics))),
        subscribed_topic_regex="",
        rebalance_timeout_ms=request.rebalance_timeout_ms,
        classic=ClassicProtocols(request.session_timeout_ms, request.protocols),
    )


def _check_generation(member: ConsumerMember, generation: int) -> None:
    """ILLEGAL_GENERATION, unless it is the member's epoch."""
    if generation != member.epoch:
        raise KafkaError(ErrorCode.ILLEGAL_GENERATION)
