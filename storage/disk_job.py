"""DiskJob: work on files that was decided on one thread and may be run on any other.

The rule: what a job writes was fixed when it was begun, and it touches nothing but files and descriptors of its own, so
that everything else may go on meanwhile. What follows from its success is done afterwards, where it was begun.
"""

from collections.abc import Callable, Sequence

from .files.files import OpenRefused


class DiskJob:
    """Calls that were begun together: to be run once, then handed to the `finish_*` that belongs to the `begin_*`."""

    __slots__ = ("_calls", "_refusal", "failure", "is_done")

    def __init__(self, calls: Sequence[Callable[[], None]]) -> None:
        self._calls = calls
        self.failure: OSError | None = None
        self._refusal: OpenRefused | None = None
        self.is_done = False  # all of it has succeeded

    @property
    def has_work(self) -> bool:
        """Whether there is anything to do, so that a thread is worth it."""
        return bool(self._calls)

    @property
    def is_refused(self) -> bool:
        """Whether it is not done for want of an open file alone: no fsync has failed, and it may be begun again."""
        return self._refusal is not None and self.failure is None

    def refuse(self, why: str) -> None:
        """It was never begun."""
        self._refusal = OpenRefused(why)

    def run(self) -> None:
        """Make every call; the first failure comes out as OSError, after all have been tried."""
        calls, self._calls = self._calls, ()
        for call in calls:
            try:
                call()
            except OpenRefused as error:
                self._refusal = self._refusal or error
            except OSError as error:
                self.failure = self.failure or error
            except Exception as error:
                self.failure = self.failure or OSError(f"{error!r}")  # a fault of ours leaves the disk as unknown
        first = self.failure or self._refusal
        if first is not None:
            raise first
        self.is_done = True
