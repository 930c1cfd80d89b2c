"""The tasks of a streams group: a subtopology and a partition each, run actively, as a standby or as a warm-up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Partitions = Mapping[str, frozenset[int]]
"""Partitions by subtopology."""

PartitionEpochs = Mapping[str, Mapping[int, int]]
"""By subtopology and partition, the member epoch at which it was given (KIP-1251)."""


class TaskId(NamedTuple):
    """One task."""

    subtopology_id: str
    partition: int


@dataclass(frozen=True, slots=True)
class Tasks:
    """What a member should have, or reports to have."""

    active: Partitions = field(default_factory=dict[str, frozenset[int]])
    standby: Partitions = field(default_factory=dict[str, frozenset[int]])
    warmup: Partitions = field(default_factory=dict[str, frozenset[int]])

    @property
    def is_empty(self) -> bool:
        """Whether there is none of any kind."""
        return not (self.active or self.standby or self.warmup)

    def has_any(self, others: "HeldTasks") -> bool:
        """Whether any of these is among the others, run in the same way."""
        return (
            _meet(self.active, others.active)
            or _meet(self.standby, others.standby)
            or _meet(self.warmup, others.warmup)
        )


@dataclass(frozen=True, slots=True)
class HeldTasks:
    """What a member has been given, or is to give up; of active tasks with the epoch at which it was given them."""

    active: PartitionEpochs = field(default_factory=dict[str, Mapping[int, int]])
    standby: Partitions = field(default_factory=dict[str, frozenset[int]])
    warmup: Partitions = field(default_factory=dict[str, frozenset[int]])

    @property
    def is_empty(self) -> bool:
        """Whether there is none of any kind."""
        return not (self.active or self.standby or self.warmup)

    def with_more(self, more: "HeldTasks") -> "HeldTasks":
        """These and more of them."""
        active: dict[str, Mapping[int, int]] = dict(self.active)
        for subtopology_id, epochs in more.active.items():
            active[subtopology_id] = {**active.get(subtopology_id, {}), **epochs}
        return HeldTasks(active, _union(self.standby, more.standby), _union(self.warmup, more.warmup))


NO_TASKS = Tasks()
NONE_HELD = HeldTasks()


def without_epochs(tasks: PartitionEpochs) -> dict[str, frozenset[int]]:
    """The tasks alone."""
    return {subtopology_id: frozenset(partitions) for subtopology_id, partitions in tasks.items()}


def by_subtopology(tasks: Iterable[TaskId]) -> dict[str, frozenset[int]]:
    """The partitions of each subtopology."""
    partitions: dict[str, set[int]] = {}
    for task in tasks:
        partitions.setdefault(task.subtopology_id, set()).add(task.partition)
    return {subtopology_id: frozenset(indexes) for subtopology_id, indexes in partitions.items()}


def _meet(some: Partitions, others: Partitions | PartitionEpochs) -> bool:
    return any(not indexes.isdisjoint(others.get(subtopology_id, ())) for subtopology_id, indexes in some.items())


def _union(some: Partitions, more: Partitions) -> Partitions:
    united = dict(some)
    for subtopology_id, indexes in more.items():
        united[subtopology_id] = united.get(subtopology_id, frozenset()) | indexes
    return united
