"""What a heartbeat does to a share group: the member's report, the group's epoch, the target, the member's assignment.

The one rule: only partitions whose state is there are assigned, and a member has at once what it should have.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .....protocol.errors import ErrorCode, KafkaError
from ...result import Instant, Record
from ..modern.group import Partitions
from ..modern.topics_view import TopicsView, metadata_hash
from .assignor import ShareAssignee, assign_simple
from .group import ShareGroup
from .heartbeat_request import ShareHeartbeatRequest, StatesToBegin
from .member import STABLE, ShareMember
from .records import (
    current_record,
    group_epoch_record,
    member_record,
    state_partitions_record,
    target_epoch_record,
    target_member_record,
)
from .settings import ShareGroupConfig
from .state_partitions import Topics

TO_BE_FOUND = -1  # the start offset of a state that its first reader is to set


@dataclass(slots=True)
class ShareBeat:
    """What a heartbeat amounts to: the member before and after it, and the records of the difference."""

    before: ShareMember
    after: ShareMember
    records: list[Record]
    epoch: int
    has_looked_at_topics: bool = False
    has_looked_at_states: bool = False
    to_begin: StatesToBegin | None = None


class ShareHeartbeats:
    """Decides heartbeats over groups and topics that it is given."""

    def __init__(self, config: ShareGroupConfig, topics: TopicsView) -> None:
        self._config = config
        self._topics = topics

    def beat(self, group: ShareGroup, request: ShareHeartbeatRequest, at: Instant) -> ShareBeat:
        """What this heartbeat changes; KafkaError if the member may not send it."""
        group.check_room(request.member_id, self._config.max_size)
        before = _find_member(group, request)
        beat = ShareBeat(before, _reported(before, request), [], group.epoch)
        if request.member_id not in group.members or not beat.after.has_same_metadata(before):
            beat.records.append(member_record(group.group_id, beat.after))
        must_raise = before.subscribed_topic_names != beat.after.subscribed_topic_names
        if group.assignment_epoch >= group.epoch:
            must_raise |= not group.is_settled
        has_raised = self._raise_epoch(group, beat, must_raise=must_raise)
        target_epoch, target = self._target(group, beat, at)
        self._reconcile(group, beat, target_epoch, target, must_filter=has_raised)
        self._begin_states(group, beat, at)
        return beat

    def _raise_epoch(self, group: ShareGroup, beat: ShareBeat, *, must_raise: bool) -> bool:
        """Whether the group's epoch rises: with subscriptions, with topics, and with states that are there now."""
        if not (must_raise or group.needs_refresh):
            return False
        beat.has_looked_at_topics = True
        topics_hash = metadata_hash(group.subscribed_topics_of(_members_after(group, beat)), self._topics)
        if not must_raise and topics_hash == group.metadata_hash:
            return False
        beat.epoch += 1
        beat.records.append(group_epoch_record(group.group_id, beat.epoch, topics_hash))
        return True

    def _target(self, group: ShareGroup, beat: ShareBeat, at: Instant) -> tuple[int, Partitions]:
        """The target of this member, and its epoch: made anew where it is behind, but not too often (KIP-1263)."""
        member_id = beat.after.member_id
        interval_ms = self._config.of_group(group.group_id).assignment_interval_ms
        if beat.epoch <= group.assignment_epoch or not group.may_assign(at.now_ms, interval_ms):
            return group.assignment_epoch, group.target_of(member_id)
        assignees = [
            ShareAssignee(member.member_id, frozenset(self._ids_of(member)), group.target_of(member.member_id))
            for member in _members_after(group, beat)
        ]
        assignable = {topic_id: topic.partitions for topic_id, topic in group.states.initialized.items()}
        assigned = assign_simple(assignees, assignable)
        for assignee in assignees:
            target = assigned[assignee.member_id]
            if target != group.target.get(assignee.member_id):
                beat.records.append(target_member_record(group.group_id, assignee.member_id, target))
        beat.records.append(target_epoch_record(group.group_id, beat.epoch, at.now_ms))
        return beat.epoch, assigned[member_id]

    def _reconcile(
        self, group: ShareGroup, beat: ShareBeat, target_epoch: int, target: Partitions, *, must_filter: bool
    ) -> None:
        member = beat.after
        is_behind = member.epoch != target_epoch or member.state != STABLE
        if not (is_behind or must_filter):
            return
        subscribed = frozenset(self._ids_of(member))
        assigned = {topic_id: indexes for topic_id, indexes in target.items() if topic_id in subscribed}
        if member.epoch != target_epoch:
            beat.after = replace(
                member, epoch=target_epoch, previous_epoch=member.epoch, state=STABLE, assigned=assigned
            )
        elif must_filter:
            beat.after = replace(member, assigned=assigned)
        if beat.after != member:
            beat.records.append(current_record(group.group_id, beat.after))

    def _begin_states(self, group: ShareGroup, beat: ShareBeat, at: Instant) -> None:
        """What members subscribe to and has no state is to get one; what was asked for long ago is asked for again."""
        if not (group.needs_states or beat.has_looked_at_topics):
            return
        beat.has_looked_at_states = True
        names = (
            group.subscribed_topics_of(_members_after(group, beat))
            if beat.has_looked_at_topics
            else group.subscribed_topics()
        )
        too_old_ms = at.now_ms - self._config.initialize_retry_interval_ms

        def is_under_way(topic_id: bytes) -> bool:
            return group.began_ms.get(topic_id, too_old_ms) > too_old_ms

        missing = group.states.missing(sorted(names), self._topics, is_under_way)
        if missing:
            beat.records.append(state_partitions_record(group.group_id, group.states.with_initializing(missing)))
            beat.to_begin = StatesToBegin(group.group_id, beat.epoch, _from_the_beginning(missing))

    def _ids_of(self, member: ShareMember) -> Iterable[bytes]:
        for name in member.subscribed_topic_names:
            topic = self._topics.find(name)
            if topic is not None:
                yield topic.topic_id


