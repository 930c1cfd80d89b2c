"""PartitionLog: the segments of one partition in order, who wrote them, and where they begin and end.

Nothing here waits, locks or knows the time: between a check and the append it guards nothing else can happen,
because nobody awaits in between. What can be read of a log is in `log_view.py`.
"""

from collections.abc import Sequence

from ..protocol.batch import RecordBatch
from ..protocol.control import marker_batch
from ..protocol.errors import ErrorCode, KafkaError
from .compaction.cleanable import Cleanable, find_cleanable
from .compaction.cleaning import Cleaning
from .files.files import Buffer, Files
from .flushing import Flushing, FlushJob
from .integrity import OnDamage, ignore_damage
from .log_config import LONG_MAX, LogConfig
from .log_reader import LogReader
from .log_results import AppendInfo, FetchedBatches
from .producer_state import Duplicate, ProducerAppend
from .recovery import LoadedLog, LogLoader, RecoveryReport
from .replay import aborted_entry, producers_at
from .retention import Expired, find_expired
from .segment import Segment
from .segment_roll import Incoming, must_roll
from .timestamp_lookup import TimestampOffset
from .validation import check_batch

__all__ = ["AppendInfo", "FetchedBatches", "FlushJob", "PartitionLog", "RecoveryReport", "TimestampOffset"]


