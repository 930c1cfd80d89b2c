"""A heartbeat of a member that stays or enters: what it changes, what that makes of the target, what it is given.

The one rule (KIP-848): whatever changes who should have what raises the group's epoch; the target assignment follows
the group's epoch, and each member follows the target at its own heartbeats.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ...result import Instant, Record
from ..modern.group import NO_PARTITIONS, Partitions
from ..modern.topics_view import TopicsView, metadata_hash
from .assignors import ASSIGNORS, Assignee
from .group import ConsumerGroup
from .heartbeat_request import HeartbeatRequest
from .member import ConsumerMember
from .membership import find_member
from .reconciliation import Owned, reconcile
from .records import (
    current_record,
    group_epoch_record,
    member_record,
    member_tombstones,
    target_epoch_record,
    target_member_record,
)
from .regexes import note_regex
from .settings import ConsumerConfig


@dataclass(slots=True)
class Beat:
    """What a heartbeat amounts to: the member before and after it, and the records of the difference."""

    before: ConsumerMember
    after: ConsumerMember
    records: list[Record]
    replaced: str | None = None  # the id of the static member whose place it takes
    must_resolve: bool = False
    may_describe: Callable[[str], bool] | None = None
    has_looked_at_topics: bool = False
    epoch: int = 0  # of the group, after it


class Heartbeats:
    """Decides heartbeats over groups and topics that it is given."""

    def __init__(self, config: ConsumerConfig, topics: TopicsView) -> None:
        self._config = config
        self._topics = topics

    def beat(self, group: ConsumerGroup, request: HeartbeatRequest, member_id: str, at: Instant) -> Beat:
        """What this heartbeat changes; KafkaError if the member may not send it."""
        group.check_room(member_id, self._config.max_size)
        before = find_member(group, request, member_id)
        holder = group.find_static(request.instance_id) if request.is_join else None
        beat = self.move(group, before, _reported(before, request), holder, request.owned, at)
        beat.may_describe = request.may_describe
        return beat

    def move(
        self,
        group: ConsumerGroup,
        before: ConsumerMember,
        after: ConsumerMember,
        holder: ConsumerMember | None,
        owned: Owned,
        at: Instant,
    ) -> Beat:
        """What it changes that a member reports anew; `holder` is the static member whose place it takes."""
        beat = Beat(before, after, [])
        self._replace_static(group, holder, beat)
        is_known = before.member_id in group.members and beat.replaced is None
        if (not is_known and beat.replaced is None) or not beat.after.has_same_metadata(before):
            beat.records.append(member_record(group.group_id, beat.after))
        names_changed = set(before.subscribed_topic_names) != set(beat.after.subscribed_topic_names)
        regex = note_regex(group, before, beat.after, self._topics, at.now_ms, self._config.regex_refresh_interval_ms)
        beat.records += regex.records
        beat.must_resolve = regex.must_resolve
        beat.epoch = epoch = self._raise_epoch(group, beat, must_raise=names_changed or regex.is_effective)
        target_epoch, target = self._target(group, epoch, beat, at)
        self._reconcile(
            group, beat, target_epoch, target, owned, has_subscription_changed=names_changed or regex.has_changed
        )
        return beat

    def _replace_static(self, group: ConsumerGroup, holder: ConsumerMember | None, beat: Beat) -> None:
        """A static member is back: it has what the member had that left for a while."""
        if holder is None:
            return
        beat.replaced = holder.member_id
        beat.records += [
            *member_tombstones(group.group_id, holder.member_id),
            member_record(group.group_id, beat.before),
            target_member_record(group.group_id, beat.before.member_id, group.target_of(holder.member_id)),
            current_record(group.group_id, beat.before),
        ]

    def _raise_epoch(self, group: ConsumerGroup, beat: Beat, *, must_raise: bool) -> int:
        """The group's epoch after this heartbeat: it rises with subscriptions and with the topics themselves."""
        if not (must_raise or group.needs_refresh):
            return group.epoch
        beat.has_looked_at_topics = True
        topics_hash = metadata_hash(group.subscribed_topics_of(self._members_after(group, beat)), self._topics)
        if not must_raise and topics_hash == group.metadata_hash:
            return group.epoch
        beat.records.append(group_epoch_record(group.group_id, group.epoch + 1, topics_hash))
        return group.epoch + 1

    def _target(self, group: ConsumerGroup, epoch: int, beat: Beat, at: Instant) -> tuple[int, Partitions]:
        """The target of this member, and its epoch: made anew where it is behind, but not too often (KIP-1263)."""
        last_id = beat.replaced or beat.before.member_id
        if epoch <= group.assignment_epoch or not self._may_assign(group, at.now_ms):
            return group.assignment_epoch, group.target_of(last_id)
        members = list(self._members_after(group, beat))
        assignees = [
            Assignee(
                member.member_id,
                member.instance_id,
                frozenset(self._ids_of(group, member)),
                group.target_of(last_id if member is beat.after else member.member_id),
            )
            for member in members
        ]
        partitions: dict[bytes, int] = {}
        for name in group.subscribed_topics_of(members):
            topic = self._topics.find(name)
            if topic is not None:
                partitions[topic.topic_id] = topic.partitions
        assigned = ASSIGNORS[preferred_assignor(members, self._config)](assignees, partitions)
        for assignee in assignees:
            target = assigned.get(assignee.member_id, NO_PARTITIONS)
            is_heir = beat.replaced is not None and assignee.member_id == beat.after.member_id
            known = assignee.before if is_heir or assignee.member_id in group.target else None
            if target != known:
                beat.records.append(target_member_record(group.group_id, assignee.member_id, target))
        beat.records.append(target_epoch_record(group.group_id, epoch, at.now_ms))
        return epoch, assigned.get(beat.after.member_id, NO_PARTITIONS)

    def _may_assign(self, group: ConsumerGroup, now_ms: int) -> bool:
        return group.may_assign(now_ms, self._config.of_group(group.group_id).assignment_interval_ms)

    def _reconcile(
        self,
        group: ConsumerGroup,
        beat: Beat,
        target_epoch: int,
        target: Partitions,
        owned: Owned,
        *,
        has_subscription_changed: bool,
    ) -> None:
        own_ids = (beat.replaced, beat.before.member_id)

        def holder_of(topic_id: bytes, partition: int) -> str | None:
            holder = group.holder_of(topic_id, partition)
            return beat.before.member_id if holder in own_ids else holder

        reconciled = reconcile(
            beat.after,
            target_epoch,
            target,
            owned,
            frozenset(self._ids_of(group, beat.after)),
            holder_of,
            has_subscription_changed=has_subscription_changed,
        )
        if reconciled != beat.after:
            beat.records.append(current_record(group.group_id, reconciled))
        beat.after = reconciled

    def _ids_of(self, group: ConsumerGroup, member: ConsumerMember) -> Iterable[bytes]:
        for name in group.topics_of(member):
            topic = self._topics.find(name)
            if topic is not None:
                yield topic.topic_id

    @staticmethod
    def _members_after(group: ConsumerGroup, beat: Beat) -> Iterable[ConsumerMember]:
        is_there = False
        for member in group.members.values():
            if member.member_id in (beat.replaced, beat.after.member_id):
                is_there = True
                yield beat.after
            else:
                yield member
        if not is_there:
            yield beat.after


