"""DiskJob: work on files that was decided on one thread and may be run on any other.

The rule: what a job writes was fixed when it was begun, and it touches nothing but files and descriptors of its own, so
that everything else may go on meanwhile. What follows from its success is done afterwards, where it was begun.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from .files.files import Files


class DiskJob:
    """Calls that were begun together: to be run once, then handed to the `finish_*` that belongs to the `begin_*`."""

    __slots__ = ("_calls", "failure", "is_done")

    def __init__(self, calls: Sequence[Callable[[], None]]) -> None:
        self._calls = calls
        self.failure: OSError | None = None
        self.is_done = False  # all of it has succeeded

    @property
    def has_work(self) -> bool:
        """Whether there is anything to do, so that a thread is worth it."""
        return bool(self._calls)

    def run(self) -> None:
        """Make every call; the first failure comes out as OSError, after all have been tried."""
        calls, self._calls = self._calls, ()
        for call in calls:
            try:
                call()
            except OSError as error:
                self.failure = self.failure or error
            except Exception as error:
                self.failure = self.failure or OSError(f"{error!r}")  # a fault of ours leaves the disk as unknown
        if self.failure is not None:
            raise self.failure
        self.is_done = True


def sync_handles(files: Files, paths: Iterable[str]) -> list[Callable[[], None]]:
    """The fsync of each of these, ready to be called; OSError leaves no descriptor open."""
    handles: list[Callable[[], None]] = []
    try:
        for path in paths:
            handles.append(files.sync_handle(path))
    except OSError:
        with suppress(OSError):
            DiskJob(handles).run()  # which closes them
        raise
    return handles
