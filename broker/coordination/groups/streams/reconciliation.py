"""How a member gets from the tasks it has to those it should have, one heartbeat at a time (KIP-1071).

The one rule: an active task is given to a member when no process has it, and no task goes to a process that has it in
another way. Until a member has confirmed what it gave up, it keeps its epoch.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from .....protocol.errors import ErrorCode, KafkaError
from .member import MemberState, StreamsMember
from .tasks import HeldTasks, Partitions, Tasks


class TaskHolders(Protocol):
    """Which processes have a task, or have yet to give it up."""

    def active_holder(self, subtopology_id: str, partition: int) -> str | None: ...
    def standby_holders(self, subtopology_id: str, partition: int) -> Collection[str]: ...
    def warmup_holders(self, subtopology_id: str, partition: int) -> Collection[str]: ...


def reconcile(
    member: StreamsMember, target_epoch: int, target: Tasks, owned: Tasks | None, holders: TaskHolders
) -> StreamsMember:
    """The member's next state, or the same member where there is nothing to do; FENCED_MEMBER_EPOCH."""
    if member.is_reconciled_to(target_epoch):
        return member
    epoch = member.epoch
    if member.state is MemberState.UNREVOKED_TASKS:
        if owned is None or owned.has_any(member.revoking):
            return member
        epoch += 1
    elif member.state is MemberState.UNKNOWN:
        if owned is None or not owned.is_empty:
            raise KafkaError(
                ErrorCode.FENCED_MEMBER_EPOCH,
                "The streams group member is in a unknown state. The member must abandon all its tasks and rejoin.",
            )
        epoch = target_epoch
    return _next(member, epoch, target_epoch, target, owned, holders)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Of the tasks of one role: what stays, what goes, what can be given, and whether some cannot yet."""

    kept: dict[str, frozenset[int]]
    lost: dict[str, frozenset[int]]
    free: dict[str, frozenset[int]]
    has_unreleased: bool


def _next(
    member: StreamsMember,
    epoch: int,
    target_epoch: int,
    target: Tasks,
    owned: Tasks | None,
    holders: TaskHolders,
) -> StreamsMember:
    process = member.process_id

    def has_copy(subtopology_id: str, index: int) -> bool:
        return process in holders.standby_holders(subtopology_id, index) or process in holders.warmup_holders(
            subtopology_id, index
        )

    def is_taken(subtopology_id: str, index: int) -> bool:
        return holders.active_holder(subtopology_id, index) is not None or has_copy(subtopology_id, index)

    def is_here(subtopology_id: str, index: int) -> bool:
        return holders.active_holder(subtopology_id, index) == process or has_copy(subtopology_id, index)

    held = member.held
    active = _compare({name: frozenset(given) for name, given in held.active.items()}, target.active, is_taken)
    standby = _compare(held.standby, target.standby, is_here)
    warmup = _compare(held.warmup, target.warmup, is_here)
    kept = HeldTasks(_with_epochs(active.kept, held.active), standby.kept, warmup.kept)
    lost = HeldTasks(_with_epochs(active.lost, held.active), standby.lost, warmup.lost)
    if not lost.is_empty and (owned is None or owned.has_any(lost)):
        return member.at(MemberState.UNREVOKED_TASKS, epoch, kept, lost)
    given = {name: dict.fromkeys(sorted(indexes), target_epoch) for name, indexes in active.free.items()}
    has_unreleased = active.has_unreleased or standby.has_unreleased or warmup.has_unreleased
    state = MemberState.UNRELEASED_TASKS if has_unreleased else MemberState.STABLE
    return member.at(state, target_epoch, kept.with_more(HeldTasks(given, standby.free, warmup.free)))


class _IsHeld(Protocol):
    def __call__(self, subtopology_id: str, index: int, /) -> bool: ...


def _compare(held: Partitions, target: Partitions, is_unreleased: _IsHeld) -> _Difference:
    difference = _Difference({}, {}, {}, has_unreleased=False)
    has_unreleased = False
    for name in _both(held, target):
        has, wanted = held.get(name, frozenset()), target.get(name, frozenset())
        missing = wanted - has
        free = frozenset(index for index in missing if not is_unreleased(name, index))
        has_unreleased |= len(free) < len(missing)
        for into, indexes in (
            (difference.kept, has & wanted),
            (difference.lost, has - wanted),
            (difference.free, free),
        ):
            if indexes:
                into[name] = indexes
    return _Difference(difference.kept, difference.lost, difference.free, has_unreleased)


def _both(held: Partitions, target: Partitions) -> Iterable[str]:
    return dict.fromkeys((*target, *held))


def _with_epochs(partitions: Partitions, epochs: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, int]]:
    return {name: {index: epochs[name][index] for index in sorted(indexes)} for name, indexes in partitions.items()}
