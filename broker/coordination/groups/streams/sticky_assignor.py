"""The assignor of streams groups, Kafka's "sticky" one: which member should run which task (KIP-1071).

The one rule: a task stays where it was as far as balance allows, and no process has a task twice. Where two members
are alike Kafka's choice is that of its hash maps and heaps, and so it is here: the assignments are the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .configured_topology import ConfiguredSubtopology
from .java_order import JavaHeap, capacity_for, in_hash_order
from .process_load import ProcessLoad
from .tasks import NO_TASKS, Partitions, TaskId, Tasks, by_subtopology


@dataclass(frozen=True, slots=True)
class StreamsAssignee:
    """A member to be given tasks: its process, and what it should have had."""

    member_id: str
    process_id: str
    before: Tasks = NO_TASKS


@dataclass(frozen=True, slots=True)
class _Place:
    """A member in its process."""

    process: ProcessLoad
    member_id: str

    @property
    def count(self) -> int:
        return self.process.counts[self.member_id]


class _Quota:
    """How many tasks a member may have: less for the others once one has its share."""

    def __init__(self, tasks: int, members: int) -> None:
        self._tasks = tasks
        self._members = members
        self.each = -(-tasks // members) if members else 0

    def note(self, count: int) -> None:
        """A member has so many now."""
        if count == self.each:
            self._members -= 1
            self._tasks -= count
            self.each = -(-self._tasks // self._members) if self._members else 0


def assign_sticky(
    members: Sequence[StreamsAssignee], subtopologies: Mapping[str, ConfiguredSubtopology], num_standby_replicas: int
) -> dict[str, Tasks]:
    """The tasks by member id; `subtopologies` in the order of their ids. There is a member at least."""
    return _Assignment(members, subtopologies, num_standby_replicas).make()


class _Assignment:
    def __init__(
        self, members: Sequence[StreamsAssignee], subtopologies: Mapping[str, ConfiguredSubtopology], standbys: int
    ) -> None:
        by_id = {member.member_id: member for member in members}
        self._members = [by_id[member_id] for member_id in in_hash_order(by_id)]
        self._subtopologies = subtopologies
        self._standbys = standbys
        threads: dict[str, list[str]] = {}
        for member in self._members:
            threads.setdefault(member.process_id, []).append(member.member_id)
        order = in_hash_order(threads, capacity_for(len(members)))
        self._processes = {process_id: ProcessLoad(threads[process_id]) for process_id in order}
        self._last_active: dict[TaskId, _Place] = {}
        self._last_standby: dict[TaskId, list[_Place]] = {}
        for member in self._members:
            place = _Place(self._processes[member.process_id], member.member_id)
            for task in _tasks_of(member.before.active):
                self._last_active[task] = place
            for task in _tasks_of(member.before.standby):
                self._last_standby.setdefault(task, []).append(place)
        active = self._tasks(self._subtopologies)
        stateful = self._tasks(name for name, sub in subtopologies.items() if sub.is_stateful)
        self._active_quota = _Quota(len(active), len(members))
        self._quota = _Quota(len(active) + len(stateful) * standbys, len(members))
        self._active, self._stateful = active, stateful

    def make(self) -> dict[str, Tasks]:
        self._assign_active()
        if self._standbys > 0:
            self._assign_standby()
        assigned: dict[str, Tasks] = {}
        for member in self._members:
            process = self._processes[member.process_id]
            assigned[member.member_id] = Tasks(
                by_subtopology(process.active.get(member.member_id, ())),
                by_subtopology(process.standby.get(member.member_id, ())),
            )
        return assigned

    def _tasks(self, subtopology_ids: Iterable[str]) -> list[TaskId]:
        return [TaskId(name, index) for name in subtopology_ids for index in range(self._subtopologies[name].tasks)]

    # Active tasks

    def _assign_active(self) -> None:
        """To who ran it, then to who has its state, then to who has least."""
        left: list[TaskId] = []
        for task in sorted(self._active, key=_by_partition):
            last = self._last_active.get(task)
            if last is None or not self._give_active(last, task):
                left.append(task)
        still_left: list[TaskId] = []
        for task in left:
            last = _least_loaded(self._last_standby.get(task, ()))
            if last is None or not self._give_active(last, task):
                still_left.append(task)
        by_load = JavaHeap(_load, self._processes.values())
        for task in sorted(still_left):
            process = by_load.poll()
            self._note_active(process.give_least_loaded(task, is_active=True))
            by_load.add(process)

    def _give_active(self, place: _Place, task: TaskId) -> bool:
        if place.count >= self._active_quota.each:
            return False
        self._note_active(place.process.give(place.member_id, task, is_active=True))
        return True

    def _note_active(self, count: int) -> None:
        self._active_quota.note(count)
        self._quota.note(count)

    # Standby tasks

    def _assign_standby(self) -> None:
        """Of each task so many: to who ran it, then to who had its state, then to who has least."""
        left: list[tuple[TaskId, int]] = []
        for task in sorted(self._stateful, key=_by_partition, reverse=True):
            for number in range(self._standbys):
                if not self._give_back_standby(task):
                    left.append((task, self._standbys - number))
                    break
        by_load = JavaHeap(_load, self._processes.values())
        for task, number in sorted(left, reverse=True):
            for _ in range(number):
                if not self._give_standby(by_load, task):
                    break  # there are fewer processes than replicas

    def _give_back_standby(self, task: TaskId) -> bool:
        last = self._last_active.get(task)
        if last is not None and not last.process.has(task) and last.count < self._quota.each:
            self._quota.note(last.process.give(last.member_id, task, is_active=False))
            return True
        last = _least_loaded(self._last_standby.get(task, ()), task)
        if last is not None and last.count < self._quota.each:
            self._quota.note(last.process.give(last.member_id, task, is_active=False))
            return True
        return False

    def _give_standby(self, by_load: JavaHeap[ProcessLoad], task: TaskId) -> bool:
        passed: list[ProcessLoad] = []
        is_given = False
        while len(by_load):
            process = by_load.poll()
            passed.append(process)
            if not process.has(task):
                self._quota.note(process.give_least_loaded(task, is_active=False))
                is_given = True
                break
        for process in reversed(passed):
            by_load.add(process)
        return is_given


def _tasks_of(partitions: Partitions) -> Iterable[TaskId]:
    return (TaskId(name, index) for name, indexes in partitions.items() for index in indexes)


def _by_partition(task: TaskId) -> tuple[int, str]:
    return task.partition, task.subtopology_id


def _load(process: ProcessLoad) -> float:
    return process.load


def _least_loaded(places: Sequence[_Place], task: TaskId | None = None) -> _Place | None:
    """Of those that had a task's state, the one with the least to do; with a task, one whose process has it not yet.

    As in Kafka only a process with less is looked at for a member with less, and if the first has the task there is
    none, whatever the others have.
    """
    if not places or (task is not None and places[0].process.has(task)):
        return None
    least = places[0]
    for place in places[1:]:
        if task is not None and place.process.has(task):
            continue
        if place.process.load < least.process.load and place.count < least.count:
            least = place
    return least
