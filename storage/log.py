"""PartitionLog: the segments of one partition in order, who wrote them, and where they begin and end.

Put together of parts that share one `LogState`: `LogReader` looks at it, `LogAppender` adds to its end, `LogCleanup`
takes from its beginning, `LogReplication` makes it a copy of its leader's, `Flushing` knows how far it has reached the
disk, and `LogClosing` leaves it for the next start.
"""

from collections.abc import Callable, Generator, Iterator, Sequence

from ..protocol.batch import RecordBatch
from .compaction.cleanable import Cleanable
from .compaction.cleaning import Cleaning, CleaningTerms
from .compaction.steps import run_to_end
from .files.files import Buffer
from .flushing import Flushing, FlushJob
from .indexes.transaction_index import AbortedTxn
from .integrity import OnDamage, ignore_damage
from .log_appender import LogAppender
from .log_cleanup import LogCleanup, RecordsDeletion, SegmentsDeletion
from .log_closing import LogClosing
from .log_config import LONG_MAX, LogConfig
from .log_location import LogCheckpoints, LogLocation
from .log_reader import LogReader
from .log_replication import LogReplication
from .log_results import AppendInfo, FetchedBatches
from .log_state import LogState
from .producer_state import ProducerEntry, ProducerTable
from .recovery import LoadedLog, LogLoader
from .retention import Expired
from .timestamp_lookup import Lookup
from .validation import BatchCheck

__all__ = ["AppendInfo", "FlushJob", "LogCheckpoints", "LogLocation", "PartitionLog"]


