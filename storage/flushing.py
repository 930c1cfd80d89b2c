"""When a log must reach the disk, and the fsyncs that take it there, prepared on one thread and run on any other.

The rule: `FlushJob.run` touches nothing but descriptors of its own, so the log may grow meanwhile. What the disk has
after a failed fsync is unknown (the kernel may drop the pages and report success next time), so no later one is
believed: the recovery point stays, and the next start recovers from it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from .disk_job import DiskJob
from .files.files import Files
from .log_config import LONG_MAX, LogConfig
from .producer_snapshots import Snapshots
from .segment import Segment


class FlushJob(DiskJob):
    """Makes everything below `offset` durable."""

    __slots__ = ("offset",)

    def __init__(self, offset: int, syncs: Sequence[Callable[[], None]]) -> None:
        super().__init__(syncs)
        self.offset = offset


class Flushing:
    """How far a log has reached the disk."""

    __slots__ = (
        "_files",
        "_is_urgent",
        "_last_flush_ms",
        "_refusal",
        "_was_never_flushed",
        "failure",
        "has_new_files",
        "recovery_point",
    )

    def __init__(self, files: Files, recovery_point: int, now_ms: int) -> None:
        self._files = files
        self._last_flush_ms = now_ms
        self._is_urgent = False
        self._refusal: str | None = None  # why nothing more is written
        self.failure: OSError | None = None  # of an fsync: for good
        # The process that made the directory and its files may have been killed before their names were synced.
        self._was_never_flushed = self.has_new_files = True
        self.recovery_point = recovery_point

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

    def begin(
        self, end_offset: int, segments: Sequence[Segment], snapshots: Snapshots, directory: str, now_ms: int
    ) -> FlushJob:
        """Write the index entries that are in memory only, and collect what must be synced."""
        self.check()
        syncs: list[Callable[[], None]] = []
        try:
            for segment in segments:
                # Recovery leaves sealed segments without the time entry that ends them.
                self.has_new_files |= segment.indexes.save(is_final=segment is not segments[-1])
                for path in segment.durable_paths():
                    syncs.append(self._files.sync_handle(path))
            new_snapshots = snapshots.unsynced_paths()
            syncs += [self._files.sync_handle(path) for path in new_snapshots]
            if self.has_new_files or new_snapshots:
                syncs.append(self._files.sync_handle(directory))
            if self._was_never_flushed:
                syncs.append(self._files.sync_handle(directory.rpartition("/")[0] or "/"))
        except OSError:
            begun = FlushJob(0, syncs)
            with suppress(OSError):
                begun.run()  # lets the descriptors go
            self._fail(begun.failure)
            raise
        snapshots.note_synced(snapshots.unsynced)
        self._was_never_flushed = self.has_new_files = self._is_urgent = False
        self._last_flush_ms = now_ms
        return FlushJob(end_offset, syncs)

    def check(self) -> None:
        """OSError once an fsync has failed, or the log is closed."""
        if self._refusal is not None:
            raise OSError(self._refusal)

    def close(self, why: str) -> None:
        """Nothing more is written."""
        self._refusal = why

    def finish(self, job: FlushJob, end_offset: int) -> None:
        """Everything the job covered is durable now, or, if it failed, nothing is believed any more."""
        self._fail(job.failure)
        if self.failure is None:
            self.recovery_point = min(max(self.recovery_point, job.offset), end_offset)

    def _fail(self, failure: OSError | None) -> None:
        if failure is not None and self.failure is None:
            self.failure = failure
            self._refusal = "an earlier fsync failed, so what the disk has is unknown until the log is recovered"