class PartitionLog(LogReader):
    """The log of one partition, and everything that changes it."""

    __slots__ = ("_files", "_flushing", "_is_changed", "_last_append_ms")

    def __init__(
        self, files: Files, path: str, topic: str, partition: int, config: LogConfig, loaded: LoadedLog, now_ms: int
    ) -> None:
        super().__init__(files, path, topic, partition, config, loaded)
        self._files = files
        self._flushing = Flushing(files, loaded.recovery_point, now_ms)
        self._is_changed = not loaded.report.is_clean and loaded.log_end_offset > 0
        self._last_append_ms = now_ms

    @classmethod
    def open(
        cls,
        files: Files,
        path: str,
        topic: str,
        partition: int,
        config: LogConfig,
        now_ms: int,
        *,
        is_clean: bool,
        recovery_point: int = 0,
        log_start_offset: int = 0,
        leader_epoch: int = 0,
        cleaned_below: int = 0,
        on_damage: OnDamage = ignore_damage,
    ) -> "PartitionLog":
        """Open the log in a directory, creating it if need be; unless `is_clean`, recover what was not flushed.

        `leader_epoch` is the newest that was given out, -1 if only the log itself can tell. Where compaction has been,
        even if the topic is not compacted any more, offsets may be missing: `cleaned_below` that offset at least.
        `on_damage` is told of what turns out to be damaged later, when it is read.
        """
        loader = LogLoader(
            files,
            path,
            config,
            now_ms,
            cleaned_below=cleaned_below,
            highest_epoch=leader_epoch if leader_epoch >= 0 else LONG_MAX,
            on_damage=on_damage,
        )
        loaded = loader.load(is_clean=is_clean, recovery_point=recovery_point, log_start_offset=log_start_offset)
        log = cls(files, path, topic, partition, config, loaded, now_ms)
        log._epochs.assign(leader_epoch, loaded.log_end_offset)
        return log

    def append(
        self, batches: Sequence[RecordBatch], now_ms: int, *, leader_epoch: int, is_from_client: bool = True
    ) -> AppendInfo:
        """Append batches, all or none, or recognise one that is there already.

        A client's batches are checked first. Raises KafkaError (InvalidRecords where single records are at fault) or
        OSError; either leaves the log as it was.
        """
        if is_from_client:
            config, topic, partition = self.config, self.topic, self.partition
            batches = [check_batch(batch, config, now_ms, topic=topic, partition=partition) for batch in batches]
        drafts: list[tuple[ProducerAppend, int]] = []
        offset = self.log_end_offset
        buffers: list[Buffer] = []
        size = 0
        max_timestamp = -1
        for batch in batches:
            if batch.producer_id >= 0 and batch.has_producer and not batch.is_control:
                draft = self.producers.check(batch, is_from_client=is_from_client)
                if isinstance(draft, Duplicate):
                    # Kafka answers with the remembered batch's timestamp, whatever the topic's timestamp type.
                    return AppendInfo(*draft, self.log_start_offset, is_duplicate=True, size_bytes=0)
                drafts.append((draft, offset))
            buffers += batch.stamped(offset, leader_epoch)
            offset += batch.last_offset_delta + 1
            size += batch.size_bytes
            if batch.max_timestamp > max_timestamp:
                max_timestamp = batch.max_timestamp
        base_offset = self.log_end_offset
        if not batches:
            return AppendInfo(base_offset, base_offset - 1, -1, self.log_start_offset, False, 0)
        segment = self._segment_for(size, max_timestamp, offset - 1, now_ms)
        if leader_epoch > self._epochs.latest:
            self._epochs.assign(leader_epoch, base_offset)
        self._last_append_ms = now_ms
        self._is_changed = True
        position = segment.append(buffers, size)
        # From here on the batches are in the log, and nothing below can fail.
        for draft, first_offset in drafts:
            self.producers.commit(draft, first_offset)
        interval = self.config.index_interval_bytes
        offset = base_offset
        for batch in batches:
            offset += batch.last_offset_delta + 1
            segment.note(offset - 1, batch.max_timestamp, position, batch.size_bytes, interval)
            position += batch.size_bytes
        self.log_end_offset = offset
        append_time = batches[-1].max_timestamp if batches[-1].has_log_append_time else -1
        return AppendInfo(base_offset, offset - 1, append_time, self.log_start_offset, False, size)

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
        """End a producer's transaction here; a second marker, or one for an unknown producer, does no harm.

        Raises KafkaError (47, 52) for a stale producer or coordinator, and OSError.
        """
        self.producers.check_marker(producer_id, producer_epoch, coordinator_epoch, must_raise_epoch=must_raise_epoch)
        data = marker_batch(
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            is_commit=commit,
            coordinator_epoch=coordinator_epoch,
            timestamp_ms=now_ms,
            has_log_append_time=self.config.stamps_append_time,
        )
        batch = RecordBatch(data)
        if not commit:
            self._aborted_of(self._segments.active)  # while the log and its index still speak of the same markers
        appended = self.append([batch], now_ms, leader_epoch=leader_epoch, is_from_client=False)
        completed = self.producers.commit_marker(
            producer_id,
            producer_epoch,
            coordinator_epoch,
            is_abort=not commit,
            offset=appended.base_offset,
            timestamp=now_ms,
        )
        if completed is not None and completed.is_aborted:
            self._segments.active.note_aborted(aborted_entry(completed))
        return appended

    def _segment_for(self, size: int, max_timestamp: int, last_offset: int, now_ms: int) -> Segment:
        """The segment that takes the next `size` bytes, a new one when the active one is full or old."""
        self._flushing.check()
        active = self._segments.active
        if must_roll(active, self.config, Incoming(size, last_offset, max_timestamp), now_ms, self.path):
            self.roll(now_ms)
            active = self._segments.active
        elif not active.size_bytes:
            active.created_ms = now_ms
        if not self._epochs.is_saved:
            self._epochs.save(self._files, self.path)
        return active

    def roll(self, now_ms: int) -> None:
        """Seal the active segment and begin a new one at the end of the log; an empty one stays."""
        active = self._segments.active
        if not active.size_bytes:
            return
        active.save_indexes(is_final=True)
        self._snapshots.write(self.producers, self.log_end_offset)
        segment = Segment(
            self._files, self.path, self.log_end_offset, created_ms=now_ms, integrity=self.integrity, is_contiguous=True
        )
        segment.create()
        self._segments.add(segment)
        self._flushing.note_roll()
        self._is_changed = True

    @property
    def next_expiry_ms(self) -> int | None:
        """When retention.ms will let the oldest segment go, if nothing is appended; None: never."""
        oldest = self._segments.facts(self.log_end_offset)[0]
        if not self.config.deletes_old_segments or self.config.retention_ms < 0 or not oldest.size_bytes:
            return None
        return oldest.largest_timestamp + self.config.retention_ms + 1

    def check_start(self, offset: int) -> None:
        """Whether the log could begin there; OFFSET_OUT_OF_RANGE if not."""
        if not 0 <= offset <= self.high_watermark:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"offset {offset} is beyond {self.high_watermark}")

    def delete_records_before(self, offset: int) -> int:
        """Begin the log later; whole segments below go with the next retention. Returns the new start.

        The epochs say so on the disk when this returns, the log start checkpoint is the caller's to write (before it
        tells anybody): a log begins where both of them say it does. OSError leaves the log as it was.
        """
        self.check_start(offset)
        if offset > self.log_start_offset:
            self._epochs.starting_at(offset).save(self._files, self.path, is_synced=True)
            self._start_at(offset)
            self._epochs.is_saved = True
        return self.log_start_offset

    def _start_at(self, offset: int) -> None:
        self.log_start_offset = offset
        self._epochs.cut_start(offset)
        self._is_changed = True

    def delete_old_segments(self, now_ms: int) -> list[Expired]:
        """Rename away what retention no longer keeps; `take_due` gives the files later."""
        segments, start, end = self._segments, self.log_start_offset, self.log_end_offset
        expired = find_expired(segments.facts(end), self.config, now_ms, log_start_offset=start, high_watermark=end)
        if expired:
            if len(expired) == len(segments):
                self.roll(now_ms)
            self._snapshots.make_durable()
            try:
                segments.drop_first(len(expired), now_ms + self.config.file_delete_delay_ms)
            finally:
                self._start_at(max(start, segments.bases[0]))
            self._snapshots.keep_for(segments.bases)
        return expired

    def find_cleanable(self, checkpoint: int | None, now_ms: int) -> Cleanable:
        """What compaction may clean of this log; `checkpoint` is where the last pass ended."""
        *sealed, active = self._segments
        return find_cleanable(
            sealed,
            self.config,
            now_ms,
            checkpoint=checkpoint,
            log_start_offset=self.log_start_offset,
            active_base_offset=active.base_offset,
            last_stable_offset=self.last_stable_offset,
            log_end_offset=self.log_end_offset,
        )

    def begin_cleaning(
        self, cleanable: Cleanable, now_ms: int, most_key_bytes: int, *, recovered_from: int = LONG_MAX
    ) -> Cleaning:
        """A pass of compaction, to be run step by step while this log is used.

        `recovered_from` is the recovery point on record, from which a start after a crash would replay this log.
        """
        self._is_changed = True  # so that a stop removes the old files
        return Cleaning(
            self._files,
            self.path,
            self.config,
            self._segments,
            self._snapshots,
            self.producers,
            self.aborted_transactions,
            cleanable,
            now_ms,
            most_key_bytes,
            recovered_from,
        )

    def take_due(self, now_ms: int) -> list[str]:
        """The renamed files whose `file.delete.delay.ms` has passed: whoever takes them removes them."""
        return self._segments.take_due(now_ms)

    def expire_producers(self, now_ms: int) -> int:
        """Forget producers that have been silent for too long; returns how many."""
        return self.producers.expire(now_ms, self.config.producer_id_expiration_ms)

    def truncate_to(self, offset: int, now_ms: int) -> None:
        """Drop everything from `offset` on; a batch that holds it goes whole."""
        if offset >= self.log_end_offset:
            return
        end = self._segments.cut(offset, self.config.index_interval_bytes)
        self.log_end_offset = end
        self.log_start_offset = min(self.log_start_offset, end)
        self._flushing.recovery_point = min(self.recovery_point, end)
        self._snapshots.drop_above(end)
        self._epochs.cut_end(end)
        expiration_ms = self.config.producer_id_expiration_ms
        self.producers = producers_at(list(self._segments), self._snapshots, end, now_ms, expiration_ms)
        self._is_changed = self._flushing.has_new_files = True

    @property
    def recovery_point(self) -> int:
        """Everything below this offset is on the disk for good."""
        return self._flushing.recovery_point

    @property
    def failure(self) -> OSError | None:
        """The fsync that failed, if one has: nothing more is appended then, and only a new start recovers the log."""
        return self._flushing.failure

    @property
    def unflushed_messages(self) -> int:
        """Offsets that a power cut might take."""
        return self.log_end_offset - self._flushing.recovery_point

    def needs_flush(self, now_ms: int) -> bool:
        """Whether flush.messages, flush.ms or a sealed segment asks for an fsync now."""
        return self._flushing.is_due(self.log_end_offset, self.config, now_ms)

    def begin_flush(self) -> FlushJob:
        """Prepare the fsync of everything appended so far; its `run` may be called on another thread.

        Raises OSError, and does so for good once an fsync of this log has failed.
        """
        unflushed = self._segments.since(self.recovery_point)
        return self._flushing.begin(self.log_end_offset, unflushed, self._snapshots, self.path, self._last_append_ms)

    def finish_flush(self, job: FlushJob) -> None:
        """Everything the job covered is durable now; if it failed, this log takes nothing more."""
        self._flushing.finish(job, self.log_end_offset)

    def prepare_close(self) -> bool:
        """Write what lets the next start trust the files, before their fsync; False if nothing has changed."""
        if not self._is_changed:
            return False
        self._epochs.save(self._files, self.path)
        if self.log_end_offset > 0:
            self._snapshots.write(self.producers, self.log_end_offset)
            self._snapshots.keep_for(self._segments.bases)
        self._flushing.has_new_files |= self._segments.active.save_indexes(is_final=True)
        return True

    def finish_close(self, job: FlushJob) -> None:
        """Everything is durable now."""
        self.finish_flush(job)
        for path in self.take_due(LONG_MAX):
            self._files.remove(path)
        self._is_changed = False

    def close(self) -> None:
        """All of it, and the fsync in between."""
        if self.prepare_close():
            job = self.begin_flush()
            try:
                job.run()
            finally:
                self.finish_flush(job)
            self.finish_close(job)

    def move_to(self, path: str) -> None:
        """The directory was renamed: its files are elsewhere now."""
        self.path = self._snapshots.directory = path
        self._segments.move_to(path)
