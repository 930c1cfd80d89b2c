"""LogClosing: how a log is left, so that the next start trusts its files: what is written first, and what follows.

The fsyncs between the two are a job that any thread may run, and the log may be used meanwhile: then it stays open.
"""

from .flushing import Flushing, FlushJob
from .log_cleanup import LogCleanup
from .log_config import LONG_MAX
from .log_location import LogLocation
from .log_state import LogState


class LogClosing:
    """The last that is done to a log."""

    __slots__ = ("_cleanup", "_flushing", "_location", "_state")

    def __init__(self, location: LogLocation, state: LogState, flushing: Flushing, cleanup: LogCleanup) -> None:
        self._location = location
        self._state = state
        self._flushing = flushing
        self._cleanup = cleanup

    def prepare(self) -> bool:
        """Write what lets the next start trust the files, before their fsync; False if nothing has changed."""
        state = self._state
        if state.is_closed or not (state.is_changed or state.is_prepared):
            return False
        if self._cleanup.is_deleting_records:
            raise OSError(f"records of the log in {state.path} are being deleted")
        state.epochs.save(self._location.files, self._location.path)
        if state.log_end_offset > 0:
            state.snapshots.write(state.producers, state.log_end_offset)
            state.snapshots.keep_for(state.segments.bases)
        self._flushing.has_new_files |= state.segments.active.indexes.save(is_final=True)
        state.is_prepared, state.is_changed = True, False
        return True

    def finish(self, job: FlushJob) -> bool:
        """Whether the log is closed now: not if it was changed meanwhile, or a file could not be opened.

        OSError if an fsync has failed.
        """
        state = self._state
        self._flushing.finish(job, state.log_end_offset)
        if job.failure is not None:
            raise job.failure
        if job.is_refused or state.is_changed or self._cleanup.is_deleting_records:
            return False
        for path in state.segments.take_due(LONG_MAX):
            self._location.files.remove(path)
        self.abandon()
        return True

    def abandon(self) -> None:
        """Nothing more is written."""
        self._state.is_closed = True
        self._flushing.close(self._state.closed)
