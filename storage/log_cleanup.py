"""LogCleanup: what retention and compaction take out of one log. Everything that Kafka calls cleanup.policy.

What goes is renamed first; the files are removed `file.delete.delay.ms` later, by those who take them.
"""

from .compaction.cleanable import Cleanable, find_cleanable
from .log_state import LogState
from .retention import Expired, find_expired


class LogCleanup:
    """The old end of a log."""

    __slots__ = ("_state",)

    def __init__(self, state: LogState) -> None:
        self._state = state

    @property
    def next_expiry_ms(self) -> int | None:
        """When retention.ms will let the oldest segment go, if nothing is appended; None: never."""
        config = self._state.config
        oldest = self._state.segments.facts(self._state.log_end_offset)[0]
        if not config.deletes_old_segments or config.retention_ms < 0 or not oldest.size_bytes:
            return None
        return oldest.largest_timestamp + config.retention_ms + 1

    def find_expired(self, now_ms: int) -> list[Expired]:
        """The segments that retention no longer keeps, oldest first."""
        end = self._state.log_end_offset
        return find_expired(
            self._state.segments.facts(end),
            self._state.config,
            now_ms,
            log_start_offset=self._state.log_start_offset,
            high_watermark=end,
        )

    def drop_first(self, count: int, due_ms: int) -> None:
        """Rename the oldest segments away, none of them the active one; OSError leaves those that are still there."""
        state = self._state
        start = state.log_start_offset
        state.snapshots.make_durable()
        try:
            state.segments.drop_first(count, due_ms)
        finally:
            state.start_at(max(start, state.segments.bases[0]))
        state.snapshots.keep_for(state.segments.bases)

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
