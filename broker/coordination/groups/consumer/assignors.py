"""The assignors that the coordinator runs: who should have which partitions.

The one rule: they are pure, and stick to what was before as far as balance allows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heapreplace

from ..modern.group import Partitions

Assignment = dict[str, Partitions]
"""Partitions by member id; members that get none may be absent."""


@dataclass(frozen=True, slots=True)
class Assignee:
    """A member to be given partitions: the topics that it subscribes to and that exist, and what it should have had."""

    member_id: str
    instance_id: str | None
    topic_ids: frozenset[bytes]
    before: Partitions = field(default_factory=dict[bytes, frozenset[int]])


Assignor = Callable[[Sequence[Assignee], Mapping[bytes, int]], Assignment]
"""Given the members and how many partitions each topic has."""


def assign_range(members: Sequence[Assignee], partitions: Mapping[bytes, int]) -> Assignment:
    """Each topic in contiguous ranges over its subscribers, in the order of their ids, so that topics are aligned."""
    in_order = sorted(members, key=_order)
    subscribers: dict[bytes, list[str]] = {}
    for member in in_order:
        for topic_id in member.topic_ids:
            subscribers.setdefault(topic_id, []).append(member.member_id)
    assigned: dict[str, dict[bytes, frozenset[int]]] = {member.member_id: {} for member in in_order}
    for topic_id, member_ids in subscribers.items():
        share, extra = divmod(partitions[topic_id], len(member_ids))
        start = 0
        for number, member_id in enumerate(member_ids):
            end = start + share + (number < extra)
            if start < end:
                assigned[member_id][topic_id] = frozenset(range(start, end))
            start = end
    return dict(assigned)


def assign_uniform(members: Sequence[Assignee], partitions: Mapping[bytes, int]) -> Assignment:
    """The same number of partitions for each member, whatever their topics; as few as can be change hands."""
    if all(member.topic_ids == members[0].topic_ids for member in members):
        return _assign_alike(members, partitions)
    return _assign_unlike(members, partitions)


ASSIGNORS: Mapping[str, Assignor] = {"uniform": assign_uniform, "range": assign_range}


def _order(member: Assignee) -> tuple[bool, str]:
    """Static members first, by instance id."""
    return (False, member.instance_id) if member.instance_id is not None else (True, member.member_id)


def _assign_alike(members: Sequence[Assignee], partitions: Mapping[bytes, int]) -> Assignment:
    """All subscribe to the same topics: every member has its share, some one more, those first that had it."""
    if not members or not members[0].topic_ids:
        return {}
    topics = sorted(members[0].topic_ids)
    share, extra = divmod(sum(partitions[topic_id] for topic_id in topics), len(members))
    kept: dict[str, dict[bytes, set[int]]] = {}
    rooms: list[tuple[str, int]] = []
    taken: set[tuple[bytes, int]] = set()
    for member in members:
        own = kept[member.member_id] = {}
        had = [at for at in _had(member, partitions) if at not in taken]
        has_more = len(had) > share and extra > 0
        extra -= has_more
        keep = had[: share + has_more]
        taken.update(keep)
        for topic_id, index in keep:
            own.setdefault(topic_id, set()).add(index)
        if len(keep) <= share:
            rooms.append((member.member_id, share - len(keep)))
    free = ((topic, index) for topic in topics for index in range(partitions[topic]) if (topic, index) not in taken)
    for number, (member_id, room) in enumerate(rooms):
        for _ in range(room + (number < extra)):
            topic_id, index = next(free, (b"", -1))
            if index < 0:
                break
            kept[member_id].setdefault(topic_id, set()).add(index)
    return _frozen(kept)


def _had(member: Assignee, partitions: Mapping[bytes, int]) -> list[tuple[bytes, int]]:
    """What a member should have had and may go on having."""
    return [
        (topic_id, index)
        for topic_id, indexes in sorted(member.before.items())
        if topic_id in member.topic_ids
        for index in sorted(indexes)
        if index < partitions[topic_id]
    ]


def _assign_unlike(members: Sequence[Assignee], partitions: Mapping[bytes, int]) -> Assignment:
    """Subscriptions differ: what a member had it keeps at first, the rest goes to whoever has least, then it is evened.

    A partition moves only if that makes the two members concerned more equal, so the evening comes to an end.
    """
    kept: dict[str, dict[bytes, set[int]]] = {member.member_id: {} for member in members}
    load = dict.fromkeys(kept, 0)
    subscribers: dict[bytes, list[str]] = {}
    owner: dict[tuple[bytes, int], str] = {}
    for member in members:
        for topic_id in member.topic_ids:
            subscribers.setdefault(topic_id, []).append(member.member_id)
        for topic_id, indexes in member.before.items():
            for index in indexes:
                if topic_id in member.topic_ids and index < partitions[topic_id]:
                    owner.setdefault((topic_id, index), member.member_id)
    for member_id in owner.values():
        load[member_id] += 1
    # The topics with the fewest subscribers leave the least choice, and go first.
    for topic_id in sorted(subscribers, key=lambda topic_id: (len(subscribers[topic_id]), topic_id)):
        free = [index for index in range(partitions[topic_id]) if (topic_id, index) not in owner]
        for index, member_id in zip(free, _least_loaded(subscribers[topic_id], load), strict=False):
            owner[topic_id, index] = member_id
    _even_out(owner, load, subscribers)
    for (topic_id, index), member_id in owner.items():
        kept[member_id].setdefault(topic_id, set()).add(index)
    return _frozen(kept)


def _least_loaded(member_ids: Sequence[str], load: dict[str, int]) -> Iterator[str]:
    """Again and again the member that has least, which then has one more."""
    heap = [(load[member_id], number, member_id) for number, member_id in enumerate(member_ids)]
    heapify(heap)
    while True:
        _, number, member_id = heap[0]
        load[member_id] += 1
        heapreplace(heap, (load[member_id], number, member_id))
        yield member_id


def _even_out(
    owner: dict[tuple[bytes, int], str], load: dict[str, int], subscribers: Mapping[bytes, Sequence[str]]
) -> None:
    has_moved = True
    while has_moved:
        has_moved = False
        least: dict[bytes, str] = {}  # as of the last move: whoever has least for each topic
        for at, member_id in owner.items():
            topic_id, _ = at
            if topic_id not in least:
                least[topic_id] = min(subscribers[topic_id], key=load.__getitem__)
            receiver = least[topic_id]
            if load[receiver] < load[member_id] - 1:
                owner[at] = receiver
                load[member_id] -= 1
                load[receiver] += 1
                least.clear()
                has_moved = True


def _frozen(kept: Mapping[str, Mapping[bytes, set[int]]]) -> Assignment:
    return {
        member_id: {topic_id: frozenset(indexes) for topic_id, indexes in own.items()}
        for member_id, own in kept.items()
    }
