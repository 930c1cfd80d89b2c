"""How a member gets from what it has to what it should have, one heartbeat at a time (KIP-848).

The one rule: a partition is given to a member when nobody else has it, or has yet to confirm that it gave it up. Until
a member has confirmed that, it keeps its epoch.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from .....protocol.errors import ErrorCode, KafkaError
from ..modern.group import Partitions
from .member import ConsumerMember, MemberState, PartitionEpochs

Owned = Sequence[tuple[bytes, Sequence[int]]] | None
"""What a member reports to own, by topic id; None where it reports nothing."""


def reconcile(
    member: ConsumerMember,
    target_epoch: int,
    target: Partitions,
    owned: Owned,
    subscribed_ids: Collection[bytes],
    holder_of: Callable[[bytes, int], str | None],
    *,
    has_subscription_changed: bool,
) -> ConsumerMember:
    """The member's next state, or the same member where there is nothing to do.

    `subscribed_ids` are the topics that it subscribes to and that exist; `holder_of` names the member that has a
    partition, or has yet to give it up. Topics to which it has ceased to subscribe are taken from it at once
    (KAFKA-19431), though the target has yet to follow. FENCED_MEMBER_EPOCH for a member in a state of a later release,
    unless it has nothing.
    """
    if member.state is MemberState.UNKNOWN and (owned is None or len(owned) > 0):
        raise KafkaError(
            ErrorCode.FENCED_MEMBER_EPOCH,
            "The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.",
        )
    if member.state is MemberState.STABLE and member.epoch == target_epoch:
        return _without_unsubscribed(member, owned, subscribed_ids) if has_subscription_changed else member
    if member.state is MemberState.UNREVOKED_PARTITIONS and _still_owns(owned, member.revoking):
        return _without_unsubscribed(member, owned, subscribed_ids) if has_subscription_changed else member
    return _next(member, target_epoch, target, owned, subscribed_ids, holder_of)


def _still_owns(owned: Owned, revoking: PartitionEpochs) -> bool:
    """Whether any of these is yet to be given up: without a report, all are."""
    if owned is None:
        return True
    return any(index in revoking.get(topic_id, ()) for topic_id, indexes in owned for index in indexes)


def _without_unsubscribed(member: ConsumerMember, owned: Owned, subscribed_ids: Collection[bytes]) -> ConsumerMember:
    kept = {topic_id: given for topic_id, given in member.assigned.items() if topic_id in subscribed_ids}
    if len(kept) == len(member.assigned):
        return member
    revoking: dict[bytes, Mapping[int, int]] = dict(member.revoking)
    for topic_id, given in member.assigned.items():
        if topic_id not in kept:
            revoking[topic_id] = {**revoking.get(topic_id, {}), **given}
    if _still_owns(owned, revoking):
        return member.at(MemberState.UNREVOKED_PARTITIONS, member.epoch, kept, revoking)
    return member.at(member.state, member.epoch, kept, member.revoking)


def _next(
    member: ConsumerMember,
    target_epoch: int,
    target: Partitions,
    owned: Owned,
    subscribed_ids: Collection[bytes],
    holder_of: Callable[[bytes, int], str | None],
) -> ConsumerMember:
    assigned: dict[bytes, dict[int, int]] = {}
    revoking: dict[bytes, dict[int, int]] = {}
    free: dict[bytes, list[int]] = {}
    has_unreleased = False
    for topic_id in {**target, **member.assigned}:
        wanted = target.get(topic_id, frozenset[int]()) if topic_id in subscribed_ids else frozenset[int]()
        given = member.assigned.get(topic_id, {})
        kept = {index: epoch for index, epoch in given.items() if index in wanted}
        lost = {index: epoch for index, epoch in given.items() if index not in wanted}
        missing = [index for index in wanted if index not in given]
        available = [index for index in missing if holder_of(topic_id, index) in (None, member.member_id)]
        has_unreleased |= len(available) < len(missing)
        if kept:
            assigned[topic_id] = kept
        if lost:
            revoking[topic_id] = lost
        if available:
            free[topic_id] = available
    if revoking and _still_owns(owned, revoking):
        return member.at(MemberState.UNREVOKED_PARTITIONS, member.epoch, assigned, revoking)
    for topic_id, indexes in free.items():
        assigned.setdefault(topic_id, {}).update(dict.fromkeys(indexes, target_epoch))
    state = MemberState.UNRELEASED_PARTITIONS if has_unreleased else MemberState.STABLE
    return member.at(state, target_epoch, assigned)
