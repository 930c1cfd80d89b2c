"""When a log must reach the disk, and the fsyncs that take it there, prepared on one thread and run on any other.

The rule: `FlushJob.run` touches nothing but descriptors of its own, one at a time, so the log may grow meanwhile. What
the disk has after a failed fsync is unknown (the kernel may drop the pages and report success next time), so no later
one is believed: the recovery point stays, and the next start recovers from it. A file that could not even be opened is
another matter: nothing has been asked of the disk, so everything the job was to make durable is due as before.
"""

from collections.abc import Callable, Sequence

from .disk_job import DiskJob
from .files.files import Files
from .log_config import LONG_MAX, LogConfig
from .producer_snapshots import Snapshots
from .segment import Segment


class FlushJob(DiskJob):
    """Makes everything below `offset` durable."""

    __slots__ = ("has_new_files", "is_first", "offset", "snapshots")

    def __init__(
        self,
        offset: int,
        syncs: Sequence[Callable[[], None]],
        *,
        snapshots: frozenset[int] = frozenset(),
        has_new_files: bool = False,
        is_first: bool = False,
    ) -> None:
        """`snapshots` are those it syncs; with `has_new_files` the log's directory, on its first also the one above."""
        super().__init__(syncs)
        self.offset = offset
        self.snapshots = snapshots
        self.has_new_files = has_new_files
        self.is_first = is_first


class Flushing:
    """How far a log has reached the disk."""

    __slots__ = (
        "_files",
        "_is_urgent",
        "_jobs",
        "_last_flush_ms",
        "_refusal",
        "_snapshots",
        "_was_never_flushed",
        "failure",
        "has_new_files",
        "recovery_point",
    )

    def __init__(self, files: Files, snapshots: Snapshots, recovery_point: int, now_ms: int) -> None:
        self._files = files
        self._snapshots = snapshots
        self._last_flush_ms = now_ms
        self._is_urgent = False
        self._refusal: str | None = None  # why nothing more is written
        self.failure: OSError | None = None  # of an fsync: for good
        # The process that made the directory and its files may have been killed before their names were synced.
        self._was_never_flushed = self.has_new_files = True
        self.recovery_point = recovery_point
        self._jobs: list[FlushJob] = []  # begun and not finished

    def note_cut(self, end_offset: int) -> None:
        """The log ends earlier now, or begins anew: what a job under way has synced of the rest is no part of it."""
        self.recovery_point = min(self.recovery_point, end_offset)
        self._is_urgent = self.has_new_files = True
        for job in self._jobs:
            job.offset = min(job.offset, end_offset)
            job.snapshots = frozenset(offset for offset in job.snapshots if offset <= end_offset)

    def note_roll(self) -> None:
        """A segment was sealed: it is flushed soon, and so is the directory that has a new file."""
        self._is_urgent = self.has_new_files = True

    def is_due(self, end_offset: int, config: LogConfig, now_ms: int) -> bool:
        """Whether flush.messages, flush.ms or a sealed segment asks for an fsync now."""
        unflushed = end_offset - self.recovery_point
        return unflushed > 0 and (
            self._is_urgent
            or unflushed >= config.flush_messages
            or (config.flush_ms < LONG_MAX and now_ms - self._last_flush_ms >= config.flush_ms)
        )

    def begin(self, end_offset: int, segments: Sequence[Segment], directory: str, now_ms: int) -> FlushJob:
        """Write the index entries that are in memory only, and collect what must be synced."""
        self.check()
        paths: list[str] = []
        for segment in segments:
            # Recovery leaves sealed segments without the time entry that ends them.
            self.has_new_files |= segment.indexes.save(is_final=segment is not segments[-1])
            paths += segment.durable_paths()
        snapshots = self._snapshots.unsynced
        paths += self._snapshots.unsynced_paths()
        has_new_files = self.has_new_files or bool(snapshots)
        if has_new_files:
            paths.append(directory)
        if self._was_never_flushed:
            paths.append(directory.rpartition("/")[0] or "/")
        job = FlushJob(
            end_offset,
            [self._files.sync_handle(path) for path in paths],
            snapshots=snapshots,
            has_new_files=has_new_files,
            is_first=self._was_never_flushed,
        )
        self._was_never_flushed = self.has_new_files = self._is_urgent = False
        self._last_flush_ms = now_ms
        self._jobs.append(job)
        return job

    def check(self) -> None:
        """OSError once an fsync has failed, or the log is closed."""
        if self._refusal is not None:
            raise OSError(self._refusal)

    def close(self, why: str) -> None:
        """Nothing more is written."""
        self._refusal = why

    def finish(self, job: FlushJob, end_offset: int) -> None:
        """Everything the job covered is durable now, or, if it failed, nothing is believed any more.

        If it was refused, all of it is due again.
        """
        if job in self._jobs:
            self._jobs.remove(job)
        if job.failure is not None and self.failure is None:
            self.failure = job.failure
            self._refusal = "an earlier fsync failed, so what the disk has is unknown until the log is recovered"
        if job.is_refused:
            self.has_new_files |= job.has_new_files
            self._was_never_flushed |= job.is_first
            self._is_urgent = True
        elif self.failure is None:
            self._snapshots.note_synced(job.snapshots)
            self.recovery_point = min(max(self.recovery_point, job.offset), end_offset)
