"""Which processes of a streams group hold a task, or have yet to give it up."""

from collections.abc import Collection, Iterable

from .member import StreamsMember
from .tasks import PartitionEpochs, Partitions, TaskId


class HeldByProcesses:
    """An active task is held by one process, as far as it is known; standbys and warm-ups by any number."""

    def __init__(self) -> None:
        self._active: dict[TaskId, str] = {}
        self._standby: dict[TaskId, set[str]] = {}
        self._warmup: dict[TaskId, set[str]] = {}

    def active_holder(self, subtopology_id: str, partition: int) -> str | None:
        """The process that runs a task."""
        return self._active.get(TaskId(subtopology_id, partition))

    def standby_holders(self, subtopology_id: str, partition: int) -> Collection[str]:
        """The processes that have it as a standby."""
        return self._standby.get(TaskId(subtopology_id, partition), ())

    def warmup_holders(self, subtopology_id: str, partition: int) -> Collection[str]:
        """The processes that warm up for it."""
        return self._warmup.get(TaskId(subtopology_id, partition), ())

    def add(self, member: StreamsMember) -> None:
        """The tasks of a member."""
        process = member.process_id
        for held in (member.held, member.revoking):
            self._active.update(dict.fromkeys(_tasks(held.active), process))
            for holders, copies in ((self._standby, held.standby), (self._warmup, held.warmup)):
                for task in _tasks(copies):
                    holders.setdefault(task, set()).add(process)

    def drop(self, member: StreamsMember) -> None:
        """A member has these no more; an active task may be held by another process by now."""
        process = member.process_id
        for held in (member.held, member.revoking):
            for task in _tasks(held.active):
                if self._active.get(task) == process:
                    del self._active[task]
            for holders, copies in ((self._standby, held.standby), (self._warmup, held.warmup)):
                for task in _tasks(copies):
                    left = holders.get(task, set())
                    left.discard(process)
                    if not left:
                        holders.pop(task, None)


def _tasks(partitions: Partitions | PartitionEpochs) -> Iterable[TaskId]:
    return (TaskId(name, index) for name, indexes in partitions.items() for index in indexes)