class PartitionLog:
    """The log of one partition."""

    __slots__ = (
        "_appender",
        "_cleanup",
        "_closing",
        "_flushing",
        "_location",
        "_reader",
        "_replica",
        "_state",
        "recovery_report",
    )

    def __init__(self, location: LogLocation, config: LogConfig, loaded: LoadedLog, now_ms: int) -> None:
        self._location = location
        self._state = LogState(location, config, loaded, now_ms)
        self._flushing = Flushing(location.files, loaded.snapshots, loaded.recovery_point, now_ms)
        self._reader = LogReader(self._state)
        self._appender = LogAppender(location, self._state, self._flushing)
        self._cleanup = LogCleanup(location, self._state)
        self._replica = LogReplication(location, self._state, self._flushing, self._appender)
        self._closing = LogClosing(location, self._state, self._flushing, self._cleanup)
        self.recovery_report = loaded.report

    @classmethod
    def open(
        cls,
        location: LogLocation,
        config: LogConfig,
        now_ms: int,
        checkpoints: LogCheckpoints,
        on_damage: OnDamage = ignore_damage,
    ) -> "PartitionLog":
        """The same as `opening`, in one go."""
        return run_to_end(cls.opening(location, config, now_ms, checkpoints, on_damage))

    @classmethod
    def opening(
        cls, location: LogLocation, config: LogConfig, now_ms: int, checkpoints: LogCheckpoints, on_damage: OnDamage
    ) -> "Generator[None, None, PartitionLog]":
        """Open the log in a directory, creating it if need be; after a stop that was not clean, recover it in steps.

        `on_damage` is called with what turns out to be damaged later, when it is read.
        """
        loaded = yield from LogLoader(location, config, now_ms, checkpoints, on_damage).load()
        log = cls(location, config, loaded, now_ms)
        log._state.epochs.assign(checkpoints.begun_epoch, loaded.log_end_offset)
        log._replica.lower = checkpoints.lower
        return log

    def __repr__(self) -> str:
        return f"PartitionLog({self._location.name}, {self.log_start_offset}..{self.log_end_offset})"

    @property
    def path(self) -> str:
        """The directory of its files."""
        return self._location.path

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self._location.topic

    @property
    def partition(self) -> int:
        """The partition's index in its topic."""
        return self._location.partition

    @property
    def config(self) -> LogConfig:
        """The settings it obeys; it may be given others at any time."""
        return self._state.config

    @config.setter
    def config(self, config: LogConfig) -> None:
        self._state.config = config

    def begin_epoch(self, leader_epoch: int) -> None:
        """What is appended from now on is of a newer epoch; for the log of a leader only."""
        self._state.begin_epoch(leader_epoch)

    def check_open(self) -> None:
        """OSError once the log is closed: nothing is written into its directory any more."""
        self._state.check_open()

    # What requests ask of it, documented in `log_api.Log`

    @property
    def log_start_offset(self) -> int:
        return self._state.log_start_offset

    @property
    def log_end_offset(self) -> int:
        return self._state.log_end_offset

    @property
    def high_watermark(self) -> int:
        state = self._state
        return state.log_end_offset if state.replicated is None else state.replicated.offset

    @property
    def last_stable_offset(self) -> int:
        state = self._state  # asked for with every fetch: not through a second property
        if state.replicated is not None:
            return state.last_stable_offset
        first_open = state.producers.first_open_offset
        return state.log_end_offset if first_open is None else max(first_open, state.log_start_offset)

    def read(self, offset: int, max_bytes: int, *, upper_offset: int, at_least_one: bool = True) -> FetchedBatches:
        return self._reader.read(offset, max_bytes, upper_offset, at_least_one=at_least_one)

    def batches(self) -> Iterator[RecordBatch]:
        return self._reader.batches()

    def bytes_available(self, offset: int, upper_offset: int) -> int:
        return self._reader.bytes_available(offset, upper_offset)

    def aborted_transactions(self, fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
        return self._reader.aborted_transactions(fetch_offset, upper_offset)

    def offset_for_timestamp(self, timestamp: int, upper_offset: int) -> Lookup:
        return self._reader.offset_for_timestamp(timestamp, upper_offset)

    def offset_of_max_timestamp(self, upper_offset: int) -> Lookup:
        return self._reader.offset_of_max_timestamp(upper_offset)

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        return self._state.epochs.end_offset_for(epoch, self._state.log_end_offset)

    def epoch_of(self, offset: int) -> int:
        return self._state.epochs.epoch_of(offset)

    def active_producers(self) -> list[tuple[int, ProducerEntry]]:
        return self._reader.active_producers()

    def find_producer(self, producer_id: int) -> ProducerEntry | None:
        return self._state.producers.find(producer_id)

    def note_tentative_sequence(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._state.producers.note_tentative_sequence(producer_id, producer_epoch, base_sequence)

    @property
    def leader_epoch(self) -> int:
        """The newest epoch of the log."""
        return self._state.epochs.latest

    @property
    def producers(self) -> ProducerTable:
        """Who wrote what here."""
        return self._state.producers

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments' batches."""
        return self._state.segments.size_bytes

    # Its new end

    def append(
        self,
        batches: Sequence[RecordBatch],
        now_ms: int,
        *,
        leader_epoch: int,
        is_from_client: bool = True,
        is_checked: bool = False,
    ) -> AppendInfo:
        append = self._appender.append
        return append(batches, now_ms, leader_epoch, is_from_client=is_from_client, is_checked=is_checked)

    def batch_check(self, now_ms: int) -> BatchCheck:
        return self._appender.batch_check(now_ms)

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
        who = producer_id, producer_epoch, coordinator_epoch
        return self._appender.append_marker(*who, commit, now_ms, leader_epoch, must_raise_epoch=must_raise_epoch)

    def roll(self, now_ms: int) -> None:
        """Seal the active segment and begin a new one at the end of the log; an empty one stays."""
        self.check_open()
        self._appender.roll(now_ms)

    # A replica of a log elsewhere

    def begin_replication(self, high_watermark: int) -> None:
        """From now on the high watermark is what it is told, within the log; called again, it is set anew."""
        self._replica.begin(high_watermark)

    @property
    def is_replicated(self) -> bool:
        """Whether it has been told to be one replica of several."""
        return self._state.replicated is not None

    def end_replication(self) -> None:
        """The high watermark is the log's end again."""
        self._replica.end()

    def raise_high_watermark(self, offset: int) -> bool:
        """Raise it, but not beyond the log's end; whether it has moved. Without replication it never does."""
        return self._replica.raise_high_watermark(offset)

    def append_replicated(self, data: Buffer, now_ms: int, *, next_offset: int = -1) -> AppendInfo:
        """Append whole batches byte for byte as the leader has them, which has nothing more below `next_offset`.

        Raises CORRUPT_MESSAGE, OFFSET_OUT_OF_RANGE where they lie below the log's end, FENCED_LEADER_EPOCH where
        the log has a newer epoch: each leaves it as it was. OSError may leave it with the first of them.
        """
        return self._replica.append(data, now_ms, next_offset)

    def truncation_offset(self, leader_epoch: int, leader_end_offset: int) -> int:
        """Where to truncate a follower whose leader says that its epoch, the largest not above ours, ended there."""
        return self._replica.truncation_offset(leader_epoch, leader_end_offset)

    def prepare_truncation(self, offset: int, then: Callable[[], None]) -> None:
        """Call `then` once nothing of it is on record beyond this offset: a log that is replicated is cut then."""
        self._replica.lower(offset, then)

    def truncate_to(self, offset: int, now_ms: int) -> None:
        """Drop everything from `offset` on, a batch that holds it whole; and epochs that have written nothing."""
        self._replica.truncate_to(offset, now_ms)

    def truncate_fully_to(self, offset: int, now_ms: int) -> None:
        """Drop everything, and begin anew at `offset`: for a follower behind its leader's log start."""
        self._replica.truncate_fully_to(offset, now_ms)

    def follow_log_start(self, offset: int, now_ms: int) -> bool:
        """Begin where the leader's log does, if that is later, durably with the next checkpoint; whether it does."""
        return self._replica.follow_log_start(offset, now_ms)

    # Its old end

    def check_start(self, offset: int) -> None:
        self._cleanup.check_start(offset)

    def begin_delete_records(self, offset: int) -> RecordsDeletion:
        self.check_open()
        self.check_start(offset)
        return self._cleanup.begin_delete_records(offset)

    def finish_delete_records(self, deletion: RecordsDeletion) -> int:
        return self._cleanup.finish_delete_records(deletion)

    def delete_records_before(self, offset: int) -> int:
        deletion = self.begin_delete_records(offset)
        try:
            deletion.run()
        finally:
            self.finish_delete_records(deletion)
        return self._state.log_start_offset

    @property
    def next_expiry_ms(self) -> int | None:
        """When retention.ms will let the oldest segment go, if nothing is appended; None: never."""
        return self._cleanup.next_expiry_ms

    def begin_delete_old_segments(self, now_ms: int) -> SegmentsDeletion:
        """Find what retention no longer keeps (`expired`; if that is empty, the job has nothing to do)."""
        self.check_open()
        return self._cleanup.begin_delete_segments(now_ms, self._appender.roll)

    def finish_delete_old_segments(self, deletion: SegmentsDeletion) -> Sequence[Expired]:
        """Rename away what the job made ready and is still there, and return that; `take_due` gives the files later."""
        self.check_open()
        return self._cleanup.finish_delete_segments(deletion)

    def delete_old_segments(self, now_ms: int) -> Sequence[Expired]:
        """The whole of it, fsyncs included."""
        deletion = self.begin_delete_old_segments(now_ms)
        deletion.run()
        return self.finish_delete_old_segments(deletion)

    def find_cleanable(self, checkpoint: int | None, now_ms: int) -> Cleanable:
        """What compaction may clean of this log; `checkpoint` is where the last pass ended."""
        return self._cleanup.find_cleanable(checkpoint, now_ms)

    def begin_cleaning(
        self, cleanable: Cleanable, now_ms: int, most_key_bytes: int, *, recovered_from: int = LONG_MAX
    ) -> Cleaning:
        """A pass of compaction, to be run step by step while this log is used; `CleaningTerms` has the bounds."""
        self.check_open()
        terms = CleaningTerms(now_ms, most_key_bytes, recovered_from)
        return self._cleanup.begin_cleaning(self._reader.find_aborted, cleanable, terms)

    def take_due(self, now_ms: int) -> list[str]:
        """The renamed files whose `file.delete.delay.ms` has passed: the caller removes them."""
        return self._state.segments.take_due(now_ms)

    def expire_producers(self, now_ms: int) -> int:
        """Drop producers that have been silent for too long; returns how many."""
        return self._state.producers.expire(now_ms, self.config.producer_id_expiration_ms)

    # The disk

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
        """Offsets that a power loss might take."""
        return self._state.log_end_offset - self._flushing.recovery_point

    def needs_flush(self, now_ms: int) -> bool:
        """Whether flush.messages, flush.ms or a sealed segment asks for an fsync now."""
        return self._flushing.is_due(self._state.log_end_offset, self._state.config, now_ms)

    def begin_flush(self) -> FlushJob:
        """Prepare the fsync of everything appended so far; its `run` may be called on another thread.

        Raises OSError, and does so for good once an fsync of this log has failed.
        """
        state = self._state
        unflushed = state.segments.since(self.recovery_point)
        return self._flushing.begin(state.log_end_offset, unflushed, state.path, state.last_append_ms)

    def finish_flush(self, job: FlushJob) -> None:
        """Everything the job covered is durable now; if it failed, this log takes nothing more."""
        self._flushing.finish(job, self._state.log_end_offset)

    def prepare_close(self) -> bool:
        """Write what lets the next start trust the files, before their fsync; False if nothing has changed."""
        return self._closing.prepare()

    def begin_close(self) -> FlushJob:
        """Prepare to close a log; its fsyncs may be run on another thread, and it may be used meanwhile."""
        return self.begin_flush() if self.prepare_close() else FlushJob(0, ())

    def finish_close(self, job: FlushJob) -> bool:
        """Everything is durable now, and the log is closed: every use raises OSError.

        Not if it was changed meanwhile, or a file could not be opened: then it stays open, and this returns False.
        OSError if an fsync has failed.
        """
        return self._closing.finish(job)

    def close(self) -> None:
        """All of it at once."""
        job = self.begin_close()
        try:
            job.run()
        finally:
            self.finish_close(job)

    def abandon(self) -> None:
        """Close the log as it is: nothing more is written, and the next start recovers what had changed."""
        self._closing.abandon()