def _from_the_beginning(topics: Topics) -> dict[bytes, dict[int, int]]:
    return {topic_id: dict.fromkeys(sorted(topic.partitions), TO_BE_FOUND) for topic_id, topic in topics.items()}


def _find_member(group: ShareGroup, request: ShareHeartbeatRequest) -> ShareMember:
    """The member that a heartbeat is of, or a new one: UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH."""
    if request.is_join:
        return group.members.get(request.member_id, ShareMember(request.member_id))
    member = group.known_member(request.member_id)
    if request.epoch > member.epoch:
        raise group.refuse_epoch(member, request.epoch)
    if request.epoch < member.epoch and request.epoch != member.previous_epoch:
        raise KafkaError(
            ErrorCode.FENCED_MEMBER_EPOCH,
            f"The share group member has a smaller member epoch ({request.epoch}) than the one known by the group"
            f" coordinator ({member.epoch}), and it does not match the previous member epoch ({member.previous_epoch})."
            " The member must abandon all its partitions and rejoin.",
        )
    return member


def _members_after(group: ShareGroup, beat: ShareBeat) -> Iterable[ShareMember]:
    for member in group.members.values():
        yield beat.after if member.member_id == beat.after.member_id else member
    if beat.after.member_id not in group.members:
        yield beat.after


def _reported(member: ShareMember, request: ShareHeartbeatRequest) -> ShareMember:
    """The member with what it reports; null is no change."""
    names = request.subscribed_topic_names
    return replace(
        member,
        rack_id=member.rack_id if request.rack_id is None else request.rack_id,
        client_id=request.client_id,
        client_host=request.client_host,
        subscribed_topic_names=member.subscribed_topic_names if names is None else tuple(sorted(set(names))),
    )