def _reported(member: ConsumerMember, request: HeartbeatRequest) -> ConsumerMember:
    """The member with what it reports; null is no change."""
    names, regex = request.subscribed_topic_names, request.subscribed_topic_regex
    return replace(
        member,
        instance_id=member.instance_id if request.instance_id is None else request.instance_id,
        rack_id=member.rack_id if request.rack_id is None else request.rack_id,
        client_id=request.client_id,
        client_host=request.client_host,
        subscribed_topic_names=member.subscribed_topic_names if names is None else tuple(sorted(set(names))),
        subscribed_topic_regex=member.subscribed_topic_regex if regex is None else regex,
        rebalance_timeout_ms=(
            member.rebalance_timeout_ms if request.rebalance_timeout_ms == -1 else request.rebalance_timeout_ms
        ),
        server_assignor=member.server_assignor if request.server_assignor is None else request.server_assignor,
        classic=None,
    )


def preferred_assignor(members: Iterable[ConsumerMember], config: ConsumerConfig) -> str:
    """The assignor that most members ask for; among equals, and where none asks, the first of the settings."""
    votes = dict.fromkeys(config.assignors, 0)
    for member in members:
        if member.server_assignor is not None and member.server_assignor in votes:
            votes[member.server_assignor] += 1
    return max(votes, key=votes.__getitem__)
