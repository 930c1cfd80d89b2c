"""LogCleanup: what is taken from the beginning of a log, by request (DeleteRecords), by age and size, or by compaction.

Each is begun here, has its fsyncs run as a job on any thread, and is finished here. The files that go are renamed, and
removed `file.delete.delay.ms` later.
"""

from collections.abc import Callable, Sequence
from itertools import takewhile

from ..protocol.errors import ErrorCode, KafkaError
from .compaction.cleanable import Cleanable, find_cleanable
from .compaction.cleaning import Cleaning, CleaningTerms, FindAborted
from .disk_job import DiskJob
from .log_location import LogLocation
from .log_state import LogState
from .retention import Expired, find_expired
from .segment import Segment


class RecordsDeletion(DiskJob):
    """Makes it durable that a log begins at `offset`."""

    __slots__ = ("epochs", "offset")

    def __init__(self, offset: int, epochs: Sequence[tuple[int, int]], calls: Sequence[Callable[[], None]]) -> None:
        super().__init__(calls)
        self.offset = offset
        self.epochs = epochs  # as the job writes them down


class SegmentsDeletion(DiskJob):
    """Makes what is known of the producers in old segments durable, before these go."""

    __slots__ = ("due_ms", "expired", "segments", "snapshots")

    def __init__(
        self,
        expired: Sequence[Expired],
        segments: Sequence[Segment],
        due_ms: int,
        snapshots: frozenset[int],
        calls: Sequence[Callable[[], None]],
    ) -> None:
        super().__init__(calls)
        self.expired = expired
        self.segments = segments
        self.due_ms = due_ms
        self.snapshots = snapshots


class LogCleanup:
    """The old end of a log."""

    __slots__ = ("_deletions", "_files", "_location", "_path", "_state")

    def __init__(self, location: LogLocation, state: LogState) -> None:
        self._location = location
        self._files, self._path, _, _ = location
        self._state = state
        self._deletions: list[RecordsDeletion] = []  # under way, in the order in which they run

    @property
    def is_deleting_records(self) -> bool:
        """Whether a later beginning of the log is on its way to the disk."""
        return bool(self._deletions)

    def check_start(self, offset: int) -> None:
        """Whether the log could begin there; OFFSET_OUT_OF_RANGE if not."""
        end = self._state.high_watermark
        if not 0 <= offset <= end:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"offset {offset} is beyond {end}")

    def begin_delete_records(self, offset: int) -> RecordsDeletion:
        """Prepare to begin the log later. Jobs of one log must be run, and finished, in the order of their beginnings.

        The epochs have it on the disk then; the log start checkpoint is the caller's to write.
        """
        state = self._state
        before = max([state.log_start_offset, *(deletion.offset for deletion in self._deletions)])
        if offset <= before:
            return RecordsDeletion(before, (), ())
        epochs = state.epochs.starting_at(offset)
        deletion = RecordsDeletion(offset, epochs.entries, [epochs.writer(self._files, self._path)])
        self._deletions.append(deletion)
        state.epochs.is_held = True
        return deletion

    def finish_delete_records(self, deletion: RecordsDeletion) -> int:
        """The log begins later now, unless that could not be written; then it is as it was. Returns its start."""
        state = self._state
        if deletion not in self._deletions:
            return state.log_start_offset
        self._deletions.remove(deletion)
        state.epochs.is_held = bool(self._deletions)
        offset = min(deletion.offset, state.log_end_offset)
        if deletion.is_done and offset > state.log_start_offset:
            state.start_at(offset)
        state.epochs.is_saved = deletion.is_done and state.epochs.entries == deletion.epochs
        return state.log_start_offset

    @property
    def next_expiry_ms(self) -> int | None:
        """When retention.ms will let the oldest segment go, if nothing is appended; None: never."""
        config = self._state.config
        oldest = self._state.segments.facts(self._state.log_end_offset)[0]
        if not config.deletes_old_segments or config.retention_ms < 0 or not oldest.size_bytes:
            return None
        return oldest.largest_timestamp + config.retention_ms + 1

    def _find_expired(self, now_ms: int) -> list[Expired]:
        """The segments that retention no longer keeps, oldest first."""
        end = self._state.log_end_offset
        return find_expired(
            self._state.segments.facts(end),
            self._state.config,
            now_ms,
            log_start_offset=self._state.log_start_offset,
            high_watermark=self._state.high_watermark,
        )

    def begin_delete_segments(self, now_ms: int, roll: Callable[[int], None]) -> SegmentsDeletion:
        """Prepare to let the segments go that retention no longer keeps; `roll` where the active one is among them."""
        expired = self._find_expired(now_ms)
        if expired and len(expired) == len(self._state.segments):
            roll(now_ms)
        snapshots = self._state.snapshots
        paths = snapshots.unsynced_paths() if expired else []
        return SegmentsDeletion(
            expired,
            list(self._state.segments)[: len(expired)],
            now_ms + self._state.config.file_delete_delay_ms,
            snapshots.unsynced,
            [self._files.sync_handle(path) for path in ([*paths, self._path] if paths else [])],
        )

    def finish_delete_segments(self, deletion: SegmentsDeletion) -> Sequence[Expired]:
        """Rename the segments away that are still the oldest; returns which. OSError leaves those that could not be."""
        state = self._state
        if not deletion.is_done:
            return ()
        state.snapshots.note_synced(deletion.snapshots)
        pairs = zip(list(state.segments)[:-1], deletion.segments, strict=False)
        count = len(list(takewhile(lambda pair: pair[0] is pair[1], pairs)))
        if count:
            start = state.log_start_offset
            try:
                state.segments.drop_first(count, deletion.due_ms)
            finally:
                state.start_at(max(start, state.segments.bases[0]))
            state.snapshots.keep_for(state.segments.bases)
        return deletion.expired[:count]

    def find_cleanable(self, checkpoint: int | None, now_ms: int) -> Cleanable:
        """What compaction may clean of this log; `checkpoint` is where the last pass ended."""
        state = self._state
        *sealed, active = state.segments
        return find_cleanable(
            sealed,
            state.config,
            now_ms,
            checkpoint=checkpoint,
            log_start_offset=state.log_start_offset,
            active_base_offset=active.base_offset,
            last_stable_offset=state.last_stable_offset,
            log_end_offset=state.log_end_offset,
        )

    def begin_cleaning(self, find_aborted: FindAborted, cleanable: Cleanable, terms: CleaningTerms) -> Cleaning:
        """A pass of compaction."""
        state = self._state
        state.is_changed = True  # so that a stop removes the old files
        state.integrity.may_skip = True  # the topic may have been made a compacted one since the log was opened
        return Cleaning(self._location, state, find_aborted, cleanable, terms)
