"""LogReplication: what makes a log the replica of another: copying its leader's batches, and being cut where they part.

A follower's log is the leader's, byte for byte: offsets and epochs are the leader's, and what is in its log is true
and not questioned again. Which offset to cut it at is worked out in `epoch_truncation.py`.
"""

from collections.abc import Sequence

from ..protocol.batch import RecordBatch
from ..protocol.errors import ErrorCode, KafkaError
from .compaction.steps import run_to_end
from .epoch_truncation import truncation_offset
from .files.files import Buffer
from .flushing import Flushing
from .high_watermark import HighWatermark
from .log_appender import LogAppender
from .log_location import LogLocation, Lower, ignore_truncation
from .log_results import AppendInfo
from .log_state import LogState
from .producer_state import NO_EPOCH, ProducerTable
from .replay import aborted_entry, completed_since, producers_at, replay_batch
from .scan import size_of_batch
from .segment import Segment
from .segment_roll import count_fitting


class LogReplication:
    """One log as a replica."""

    __slots__ = ("_appender", "_flushing", "_location", "_state", "lower")

    def __init__(self, location: LogLocation, state: LogState, flushing: Flushing, appender: LogAppender) -> None:
        self._location = location
        self._state = state
        self._flushing = flushing
        self._appender = appender
        self.lower: Lower = ignore_truncation  # what the data directory has on record of it

    # The high watermark

    def begin(self, high_watermark: int) -> None:
        """From now on the high watermark is what it is told, as far as the log reaches."""
        state = self._state
        state.check_open()
        end = state.log_end_offset
        offset = min(max(high_watermark, state.log_start_offset), end)
        if state.replicated is not None and state.replicated.offset == offset:
            return  # what is undecided is known, and need not be searched for
        completed = completed_since(list(state.segments), state.snapshots, offset, end)
        has_markers = offset < end and any(entry.coordinator_epoch != NO_EPOCH for _, entry in state.producers)
        state.replicated = HighWatermark(offset, run_to_end(completed) if has_markers else ())

    def end(self) -> None:
        """The high watermark is the log's end again."""
        self._state.replicated = None

    def raise_high_watermark(self, offset: int) -> bool:
        """Never lower, and no further than the log reaches; whether it has moved."""
        state = self._state
        return state.replicated is not None and state.replicated.raise_to(min(offset, state.log_end_offset))

    # A follower's new end

    def append(self, data: Buffer, now_ms: int, next_offset: int) -> AppendInfo:
        """Append whole batches as the leader has them; an error leaves the log as it was, or with the first of them.

        The leader has nothing between them and `next_offset`.
        """
        state = self._state
        start, end = state.log_start_offset, state.log_end_offset
        self._flushing.check()
        batches = self._checked(data)
        if not batches:
            self._skip_to(next_offset, now_ms)
            return AppendInfo(end, end - 1, -1, start, is_duplicate=False, size_bytes=0)
        first, last = batches[0], batches[-1]
        self._check_place(first)
        if first.base_offset < end:
            self._make_room(first.base_offset, now_ms)
        self._write_all(batches, memoryview(data), now_ms)
        self._skip_to(next_offset, now_ms)
        if start > state.log_start_offset:
            state.start_at(start)
        return AppendInfo(
            first.base_offset, last.last_offset, -1, state.log_start_offset, is_duplicate=False, size_bytes=len(data)
        )

    def _checked(self, data: Buffer) -> list[RecordBatch]:
        """The batches of `data`; CORRUPT_MESSAGE unless all of it are sound ones, each behind the one before it."""
        batches: list[RecordBatch] = []
        at, size_bytes = 0, len(data)
        expected = epoch = -1
        while at < size_bytes:
            size, problem = size_of_batch(data, at, size_bytes - at)
            if size is None:
                raise KafkaError(ErrorCode.CORRUPT_MESSAGE, f"a leader's batches: {problem}")
            batch = RecordBatch(data, at)
            own = batch.partition_leader_epoch
            if batch.last_offset_delta < 0 or batch.base_offset < expected or not batch.is_intact():
                problem = "its checksum or its offsets are wrong"
            elif 0 <= own < epoch:
                problem = f"its epoch is {own}, behind one of {epoch}"
            if problem is not None:
                raise KafkaError(ErrorCode.CORRUPT_MESSAGE, f"a leader's batch at {batch.base_offset}: {problem}")
            batches.append(batch)
            expected, epoch = batch.next_offset, max(own, epoch)
            at += size
        return batches

    def _check_place(self, first: RecordBatch) -> None:
        """Whether the log can go on with this batch.

        It may reach back beyond the log's end if it holds that: DeleteRecords may have put the start of the leader's
        log, where a follower begins, inside a batch.
        """
        base, end = first.base_offset, self._state.log_end_offset
        if first.last_offset < end:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"a leader's batch at {base}, where the log ends at {end}")
        epoch, written = first.partition_leader_epoch, self._state.epochs.epoch_of(min(base, end) - 1)
        if 0 <= epoch < written:
            why = f"a leader's batch of epoch {epoch} behind one of {written}: the log must be truncated first"
            raise KafkaError(ErrorCode.FENCED_LEADER_EPOCH, why)

    def _make_room(self, base_offset: int, now_ms: int) -> None:
        """A batch that begins below the log's end takes the place of what is there, if anything."""
        if self._state.log_start_offset == self._state.log_end_offset:
            self.truncate_fully_to(base_offset, now_ms)
        else:
            self.truncate_to(base_offset, now_ms)

    def _write_all(self, batches: Sequence[RecordBatch], view: memoryview, now_ms: int) -> None:
        """One write for each segment that a run of batches belongs to."""
        state = self._state
        state.epochs.cut_end(state.log_end_offset)  # an epoch that has written nothing, in a leader's time
        state.last_append_ms = now_ms
        state.is_changed = True
        while batches:
            segment = state.segments.active
            if not segment.size_bytes:
                segment.created_ms = now_ms
            count = count_fitting(segment, state.config, batches, now_ms, self._location.path)
            if count:
                self._note_gaps(segment, batches[:count])
                size = sum(batch.size_bytes for batch in batches[:count])
                self._write(segment, batches[:count], view[:size])
                batches, view = batches[count:], view[size:]
            if batches:
                gap = batches[0].base_offset - state.log_end_offset
                state.integrity.may_skip |= gap > 0
                self._appender.roll(now_ms, gap)

    def _write(self, segment: Segment, batches: Sequence[RecordBatch], data: memoryview) -> None:
        state = self._state
        if not state.epochs.is_saved:
            state.epochs.save(self._location.files, self._location.path)
        position = segment.records.append([data], len(data))
        # From here on the batches are in the log, and nothing below can fail.
        indexes, epochs, producers, replicated = segment.indexes, state.epochs, state.producers, state.replicated
        interval = state.config.index_interval_bytes
        for batch in batches:
            epochs.assign(batch.partition_leader_epoch, batch.base_offset)
            completed = replay_batch(producers, batch)
            if completed is not None:
                if completed.is_aborted:
                    indexes.note_aborted(aborted_entry(completed))
                if replicated is not None:
                    replicated.note_completed(completed)
            indexes.note(batch.last_offset, batch.max_timestamp, position, batch.size_bytes, interval)
            position += batch.size_bytes
        state.integrity.highest_epoch = max(state.integrity.highest_epoch, epochs.latest)
        state.log_end_offset = batches[-1].next_offset

    def _note_gaps(self, segment: Segment, batches: Sequence[RecordBatch]) -> None:
        """Where compaction has left gaps in the leader's log, the copy has them too, and readers go on behind them."""
        expected = self._state.log_end_offset
        for batch in batches:
            if batch.base_offset > expected:
                self._state.integrity.may_skip, segment.records.is_contiguous = True, False
            expected = batch.next_offset

    def _skip_to(self, offset: int, now_ms: int) -> None:
        """Have the log end there: compaction has left nothing of the end of the leader's."""
        state = self._state
        gap = offset - state.log_end_offset
        if gap <= 0:
            return
        state.integrity.may_skip = True
        if state.segments.active.size_bytes:
            self._appender.roll(now_ms, gap)
            return
        state.segments.move_active(self._new_segment(offset, now_ms))
        state.log_end_offset = offset
        self._flushing.note_roll()
        state.is_changed = True

    def _new_segment(self, offset: int, now_ms: int) -> Segment:
        files, path, _, _ = self._location
        return Segment(files, path, offset, created_ms=now_ms, integrity=self._state.integrity, is_contiguous=True)

    # Getting shorter

    def truncation_offset(self, leader_epoch: int, leader_end_offset: int) -> int:
        """Where to cut, by what the leader says of an epoch."""
        state = self._state
        answer = leader_epoch, leader_end_offset
        return truncation_offset(state.epochs, state.log_end_offset, state.high_watermark, *answer)

    def truncate_to(self, offset: int, now_ms: int) -> None:
        """Drop everything from `offset` on; a batch that holds it goes whole."""
        state = self._state
        state.check_open()
        if offset >= state.log_end_offset:
            state.epochs.cut_end(state.log_end_offset)
            return
        if offset < state.segments.bases[0]:
            self.truncate_fully_to(offset, now_ms)
            return
        self.lower(offset)
        end = state.segments.cut(offset, state.config.index_interval_bytes)
        if end <= state.log_start_offset and state.replicated is not None:
            # What is left was deleted by request, and may be of newer epochs than what an unclean leader has next.
            self.truncate_fully_to(end, now_ms)
            return
        state.log_end_offset = end
        state.log_start_offset = min(state.log_start_offset, end)
        state.snapshots.drop_above(end)
        state.epochs.cut_end(end)
        expiration_ms = state.config.producer_id_expiration_ms
        found = producers_at(list(state.segments), state.snapshots, end, now_ms, expiration_ms)
        state.producers = run_to_end(found)
        if state.replicated is not None:
            state.replicated.cut(end)
        self._flushing.note_cut(end)
        state.is_changed = True

    def truncate_fully_to(self, offset: int, now_ms: int) -> None:
        """Drop everything, and begin at `offset` with an empty log: nothing of what there was is known any more."""
        state = self._state
        state.check_open()
        self.lower(offset)
        state.snapshots.drop_above(-1)  # first: beside the new segment an old one would be taken for true
        state.segments.restart(self._new_segment(offset, now_ms))
        state.log_start_offset = state.log_end_offset = offset
        state.producers = ProducerTable()
        # On the disk at once: what the next start finds of older epochs would be held against newer batches.
        state.epochs.cut_end(0)
        state.epochs.save(self._location.files, self._location.path)
        if state.replicated is not None:
            state.replicated = HighWatermark(offset)
        self._flushing.note_cut(offset)
        state.is_changed = True

    def follow_log_start(self, offset: int, now_ms: int) -> bool:
        """Begin where the leader's log does, if that is later; whether anything has changed."""
        state = self._state
        state.check_open()
        if offset <= state.log_start_offset:
            return False
        if offset > state.log_end_offset:
            self.truncate_fully_to(offset, now_ms)
        else:
            state.start_at(offset)
        return True
