"""LogAppender: adds batches and transaction markers to the end of a log, rolling its active segment.

Nothing here waits, locks or knows the time: between a check and the append that follows it nothing else can happen,
because there is no await in between.
"""

from collections.abc import Sequence

from ..protocol.batch import RecordBatch
from ..protocol.control import marker_batch
from .effort import LIGHT
from .files.files import Buffer
from .flushing import Flushing
from .log_location import LogLocation
from .log_results import AppendInfo
from .log_state import LogState
from .producer_state import Duplicate, ProducerAppend
from .replay import aborted_entry
from .segment import Segment
from .segment_roll import Incoming, must_roll
from .validation import BatchCheck


class LogAppender:
    """The new end of a log: the part of `log_api.Log` that adds to it."""

    __slots__ = ("_files", "_flushing", "_name", "_path", "_state")

    def __init__(self, location: LogLocation, state: LogState, flushing: Flushing) -> None:
        self._files, self._path, topic, partition = location
        self._name = f"{topic}-{partition}"
        self._state = state
        self._flushing = flushing

    def append(
        self,
        batches: Sequence[RecordBatch],
        now_ms: int,
        leader_epoch: int,
        *,
        is_from_client: bool,
        is_checked: bool = False,
    ) -> AppendInfo:
        state = self._state
        if is_from_client and not is_checked:
            check = self.batch_check(now_ms)
            batches = [check.check(batch, LIGHT) for batch in batches]
        drafts: list[tuple[ProducerAppend, int]] = []
        base_offset = offset = state.log_end_offset
        buffers: list[Buffer] = []
        size = 0
        max_timestamp = -1
        for batch in batches:
            if batch.producer_id >= 0 and batch.has_producer and not batch.is_control:
                draft = state.producers.check(batch, is_from_client=is_from_client)
                if isinstance(draft, Duplicate):
                    # Kafka answers with the remembered batch's timestamp, whatever the topic's timestamp type.
                    return AppendInfo(*draft, state.log_start_offset, is_duplicate=True, size_bytes=0)
                drafts.append((draft, offset))
            buffers += batch.stamped(offset, leader_epoch)
            offset += batch.last_offset_delta + 1
            size += batch.size_bytes
            if batch.max_timestamp > max_timestamp:
                max_timestamp = batch.max_timestamp
        if not batches:
            return AppendInfo(base_offset, base_offset - 1, -1, state.log_start_offset, False, 0)
        segment = self._segment_for(Incoming(size, offset - 1, max_timestamp), now_ms)
        if leader_epoch > state.epochs.latest:
            state.begin_epoch(leader_epoch)
        state.last_append_ms = now_ms
        state.is_changed = True
        position = segment.records.append(buffers, size)
        # From here on the batches are in the log, and nothing below can fail.
        for draft, first_offset in drafts:
            state.producers.commit(draft, first_offset)
        indexes = segment.indexes
        interval = state.config.index_interval_bytes
        offset = base_offset
        for batch in batches:
            offset += batch.last_offset_delta + 1
            indexes.note(offset - 1, batch.max_timestamp, position, batch.size_bytes, interval)
            position += batch.size_bytes
        state.log_end_offset = offset
        append_time = batches[-1].max_timestamp if batches[-1].has_log_append_time else -1
        return AppendInfo(base_offset, offset - 1, append_time, state.log_start_offset, False, size)

    def batch_check(self, now_ms: int) -> BatchCheck:
        return BatchCheck(self._state.config, now_ms, self._name)

    def append_marker(
        self,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        commit: bool,
        now_ms: int,
        leader_epoch: int,
        *,
        must_raise_epoch: bool = False,
    ) -> AppendInfo:
        state = self._state
        state.producers.check_marker(producer_id, producer_epoch, coordinator_epoch, must_raise_epoch=must_raise_epoch)
        data = marker_batch(
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            is_commit=commit,
            coordinator_epoch=coordinator_epoch,
            timestamp_ms=now_ms,
            has_log_append_time=state.config.stamps_append_time,
        )
        batch = RecordBatch(data)
        appended = self.append([batch], now_ms, leader_epoch, is_from_client=False)
        completed = state.producers.commit_marker(
            producer_id,
            producer_epoch,
            coordinator_epoch,
            is_abort=not commit,
            offset=appended.base_offset,
            timestamp=now_ms,
        )
        if completed is not None:
            if completed.is_aborted:
                state.segments.active.indexes.note_aborted(aborted_entry(completed))
            if state.replicated is not None:
                state.replicated.note_completed(completed)
        return appended

    def _segment_for(self, incoming: Incoming, now_ms: int) -> Segment:
        """The segment that takes what comes, a new one when the active one is full or old."""
        self._flushing.check()
        state = self._state
        active = state.segments.active
        if must_roll(active, state.config, incoming, now_ms, self._path):
            self.roll(now_ms)
            active = state.segments.active
        elif not active.records.size_bytes:
            active.created_ms = now_ms
        if not state.epochs.is_saved:
            state.epochs.save(self._files, self._path)
        return active

    def roll(self, now_ms: int, gap: int = 0) -> None:
        """Seal the active segment and begin a new one at the end of the log; an empty one stays.

        The end may lie a `gap` behind the last batch: compaction has left nothing there.
        """
        state = self._state
        active = state.segments.active
        if not active.size_bytes:
            return
        end = state.log_end_offset = state.log_end_offset + gap
        active.indexes.save(is_final=True)
        state.snapshots.write(state.producers, end)
        segment = Segment(
            self._files, self._path, end, created_ms=now_ms, integrity=state.integrity, is_contiguous=True
        )
        segment.records.create()
        state.segments.add(segment)
        self._flushing.note_roll()
        state.is_changed = True
