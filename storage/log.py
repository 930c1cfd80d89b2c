"""PartitionLog: the segments of one partition in order, who wrote them, and where they begin and end.

Nothing here waits, locks or knows the time: between a check and the append it guards nothing else can happen,
because nobody awaits in between. On one node the high watermark is the end of the log.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..protocol.batch import RecordBatch
from ..protocol.control import marker_batch
from ..protocol.crc32c import crc32c
from ..protocol.errors import ErrorCode, KafkaError
from .aborted_txns import AbortedTxn
from .files import Buffer, Files
from .flushing import FlushJob
from .log_config import LONG_MAX, LogConfig
from .lookup import TimestampOffset, find_at_or_after, find_latest
from .producer_state import Draft, Duplicate, ProducerEntry
from .recovery import LoadedLog, LogLoader, RecoveryReport, aborted_entry, write_snapshot
from .retention import Expired, SegmentFacts, find_expired
from .segment import MOST_RELATIVE_OFFSET, SNAPSHOT_SUFFIX, Segment, offset_name
from .validation import check_batch

__all__ = ["Appended", "FlushJob", "PartitionLog", "RecoveryReport", "Slice", "TimestampOffset"]

_HINTS_KEPT = 64
_INDEXES_KEPT = 4
_NOTHING = b""


class Appended(NamedTuple):
    """What became of an append; `log_append_time_ms` is -1 where the producers' timestamps stand."""

    base_offset: int
    last_offset: int
    log_append_time_ms: int
    log_start_offset: int
    is_duplicate: bool
    size_bytes: int


class Slice(NamedTuple):
    """Whole batches as they are stored, beginning with the one that holds the offset asked for."""

    data: Buffer
    first_offset: int
    next_offset: int


