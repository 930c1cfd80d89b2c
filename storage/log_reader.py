"""LogReader: what can be asked of one partition's log. Nothing here changes it; `log.py` adds what does.

A read begins with the batch that holds the offset asked for and returns whole batches, as they are stored.
"""

from collections.abc import Iterator, Sequence

from ..protocol.batch import RecordBatch, whole_batches
from ..protocol.errors import ErrorCode, KafkaError
from .files.files import Files
from .indexes.transaction_index import AbortedTxn, find_aborted
from .log_config import LogConfig
from .log_results import FetchedBatches
from .producer_state import ProducerEntry
from .read_batches import LogPosition, corrupt
from .recovery import LoadedLog
from .replay import aborted_in
from .segment import Segment
from .segments import Segments
from .timestamp_lookup import TimestampOffset, find_at_or_after, find_latest

REPLAY_PIECE_BYTES = 1 << 20

_NOTHING = b""


class LogReader:
    """The log of one partition, as its readers see it. On one node the high watermark is the end of the log."""

    __slots__ = (
        "_epochs",
        "_segments",
        "_snapshots",
        "config",
        "integrity",
        "log_end_offset",
        "log_start_offset",
        "partition",
        "path",
        "producers",
        "recovery_report",
        "topic",
    )

    def __init__(
        self, files: Files, path: str, topic: str, partition: int, config: LogConfig, loaded: LoadedLog
    ) -> None:
        self.path = path
        self.topic = topic
        self.partition = partition
        self.config = config
        self.recovery_report = loaded.report
        self._segments = Segments(files, loaded.segments)
        self.producers = loaded.producers
        self._epochs = loaded.integrity.epochs
        self._snapshots = loaded.snapshots
        self.integrity = loaded.integrity
        self.log_start_offset = loaded.log_start_offset
        self.log_end_offset = loaded.log_end_offset

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.topic}-{self.partition}, {self.log_start_offset}..{self.log_end_offset})"

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
        return self._segments.size_bytes

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
        return tuple(self._segments.bases)

    def read(self, offset: int, max_bytes: int, *, upper_offset: int, at_least_one: bool = True) -> FetchedBatches:
        """Whole batches from the one that holds `offset`, below `upper_offset`, up to `max_bytes`.

        `at_least_one` lets the first batch be larger. Raises KafkaError: OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE.
        """
        end = self.log_end_offset
        if not self.log_start_offset <= offset <= end:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, f"offset {offset} is not in {self.log_start_offset}..{end}")
        upper_offset = min(upper_offset, end)
        if offset < upper_offset:
            try:
                found = self._read(offset, max_bytes, upper_offset, at_least_one=at_least_one)
            except KafkaError as error:
                self.integrity.report(error.why or error.code.name)
                raise
            if found is not None:
                return found
        return FetchedBatches(_NOTHING, offset, offset)

    def _read(self, offset: int, max_bytes: int, upper_offset: int, *, at_least_one: bool) -> FetchedBatches | None:
        for segment, place in self._segments.places_from(offset):
            if place.base_offset > offset and not self._may_lack(offset, segment):
                raise corrupt(segment.log_path, place.position)
            found = segment.read(place, max_bytes, upper_offset, at_least_one=at_least_one)
            if found is None:
                first = segment.read_header(place.position)
                if first is not None and first.last_offset >= self.log_end_offset:
                    raise corrupt(segment.log_path, place.position)
                return None
            self._segments.remember(found.next_offset, segment, LogPosition(found.next_position, found.next_offset))
            return FetchedBatches(found.data, found.first_offset, found.next_offset)
        if self.integrity.may_skip:
            return FetchedBatches(_NOTHING, offset, upper_offset)  # compaction has left nothing of the rest
        raise corrupt(self._segments.active.log_path, self._segments.active.size_bytes)  # the log should go on here

    def _may_lack(self, offset: int, segment: Segment) -> bool:
        """Whether a reader who asked for `offset` may go on in this segment behind it."""
        return segment.may_skip or (self.integrity.may_skip and offset < segment.base_offset)

    def batches(self) -> Iterator[RecordBatch]:
        """Every batch from the log's start to its present end, read in pieces: how state is replayed."""
        offset, end = self.log_start_offset, self.log_end_offset
        while offset < end:
            found = self.read(offset, REPLAY_PIECE_BYTES, upper_offset=end)
            yield from whole_batches(found.data)
            offset = found.next_offset

    def bytes_available(self, offset: int, upper_offset: int) -> int:
        """How many bytes a read from `offset` would find; those before the active segment count as a lot."""
        if offset >= upper_offset or offset < self.log_start_offset:
            return 0
        active = self._segments.active
        if offset < active.base_offset:
            return self.size_bytes
        end = active.size_bytes
        if upper_offset < self.log_end_offset:
            end = self._segments.position_in_active(upper_offset)
        return max(end - self._segments.position_in_active(offset), 0)

    def aborted_transactions(self, fetch_offset: int, upper_offset: int) -> list[AbortedTxn]:
        """The aborted transactions that touch [fetch_offset, upper_offset), by first offset."""
        indexes = (self._aborted_of(segment) for segment in self._segments.since(fetch_offset))
        return find_aborted(indexes, fetch_offset, upper_offset)

    def _aborted_of(self, segment: Segment) -> list[AbortedTxn]:
        """Of a segment found on the disk they are derived anew, once: its index has no checksum, and tells too much."""
        if not segment.is_aborted_derived:
            is_cleaned = self.integrity.may_skip and segment is not self._segments.active
            derived = aborted_in(segment, list(self._segments), self._snapshots)
            segment.set_aborted(segment.aborted if derived is None else derived, is_cleaned=is_cleaned)
        return segment.aborted

    def offset_for_timestamp(self, timestamp: int, upper_offset: int) -> TimestampOffset | None:
        """The first record at or after a time, in offset order, below `upper_offset`."""
        return find_at_or_after(list(self._segments), timestamp, self.log_start_offset, upper_offset)

    def offset_of_max_timestamp(self, upper_offset: int) -> TimestampOffset | None:
        """The first record that carries the largest timestamp, unless it lies at or beyond `upper_offset`."""
        return find_latest(list(self._segments), self.log_start_offset, upper_offset)

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """(largest known epoch not above `epoch`, where it ended), or (-1, -1)."""
        return self._epochs.end_offset_for(epoch, self.log_end_offset)

    def epoch_of(self, offset: int) -> int:
        """The leader epoch an offset was written under, or will be; -1 if it is not known."""
        return self._epochs.epoch_of(offset)

    def active_producers(self) -> list[tuple[int, ProducerEntry]]:
        """Every producer this partition remembers, by id."""
        return sorted(self.producers, key=lambda known: known[0])
