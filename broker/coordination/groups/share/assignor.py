"""The simple assignor of share groups: every partition has members, every member has partitions, as even as can be.

With fewer members than partitions each partition has one; with more, each has so many that everybody has something.
The one rule: members keep what they have as far as that leaves it even, as with Kafka's SimpleAssignor.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..modern.group import Partitions

SIMPLE = "simple"

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class ShareAssignee:
    """A member to be given partitions: the topics that it subscribes to and that exist, and what it should have had."""

    member_id: str
    topic_ids: frozenset[bytes]
    before: Partitions = field(default_factory=dict[bytes, frozenset[int]])


def assign_simple(members: Sequence[ShareAssignee], assignable: Partitions) -> dict[str, Partitions]:
    """The partitions of each member; `assignable` are those whose state is there."""
    assigned: dict[str, dict[bytes, set[int]]] = {member.member_id: {} for member in members}
    if all(member.topic_ids == members[0].topic_ids for member in members):
        groups = [sorted(members[0].topic_ids)] if members else []
    else:
        groups = [[topic_id] for topic_id in sorted({one for member in members for one in member.topic_ids})]
    for topic_ids in groups:
        subscribers = [member for member in members if topic_ids and topic_ids[0] in member.topic_ids]
        partitions = [(topic, index) for topic in topic_ids for index in sorted(assignable.get(topic, ()))]
        wanted = set(partitions)
        before = {member.member_id: [at for at in _listed(member.before) if at in wanted] for member in subscribers}
        for member_id, shares in _share_out(partitions, before).items():
            for topic_id, index in shares:
                assigned[member_id].setdefault(topic_id, set()).add(index)
    return {
        member_id: {topic_id: frozenset(indexes) for topic_id, indexes in own.items()}
        for member_id, own in assigned.items()
    }


def _listed(partitions: Partitions) -> list[tuple[bytes, int]]:
    return [(topic_id, index) for topic_id in sorted(partitions) for index in sorted(partitions[topic_id])]


def _share_out(partitions: Sequence[P], before: Mapping[str, Sequence[P]]) -> dict[str, set[P]]:
    """Each partition to as many members as it takes for all of them to have something."""
    kept: dict[str, set[P]] = {member_id: set() for member_id in before}
    if not partitions or not kept:
        return kept
    sharing = -(-len(kept) // len(partitions))
    shares = sharing * len(partitions)
    room = {
        member_id: -(-shares * (number + 1) // len(kept)) + (-shares * number // len(kept))
        for number, member_id in enumerate(kept)
    }
    holders: dict[P, int] = dict.fromkeys(partitions, 0)
    for member_id, had in before.items():
        for partition in had:
            if room[member_id] and holders[partition] < sharing:
                kept[member_id].add(partition)
                holders[partition] += 1
                room[member_id] -= 1
    unfilled = deque(member_id for member_id in kept if room[member_id])
    for partition in partitions:
        for _ in range(len(unfilled)):
            if holders[partition] >= sharing:
                break
            member_id = unfilled.popleft()
            if partition not in kept[member_id]:
                kept[member_id].add(partition)
                holders[partition] += 1
                room[member_id] -= 1
            if room[member_id]:
                unfilled.append(member_id)
    return kept
