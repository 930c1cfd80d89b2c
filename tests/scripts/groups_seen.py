"""What a script shows of a group, as its coordinator knows it; a kind of group is a line in SEEN."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.group import Group
from odradek.broker.coordination.groups.share.group import ShareGroup
from odradek.broker.coordination.groups.streams.group import StreamsGroup


@dataclass(frozen=True)
class Seen:
    """A group's kind, state and epoch in words, and the epochs of its members; the state of none is None."""

    state: str | None = None
    members: Mapping[str, int] = field(default_factory=dict[str, int])
    is_exclusive: bool = True  # whether a partition is one member's at a time


def see(group: Group) -> Seen:
    """A group as it is now."""
    return SEEN[type(group)](group)


def partitions_text(owned: Mapping[str, Iterable[int]]) -> str:
    """Partitions as scripts show them."""
    texts = [f"{topic}[{' '.join(map(str, sorted(indexes)))}]" for topic, indexes in sorted(owned.items()) if indexes]
    return " ".join(texts) or "nothing"


def _see_classic(group: ClassicGroup) -> Seen:
    if group.is_empty and group.protocol_type is None:
        return Seen()  # it only keeps offsets
    state = f"classic, {group.state_name}, generation {group.generation}"
    return Seen(state, dict.fromkeys(group.members, group.generation))


def _see_consumer(group: ConsumerGroup) -> Seen:
    state = f"consumer, {group.state_name}, epoch {group.epoch}"
    return Seen(state, {member.member_id: member.epoch for member in group.members.values()})


def _see_share(group: ShareGroup) -> Seen:
    state = f"share, {group.state_name}, epoch {group.epoch}"
    return Seen(state, {member.member_id: member.epoch for member in group.members.values()}, is_exclusive=False)


def _see_streams(group: StreamsGroup) -> Seen:
    state = f"streams, {group.state_name}, epoch {group.epoch}"
    return Seen(state, {member.member_id: member.epoch for member in group.members.values()})


SEEN: Mapping[type, Callable[[Any], Seen]] = {
    ClassicGroup: _see_classic,
    ConsumerGroup: _see_consumer,
    ShareGroup: _see_share,
    StreamsGroup: _see_streams,
}