class PartitionLog:
    """The log of one partition."""

    __slots__ = (
        "_bases",
        "_doomed",
        "_epochs",
        "_files",
        "_has_new_files",
        "_has_rolled",
        "_hints",
        "_indexed",
        "_is_changed",
        "_last_append_ms",
        "_last_flush_ms",
        "_segments",
        "_sizes_before",
        "_snapshots",
        "config",
        "log_end_offset",
        "log_start_offset",
        "partition",
        "path",
        "producers",
        "recovery_point",
        "recovery_report",
        "topic",
    )

    def __init__(
        self, files: Files, path: str, topic: str, partition: int, config: LogConfig, now_ms: int, loaded: LoadedLog
    ) -> None:
        self._files = files
        self.path = path
        self.topic = topic
        self.partition = partition
        self.config = config
        self.recovery_report = loaded.report
        self._segments = loaded.segments
        self._bases = [segment.base_offset for segment in loaded.segments]
        self.producers = loaded.producers
        self._epochs = loaded.epochs
        self._snapshots = loaded.snapshots
        self.log_start_offset = loaded.log_start_offset
        self.log_end_offset = loaded.log_end_offset
        self.recovery_point = loaded.log_end_offset if loaded.report.is_clean else self._bases[-1]
        self._sizes_before = sum(segment.size_bytes for segment in loaded.segments[:-1])
        self._hints: dict[int, tuple[int, int]] = {}  # offset -> (base of its segment, position)
        self._indexed: list[Segment] = []  # sealed segments whose indexes are in memory
        self._doomed: list[tuple[int, str]] = []  # (when, path) of renamed files
        self._has_new_files = self._has_rolled = False
        self._is_changed = not loaded.report.is_clean
        self._last_append_ms = self._last_flush_ms = now_ms

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
    ) -> "PartitionLog":
        """Open the log in a directory, creating it if need be; unless `is_clean`, recover what was not flushed."""
        loader = LogLoader(files, path, config, now_ms)
        loaded = loader.load(is_clean=is_clean, recovery_point=recovery_point, log_start_offset=log_start_offset)
        log = cls(files, path, topic, partition, config, now_ms, loaded)
        log.recovery_point = min(max(recovery_point, 0), loaded.log_end_offset)
        log._epochs.assign(leader_epoch, loaded.log_end_offset)
        return log

    def __repr__(self) -> str:
        return f"PartitionLog({self.topic}-{self.partition}, {self.log_start_offset}..{self.log_end_offset})"

    # What it amounts to

    @property
    def high_watermark(self) -> int:
        """The first offset that consumers may not see yet: without replicas, the end."""
        return self.log_end_offset

    @property
    def last_stable_offset(self) -> int:
        """Where the earliest open transaction begins, or the end; never below the log's start."""
        first_open = self.producers.first_open_offset
        return self.log_end_offset if first_open is None else max(first_open, self.log_start_offset)

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments' batches."""
        return self._sizes_before + self._segments[-1].size_bytes

    @property
    def largest_timestamp(self) -> int:
        """The largest timestamp of any record, -1 for none."""
        return max(segment.max_timestamp for segment in self._segments)

    @property
    def leader_epoch(self) -> int:
        """The newest epoch of the log."""
        return self._epochs.latest

    @property
    def segment_base_offsets(self) -> Sequence[int]:
        """Where each segment begins, the active one last."""
        return tuple(self._bases)

    # Appending

    def append(
        self, batches: Sequence[RecordBatch], now_ms: int, *, leader_epoch: int, is_from_client: bool = True
    ) -> Appended:
        """Append batches, all or none, or recognise one that is there already.

        A client's batches are checked first. Raises KafkaError (InvalidRecords where single records are at fault) or
        OSError; either leaves the log as it was.
        """
        if is_from_client:
            config, topic, partition = self.config, self.topic, self.partition
            batches = [check_batch(batch, config, now_ms, topic=topic, partition=partition) for batch in batches]
        drafts: list[tuple[Draft, int]] = []
        offset = self.log_end_offset
        buffers: list[Buffer] = []
        size = 0
        max_timestamp = -1
        for batch in batches:
            if batch.producer_id >= 0 and batch.has_producer and not batch.is_control:
                draft = self.producers.check(batch, is_from_client=is_from_client)
                if isinstance(draft, Duplicate):
                    return self._duplicate(draft)
                drafts.append((draft, offset))
            buffers += batch.stamped(offset, leader_epoch)
            offset += batch.last_offset_delta + 1
            size += batch.size_bytes
            if batch.max_timestamp > max_timestamp:
                max_timestamp = batch.max_timestamp
        base_offset = self.log_end_offset
        if not batches:
            return Appended(base_offset, base_offset - 1, -1, self.log_start_offset, False, 0)
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
        return Appended(base_offset, offset - 1, append_time, self.log_start_offset, False, size)

    def _duplicate(self, found: Duplicate) -> Appended:
        # Kafka answers with the remembered batch's timestamp, whatever the topic's timestamp type.
        return Appended(found.base_offset, found.last_offset, found.timestamp, self.log_start_offset, True, 0)

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
    ) -> Appended:
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
            self._segments[-1].note_aborted(aborted_entry(completed))
        return appended

    def _segment_for(self, size: int, max_timestamp: int, last_offset: int, now_ms: int) -> Segment:
        """The segment that takes the next `size` bytes, a new one when the active one is full or old."""
        active, config = self._segments[-1], self.config
        if size > config.segment_bytes:
            raise KafkaError(
                ErrorCode.RECORD_LIST_TOO_LARGE,
                f"{size} bytes are more than a segment holds ({config.segment_bytes})",
            )
        if active.size_bytes and (
            active.size_bytes + size > config.segment_bytes
            or last_offset - active.base_offset > MOST_RELATIVE_OFFSET
            or active.is_full(config.segment_index_bytes)
            or self._is_old(active, max_timestamp, now_ms)
        ):
            self.roll(now_ms)
            active = self._segments[-1]
        elif not active.size_bytes:
            active.created_ms = now_ms
        if not self._epochs.is_saved:
            self._epochs.save(self._files, self.path)
        return active

    def _is_old(self, segment: Segment, max_timestamp: int, now_ms: int) -> bool:
        first_timestamp = segment.first_timestamp
        if first_timestamp is None:
            first_timestamp = segment.read_first_timestamp()
        if first_timestamp >= 0 and max_timestamp >= 0:
            age_ms = max_timestamp - first_timestamp
        else:
            age_ms = now_ms - segment.created_ms
        if self.config.segment_jitter_ms == 0:
            return age_ms > self.config.segment_ms
        seed = crc32c(f"{self.topic}-{self.partition}-{segment.base_offset}".encode())
        return age_ms > self.config.roll_after_ms(seed)

    def roll(self, now_ms: int) -> None:
        """Seal the active segment and begin a new one at the end of the log; an empty one stays."""
        active = self._segments[-1]
        if not active.size_bytes:
            return
        active.save_indexes(is_final=True)
        write_snapshot(self._files, self.path, self.producers, self.log_end_offset)
        segment = Segment(self._files, self.path, self.log_end_offset, created_ms=now_ms)
        segment.create()
        if self.log_end_offset not in self._snapshots:
            self._snapshots.append(self.log_end_offset)
        self._segments.append(segment)
        self._bases.append(segment.base_offset)
        self._sizes_before += active.size_bytes
        self._keep_indexed(active)
        self._has_new_files = self._has_rolled = self._is_changed = True

    def _keep_indexed(self, segment: Segment) -> None:
        """Bound the memory that sealed segments' indexes take."""
        if segment not in self._indexed:
            self._indexed.append(segment)
            if len(self._indexed) > _INDEXES_KEPT:
                self._indexed.pop(0).forget_indexes()

    # Reading

    def read(self, offset: int, max_bytes: int, *, upper_offset: int, at_least_one: bool = True) -> Slice:
        """Whole batches from the one that holds `offset`, below `upper_offset`, up to `max_bytes`.

        `at_least_one` lets the first batch be larger. Raises KafkaError: OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE.
        """
        end = self.log_end_offset
        if not self.log_start_offset <= offset <= end:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"offset {offset} is not in {self.log_start_offset}..{end}")
        if offset < upper_offset:
            for segment, position in self._places_from(offset):
                found = segment.read(position, max_bytes, min(upper_offset, end), at_least_one=at_least_one)
                if found is None:
                    break
                self._remember(found.next_offset, segment.base_offset, found.next_position)
                return Slice(found.data, found.first_offset, found.next_offset)
        return Slice(_NOTHING, offset, offset)

    def _places_from(self, offset: int) -> Iterator[tuple[Segment, int]]:
        """Where the batch that holds `offset` stands, then the starts of later segments (after a gap)."""
        at = bisect_right(self._bases, offset) - 1
        segment = self._segments[at]
        base, position = self._hints.get(offset, (-1, 0))
        if base != segment.base_offset:
            position = segment.position_of(offset)
            self._remember(offset, segment.base_offset, position)
            if segment is not self._segments[-1]:
                self._keep_indexed(segment)
        if position < segment.size_bytes:
            yield segment, position
        for later in self._segments[at + 1 :]:
            if later.size_bytes:
                yield later, 0

    def _remember(self, offset: int, base: int, position: int) -> None:
        hints = self._hints
        if offset not in hints and len(hints) >= _HINTS_KEPT:
            del hints[next(iter(hints))]
        hints[offset] = (base, position)

    def bytes_available(self, offset: int, upper_offset: int) -> int:
        """How many bytes a read from `offset` would find; those before the active segment count as a lot."""
        if offset >= upper_offset or offset < self.log_start_offset:
            return 0
        active = self._segments[-1]
        if offset < active.base_offset:
            return max(self.size_bytes, 1)
        end = active.size_bytes
        if upper_offset < self.log_end_offset:
            end = next((position for _, position in self._places_from(upper_offset)), end)
        return max(end - next((position for _, position in self._places_from(offset)), end), 0)

    def aborted_transactions(self, fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
        """The aborted transactions that touch [fetch_offset, upper_offset), by first offset."""
        found: list[AbortedTxn] = []
        at = max(bisect_right(self._bases, fetch_offset) - 1, 0)
        for segment in self._segments[at:]:
            for entry in segment.aborted:
                if entry.last_offset >= fetch_offset and entry.first_offset < upper_offset:
                    found.append(entry)
                if entry.last_stable_offset >= upper_offset:
                    # Whatever ends later was opened at or above that offset.
                    return sorted(found, key=lambda txn: txn.first_offset)
        return sorted(found, key=lambda txn: txn.first_offset)

    def offset_for_timestamp(self, timestamp: int, upper_offset: int) -> TimestampOffset | None:
        """The first record at or after a time, in offset order, below `upper_offset`."""
        return find_at_or_after(self._segments, timestamp, self.log_start_offset, upper_offset)

    def offset_of_max_timestamp(self, upper_offset: int) -> TimestampOffset | None:
        """The first record that carries the largest timestamp, unless it lies at or beyond `upper_offset`."""
        return find_latest(self._segments, self.log_start_offset, upper_offset)

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """(largest known epoch not above `epoch`, where it ended), or (-1, -1)."""
        return self._epochs.end_offset_for(epoch, self.log_end_offset)

    def active_producers(self) -> list[tuple[int, ProducerEntry]]:
        """Every producer this partition remembers, by id."""
        return sorted(self.producers, key=lambda known: known[0])

    # Getting shorter

    def delete_records_before(self, offset: int) -> int:
        """Begin the log later; whole segments below go with the next retention. Returns the new start."""
        if offset > self.high_watermark or offset < 0:
            raise KafkaError(
                ErrorCode.OFFSET_OUT_OF_RANGE, f"cannot begin at {offset}: the end is {self.high_watermark}"
            )
        if offset > self.log_start_offset:
            self._start_at(offset)
        return self.log_start_offset

    def _start_at(self, offset: int) -> None:
        self.log_start_offset = offset
        self._epochs.cut_start(offset)
        self._is_changed = True

    def delete_old_segments(self, now_ms: int) -> list[Expired]:
        """Rename away what retention no longer keeps; `purge` removes the files later."""
        facts = [self._facts_of(at, now_ms) for at in range(len(self._segments))]
        expired = find_expired(
            facts,
            self.config,
            now_ms,
            log_start_offset=self.log_start_offset,
            high_watermark=self.high_watermark,
        )
        if len(expired) == len(self._segments):
            self.roll(now_ms)
        due_ms = now_ms + self.config.file_delete_delay_ms
        for segment in self._segments[: len(expired)]:
            self._doomed += [(due_ms, path) for path in segment.mark_deleted()]
            self._sizes_before -= segment.size_bytes
            if segment in self._indexed:
                self._indexed.remove(segment)
        if expired:
            del self._segments[: len(expired)]
            del self._bases[: len(expired)]
            self._start_at(max(self.log_start_offset, self._bases[0]))
            self._drop_snapshots()
        return expired

    def _facts_of(self, at: int, now_ms: int) -> SegmentFacts:
        segment = self._segments[at]
        following = self._bases[at + 1] if at + 1 < len(self._bases) else self.log_end_offset
        timestamp = segment.max_timestamp
        if timestamp < 0:
            modified_ms = self._files.modified_ms(segment.log_path)
            timestamp = segment.created_ms if modified_ms is None else modified_ms
        return SegmentFacts(segment.base_offset, following, segment.size_bytes, timestamp)

    def _drop_snapshots(self) -> None:
        """Keep one snapshot a segment, and the newest."""
        wanted = {*self._bases, max(self._snapshots, default=0)}
        for offset in [offset for offset in self._snapshots if offset not in wanted]:
            self._files.remove(f"{self.path}/{offset_name(offset)}{SNAPSHOT_SUFFIX}")
            self._snapshots.remove(offset)

    def purge(self, now_ms: int) -> int:
        """Remove the renamed files whose delay has passed; returns how many."""
        due = [path for due_ms, path in self._doomed if due_ms <= now_ms]
        self._doomed = [(due_ms, path) for due_ms, path in self._doomed if due_ms > now_ms]
        for path in due:
            self._files.remove(path)
        return len(due)

    def expire_producers(self, now_ms: int) -> int:
        """Forget producers that have been silent for too long; returns how many."""
        return self.producers.expire(now_ms, self.config.producer_id_expiration_ms)

    def truncate_to(self, offset: int, now_ms: int) -> None:
        """Drop everything from `offset` on; a batch that holds it goes whole."""
        if offset >= self.log_end_offset:
            return
        self._hints.clear()
        keep = max(bisect_right(self._bases, offset - 1), 1)
        for segment in self._segments[keep:]:
            segment.remove()
        del self._segments[keep:], self._bases[keep:]
        self._indexed = [segment for segment in self._indexed if segment in self._segments[:-1]]
        active = self._segments[-1]
        position = active.position_of(offset) if offset > active.base_offset else 0
        end = active.base_offset
        active.truncate(position, offset, self.config.index_interval_bytes)
        for _, batch in active.scan(active.offset_index.floor_position(position)):
            end = batch.next_offset
        self.log_end_offset = end
        self.log_start_offset = min(self.log_start_offset, end)
        self.recovery_point = min(self.recovery_point, end)
        self._sizes_before = sum(segment.size_bytes for segment in self._segments[:-1])
        for known in [known for known in self._snapshots if known > end]:
            self._files.remove(f"{self.path}/{offset_name(known)}{SNAPSHOT_SUFFIX}")
            self._snapshots.remove(known)
        self._epochs.cut_end(end)
        loader = LogLoader(self._files, self.path, self.config, now_ms)
        self.producers = loader.producers_at(self._segments, end, self._snapshots)
        self._is_changed = self._has_new_files = True

    # Reaching the disk

    @property
    def unflushed_messages(self) -> int:
        """Offsets that a power cut might take."""
        return self.log_end_offset - self.recovery_point

    def needs_flush(self, now_ms: int) -> bool:
        """Whether flush.messages, flush.ms or a sealed segment asks for an fsync now."""
        unflushed = self.log_end_offset - self.recovery_point
        if unflushed <= 0:
            return False
        config = self.config
        return (
            self._has_rolled
            or unflushed >= config.flush_messages
            or (config.flush_ms < LONG_MAX and now_ms - self._last_flush_ms >= config.flush_ms)
        )

    def begin_flush(self) -> FlushJob:
        """Prepare the fsync of everything appended so far; its `run` may be called on another thread."""
        syncs: list[Callable[[], None]] = []
        for at, segment in enumerate(self._segments):
            if at + 1 < len(self._bases) and self._bases[at + 1] <= self.recovery_point:
                continue
            segment.save_indexes()
            syncs += [self._files.sync_handle(path) for path in segment.durable_paths()]
        if self._has_new_files or self.recovery_point == 0:
            syncs.append(self._files.sync_handle(self.path))
        self._has_new_files = self._has_rolled = False
        self._last_flush_ms = self._last_append_ms
        return FlushJob(self.log_end_offset, syncs)

    def finish_flush(self, job: FlushJob) -> None:
        """Everything the job covered is durable now."""
        self.recovery_point = min(max(self.recovery_point, job.offset), self.log_end_offset)

    def close(self, now_ms: int) -> None:
        """Make everything durable, and leave what lets the next start trust the files."""
        if not self._is_changed:
            return
        self._epochs.save(self._files, self.path)
        if self.log_end_offset > 0:
            write_snapshot(self._files, self.path, self.producers, self.log_end_offset)
            if self.log_end_offset not in self._snapshots:
                self._snapshots.append(self.log_end_offset)
            self._drop_snapshots()
        self._segments[-1].save_indexes(is_final=True)
        job = self.begin_flush()
        job.run()
        self.finish_flush(job)
        self.purge(LONG_MAX)
        self._is_changed = False

    def move_to(self, path: str) -> None:
        """The directory was renamed: its files are elsewhere now."""
        self.path = path
        self._doomed = [(due_ms, f"{path}/{doomed.rpartition('/')[2]}") for due_ms, doomed in self._doomed]
        for segment in self._segments:
            segment.move_to(path)

    def delete(self) -> None:
        """Remove the directory and everything in it."""
        for name in self._files.list_directory(self.path):
            self._files.remove(f"{self.path}/{name}")
        self._files.remove_directory(self.path)
