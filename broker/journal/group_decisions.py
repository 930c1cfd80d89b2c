"""Why groups rebalance: read off what an operation was, who asked for it, and how the group differs afterwards.

The one rule: coordinators know nothing of this. A group is looked at before an operation and after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..coordination.groups.group import Group
from ..coordination.result import Operation
from .entries import JournalRequest
from .journal import Journal

MOST_NAMED = 10  # members that one line names
# What changes neither members nor generations.
_IGNORED = frozenset({"OffsetCommit", "OffsetDelete", "offsets", "DeleteTopics", "consumer regex"})
_SESSIONS = frozenset({"session", "consumer session", "share session", "streams session"})
_TOO_LATE: Mapping[str, str] = {
    "join": "did not join again within the rebalance timeout",
    "sync": "did not send SyncGroup within the rebalance timeout",
    "consumer rejoin": "did not join again within its rebalance timeout",
    "consumer sync": "did not send SyncGroup within its rebalance timeout",
    "consumer revocation": "did not give up its partitions within its rebalance timeout",
    "streams revocation": "did not give up its tasks within its rebalance timeout",
}

FindGroup = Callable[[str], Group | None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A group at one moment; `generation` is the epoch of one whose coordinator assigns."""

    group_type: str
    state: str
    generation: int
    metadata_hash: int
    members: Mapping[str, Any]


class GroupDecisions:
    """Watches the operations of the group coordinator."""

    def __init__(self, journal: Journal, find_group: FindGroup) -> None:
        self._journal = journal
        self._find_group = find_group

    def asked(self, operation: Operation[Any]) -> None:
        """A request has asked for it."""
        operation.cause = self._journal.cause

    def watch(self, operation: Operation[Any]) -> Callable[[Exception | None], None] | None:
        """It is about to be done; to be called after each change."""
        if operation.name in _IGNORED:
            return None
        before = self._look(operation.key)

        def seen(failure: Exception | None) -> None:
            nonlocal before
            before = self._note(operation, before)

        return seen

    def _look(self, group_id: str) -> _Seen | None:
        group: Any = self._find_group(group_id)
        if group is None:
            return None
        return _Seen(
            group.group_type,
            group.state_name,
            generation_of(group),
            getattr(group, "metadata_hash", 0),
            dict(group.members),
        )

    def _note(self, operation: Operation[Any], before: _Seen | None) -> _Seen | None:
        """What it looks like now."""
        after = self._look(operation.key)
        cause = operation.cause if isinstance(operation.cause, JournalRequest) else None
        for what in _told(operation.name, cause, before, after):
            self._journal.decide("group", operation.key, what, cause)
        return after


def generation_of(group: Any) -> int:
    """The generation of a classic group, the epoch of any other."""
    return int(group.generation if hasattr(group, "generation") else group.epoch)


def _told(name: str, cause: JournalRequest | None, before: _Seen | None, after: _Seen | None) -> Sequence[str]:
    by = cause.title if cause is not None else name
    if after is None:
        return [] if before is None else [f"removed by {by}"]
    if before is None:
        before = _Seen(after.group_type, "Empty", 1 if after.group_type != "classic" else 0, 0, {})
    told: list[str] = []
    if before.group_type != after.group_type:
        told.append(f"is a {after.group_type} group now, and was a {before.group_type} one: {by}")
        before = _Seen(after.group_type, before.state, after.generation, after.metadata_hash, before.members)
    why = _why(name, cause, before, after)
    has_generation = after.generation != before.generation
    if after.group_type != "classic":
        if has_generation:
            told.append(f"rebalances, epoch {before.generation} -> {after.generation}: {why}")
        if after.state != before.state and after.state in ("Stable", "Empty"):
            told.append(f"{after.state} at epoch {after.generation} with {_count(after.members)}")
        return told
    began = after.state == "PreparingRebalance" or has_generation
    if began and before.state != "PreparingRebalance":
        told.append(f"rebalance begins ({before.state} in generation {before.generation} until now): {why}")
    elif before.members.keys() != after.members.keys():
        told.append(f"{why} (while {before.state})")
    if has_generation and after.members:
        told.append(f"generation {after.generation} with {_count(after.members)}: {_names(after.members)}")
    if after.state != before.state and after.state in ("Stable", "Empty"):
        told.append(f"{after.state} in generation {after.generation} with {_count(after.members)}")
    return told


def _why(name: str, cause: JournalRequest | None, before: _Seen, after: _Seen) -> str:
    """Which members came, went or asked for something else, and how."""
    come = {one: member for one, member in after.members.items() if one not in before.members}
    gone = {one: member for one, member in before.members.items() if one not in after.members}
    by = "" if cause is None else f" by {cause.title}"
    if come and gone and set(map(_instance, come.values())) & set(map(_instance, gone.values())) - {None}:
        return f"{_names(come)} takes the place of {_names(gone)}, of the same group.instance.id,{by}"
    reasons: list[str] = []
    if gone and name in _SESSIONS:
        (member, *_) = gone.values()
        timeout_ms = getattr(member, "session_timeout_ms", None)
        within = "its session timeout" + (f" of {timeout_ms} ms" if timeout_ms is not None else "")
        reasons.append(f"{_names(gone)} is out: nothing was heard of it within {within}")
    elif gone and name in _TOO_LATE:
        reasons.append(f"{_names(gone)} is out: it {_TOO_LATE[name]}")
    elif gone:
        reasons.append(f"{_names(gone)} left{by}")
    if come:
        reasons.append(f"{_names(come)} joined{by}")
    return "; ".join(reasons) or _why_without_change(name, cause, before, after)


def _why_without_change(name: str, cause: JournalRequest | None, before: _Seen, after: _Seen) -> str:
    member_id = str(cause.request.get("memberId", "")) if cause is not None else ""
    old, new = before.members.get(member_id), after.members.get(member_id)
    by = f" by {cause.title}" if cause is not None else f" ({name})"
    if old is not None and new is not None:
        if after.group_type == "classic":
            return f"{member_name(member_id, new)} joined again{by}"
        if not old.has_same_metadata(new):
            topics = [sorted(getattr(one, "subscribed_topic_names", ())) for one in (old, new)]
            what = f" from {topics[0]} to {topics[1]}" if topics[0] != topics[1] else ""
            return f"{member_name(member_id, new)} changed its subscription{what}{by}"
    if before.metadata_hash != after.metadata_hash:
        return f"the topics that it reads have changed, seen{by}"
    return f"asked for{by}"


def member_name(member_id: str, member: Any) -> str:
    """A member as a person looks for it."""
    client_id = getattr(member, "client_id", "") or "-"
    return f"member {member_id} (client {client_id})"


def _names(members: Mapping[str, Any]) -> str:
    named = [member_name(*one) for one in list(members.items())[:MOST_NAMED]]
    return ", ".join(named) + (f" and {len(members) - MOST_NAMED} more" if len(members) > MOST_NAMED else "")


def _count(members: Mapping[str, Any]) -> str:
    return f"{len(members)} member" + ("" if len(members) == 1 else "s")


def _instance(member: Any) -> str | None:
    return getattr(member, "group_instance_id", None) or getattr(member, "instance_id", None)
