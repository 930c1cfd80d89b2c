"""What one process of a streams application is given while an assignment is made: its members and their tasks."""

from .java_order import JavaHeap, in_hash_order
from .tasks import TaskId


class ProcessLoad:
    """A process: one client, whose members are its threads. Its load is tasks for each thread."""

    __slots__ = ("_heap", "_taken", "_tasks", "active", "counts", "load", "standby")

    def __init__(self, member_ids: list[str]) -> None:
        self.counts = dict.fromkeys(in_hash_order(member_ids), 0)
        self.active: dict[str, set[TaskId]] = {}
        self.standby: dict[str, set[TaskId]] = {}
        self.load = 0.0
        self._tasks = 0
        self._taken: set[TaskId] = set()
        self._heap: JavaHeap[str] | None = None

    def has(self, task: TaskId) -> bool:
        """Whether one of its members has the task, run in whatever way."""
        return task in self._taken

    def give(self, member_id: str, task: TaskId, *, is_active: bool) -> int:
        """Give a member a task; how many it then has."""
        self._heap = None  # the heap would not notice
        return self._add(member_id, task, is_active=is_active)

    def give_least_loaded(self, task: TaskId, *, is_active: bool) -> int:
        """Give a task to the member with the fewest; how many it then has."""
        if self._heap is None:
            self._heap = JavaHeap(self.counts.__getitem__, self.counts)
        member_id = self._heap.poll()
        count = self._add(member_id, task, is_active=is_active)
        self._heap.add(member_id)
        return count

    def _add(self, member_id: str, task: TaskId, *, is_active: bool) -> int:
        self._taken.add(task)
        (self.active if is_active else self.standby).setdefault(member_id, set()).add(task)
        self.counts[member_id] += 1
        self._tasks += 1
        self.load = self._tasks / len(self.counts)
        return self.counts[member_id]
