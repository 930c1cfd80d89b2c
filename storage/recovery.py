"""Opening a log: after a clean stop by trust, after a crash by reading everything that may not have reached the disk.

The rule: nothing that was wholly written is lost, and nothing torn is served. A log that was stopped cleanly is
still looked at where it ends; if that is not where its checkpoint has it, it is treated as after a crash.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, TypeVar

from ..protocol.batch import HEADER_BYTES
from ..protocol.errors import KafkaError
from .file_names import INDEX_SUFFIX, TXN_INDEX_SUFFIX, offset_name
from .indexes.offset_time_index import OFFSET_ENTRY_BYTES, OffsetIndex
from .indexes.resyncing_scan import ResyncingScan
from .indexes.transaction_index import AbortedTxn, decode_aborted
from .integrity import BatchIntegrity, OnDamage
from .leader_epochs import LeaderEpochs
from .log_config import LONG_MAX, LogConfig
from .log_location import LogCheckpoints, LogLocation
from .producer_snapshots import Snapshots
from .producer_state import ProducerTable
from .replay import aborted_entry, pauses_after, producers_at, replay_batch
from .segment import Segment
from .swap_completion import complete_swaps_and_remove_temporaries

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]
"""Work that pauses every few batches; whoever ends it there leaves a log that must be recovered."""


@dataclass(slots=True)
class RecoveryReport:
    """What opening a log took, as facts for the broker's log lines and metrics."""

    is_clean: bool = True
    why: str = ""
    truncated_bytes: int = 0
    segments_recovered: int = 0
    segments_dropped: int = 0
    missing_offsets: int = 0  # that the recovery point had as durable
    damaged_bytes: int = 0  # below the recovery point: kept on the disk, refused when read


@dataclass(slots=True)
class LoadedLog:
    """The parts of a partition's log."""

    segments: list[Segment]
    producers: ProducerTable
    integrity: BatchIntegrity
    snapshots: Snapshots
    log_start_offset: int
    log_end_offset: int
    recovery_point: int
    report: RecoveryReport = field(default_factory=RecoveryReport)


class LogLoader:
    """Loads one partition's directory."""

    def __init__(
        self, location: LogLocation, config: LogConfig, now_ms: int, checkpoints: LogCheckpoints, on_damage: OnDamage
    ) -> None:
        self._files = location.files
        self._directory = location.path
        self._config = config
        self._now_ms = now_ms
        self._checkpoints = checkpoints
        self._report = RecoveryReport()
        may_skip = checkpoints.cleaned_below > 0 or config.is_compacted or checkpoints.is_replica
        highest_epoch = checkpoints.leader_epoch if checkpoints.leader_epoch >= 0 else LONG_MAX
        self._integrity, self._without_epochs = (
            BatchIntegrity(may_skip=may_skip, highest_epoch=highest_epoch, on_damage=on_damage) for _ in range(2)
        )  # the second knows no epochs: recovery derives them from the log, and cannot judge it by them
        self._start_by_epochs: int | None = None
        self._snapshots = Snapshots(location.files, location.path)

    def load(self) -> Steps[LoadedLog]:
        """Read, repair if need be, and hand over; an empty or missing directory becomes an empty log."""
        recovery_point, log_start_offset = self._checkpoints.recovery_point, self._checkpoints.log_start_offset
        is_clean = self._checkpoints.is_clean
        segments = self._find_segments()
        if not segments:
            self._check_not_cut(0, log_start_offset)
            return self._empty_log(log_start_offset)
        end = (yield from self._trusted_end(segments[-1], recovery_point)) if is_clean else None
        if not is_clean:
            self._report.is_clean, self._report.why = False, "no clean stop"
        first = len(segments) if end is not None else self._first_unflushed(segments, recovery_point)
        epochs = yield from self._load_epochs(segments[:first])
        log_start_offset = self._agreed_start(log_start_offset, segments[0].base_offset)
        if end is not None:
            producers = yield from self._producers_at(segments, end)
        else:
            epochs.cut_end(segments[first].base_offset)
            self._snapshots.drop_above(segments[first].base_offset)
            producers = yield from self._producers_at(segments[:first], segments[first].base_offset)
            end = yield from self._recover(segments, first, recovery_point, producers, epochs)
        if end < log_start_offset:
            for segment in segments:
                segment.remove()
            self._report.segments_dropped += len(segments)
            self._snapshots.drop_above(-1)
            if self._checkpoints.is_replica:
                return self._empty_log(log_start_offset)  # the markers of what was open may not come again
            # Those who wrote what was deleted by request may still ask again for their last batch.
            self._snapshots.write(producers, log_start_offset)
            return self._empty_log(log_start_offset, producers)
        epochs.cut_end(end)
        self._integrity.epochs = epochs
        self._snapshots.drop_above(end)
        start = max(log_start_offset, segments[0].base_offset)
        epochs.cut_start(start)  # the batches below it have brought theirs back
        safe = min(max(recovery_point, 0), end)
        self._report.missing_offsets = max(recovery_point - end, 0)
        return LoadedLog(segments, producers, self._integrity, self._snapshots, start, end, safe, self._report)

    def _find_segments(self) -> list[Segment]:
        self._files.make_directory(self._directory)
        names = complete_swaps_and_remove_temporaries(self._files, self._directory)
        self._snapshots = Snapshots(self._files, self._directory, names.snapshots)
        last = max(names.logs, default=0)
        return [
            Segment(
                self._files,
                self._directory,
                base_offset,
                created_ms=self._now_ms,
                size_bytes=self._files.size(f"{self._directory}/{offset_name(base_offset)}.log"),
                has_txn_index=base_offset in names.txn_indexes,
                integrity=self._integrity,
                # The active segment is never compacted, but may have been copied from one that was.
                is_contiguous=base_offset == last >= self._checkpoints.cleaned_below
                and not self._checkpoints.is_replica,
            )
            for base_offset in sorted(names.logs)
        ]

    def _empty_log(self, offset: int, producers: ProducerTable | None = None) -> LoadedLog:
        segment = Segment(
            self._files, self._directory, offset, created_ms=self._now_ms, integrity=self._integrity, is_contiguous=True
        )
        segment.records.create()
        self._integrity.epochs = LeaderEpochs()
        producers = producers or ProducerTable()
        return LoadedLog([segment], producers, self._integrity, self._snapshots, offset, offset, offset, self._report)

    # After a clean stop

    def _trusted_end(self, active: Segment, recovery_point: int) -> Steps[int | None]:
        """The log's end if the file ends with the batch that its checkpoint has; else None, with the reason."""
        end = active.base_offset
        if active.size_bytes:
            scan = active.records.scan(self._last_indexed_position(active))
            for n, (_, batch) in enumerate(scan, 1):
                if pauses_after(n, batch):
                    yield
            end = scan.next_offset
            if scan.problem is not None:
                self._report.why = f"{scan.problem} at byte {scan.position} of the last segment"
        if not self._report.why and end != recovery_point:
            self._report.why = f"the log ends at {end}, its checkpoint at {recovery_point}"
        self._report.is_clean = not self._report.why
        return end if self._report.is_clean else None

    def _last_indexed_position(self, segment: Segment) -> int:
        """A position near the end, from the last eight bytes of the index file alone."""
        path = segment.stem + INDEX_SUFFIX
        try:
            size = self._files.size(path)
            last = self._files.read(path, max(size - OFFSET_ENTRY_BYTES, 0), OFFSET_ENTRY_BYTES)
        except FileNotFoundError:
            return 0
        position = int.from_bytes(last[4:], "big") if len(last) == OFFSET_ENTRY_BYTES else 0
        return position if position < segment.size_bytes and size % OFFSET_ENTRY_BYTES == 0 else 0

    # Producers and epochs

    def _producers_at(self, segments: list[Segment], end: int) -> Steps[ProducerTable]:
        return producers_at(segments, self._snapshots, end, self._now_ms, self._config.producer_id_expiration_ms)

    def _load_epochs(self, known: list[Segment]) -> Steps[LeaderEpochs]:
        """The epoch checkpoint if the batches bear it out, else what they have; `known` segments need no recovery."""
        epochs = LeaderEpochs.load(self._files, self._directory)
        if epochs is not None and all(_bears_out(known, epoch, start) for epoch, start in epochs.entries):
            self._start_by_epochs = epochs.entries[0][1] if len(epochs) else None
            return epochs
        if any(segment.size_bytes for segment in known):
            self._integrity.report(f"the leader epochs of {self._directory} are missing or wrong; they were made anew")
        epochs = LeaderEpochs()
        for segment in known:
            for n, (_, batch) in enumerate(segment.records.scan(), 1):
                epochs.assign(batch.partition_leader_epoch, batch.base_offset)
                if pauses_after(n, batch):
                    yield
        epochs.is_saved = False
        return epochs

    def _agreed_start(self, checkpoint: int, base_offset: int) -> int:
        """Where the log begins. Two files have it when records were deleted by request, neither with a checksum.

        Where they disagree the lower one wins: rather show what was deleted than lose what was not.
        """
        checkpoint = max(checkpoint, base_offset)
        if self._start_by_epochs is None:
            return checkpoint
        by_epochs = max(self._start_by_epochs, base_offset)
        # Where compaction has taken the first batches, epochs derived from what is left begin later than the log.
        if by_epochs != checkpoint and not (self._integrity.may_skip and by_epochs > checkpoint):
            self._integrity.report(
                f"{self._directory} begins at {checkpoint} by the log start checkpoint and at {by_epochs} by its "
                "leader epochs; the lower one is taken"
            )
        return min(checkpoint, by_epochs)

    # After a crash

    def _check_not_cut(self, left_bytes: int, end: int) -> None:
        """OSError where the disk has lost what was on it for good: no crash does that, and it may be had elsewhere.

        A file has become shorter if no batch fits in the `left_bytes` behind `end`; else something in it is damaged.
        """
        known = self._checkpoints.known_end
        if max(end, self._checkpoints.log_start_offset) < known and left_bytes < HEADER_BYTES:
            raise OSError(
                f"the log in {self._directory} ends at {end}, and had everything below {known} on the disk: something "
                "else has made it shorter. Restore its files; or, to go on without, take its lines out of "
                "recovery-point-offset-checkpoint and replication-offset-checkpoint while the broker is stopped"
            )

    @staticmethod
    def _first_unflushed(segments: list[Segment], recovery_point: int) -> int:
        for at, following in enumerate(segments[1:]):
            if following.base_offset > recovery_point:
                return at
        return len(segments) - 1

    def _recover(
        self,
        segments: list[Segment],
        first: int,
        recovery_point: int,
        producers: ProducerTable,
        epochs: LeaderEpochs,
    ) -> Steps[int]:
        """Read the segments from `first` on; cut at the first bad batch and drop what follows. Returns the end."""
        end = segments[first].base_offset
        for at in range(first, len(segments)):
            segment = segments[at]
            if at > first:
                self._snapshots.write(producers, segment.base_offset)
            if segment.base_offset < end:
                problem: str | None = f"segment {segment.base_offset} begins before the one before it ends at {end}"
                keep = at
            elif segment.base_offset > end and not self._integrity.may_skip:
                # A power loss may keep a file and lose the end of the one before it.
                problem = f"the next segment begins at {segment.base_offset}"
                keep = at
            else:
                is_last = segment is segments[-1]
                end, problem = yield from self._recover_segment(
                    segment, recovery_point, producers, epochs, is_last=is_last
                )
                keep = at + 1
            if problem is not None:
                self._report.why += f"; cut at {end}: {problem}"
                for dropped in segments[keep:]:
                    self._report.truncated_bytes += dropped.size_bytes
                    self._report.segments_dropped += 1
                    dropped.remove()
                del segments[keep:]
                break
        return end

    def _recover_segment(
        self, segment: Segment, recovery_point: int, producers: ProducerTable, epochs: LeaderEpochs, *, is_last: bool
    ) -> Steps[tuple[int, str | None]]:
        """Check every batch of a segment and derive its indexes anew; returns its end and why it was cut, if it was."""
        self._report.segments_recovered += 1
        scan = ResyncingScan(
            partial(segment.records.scan, integrity=self._without_epochs),
            self._old_index(segment),
            until=recovery_point,
        )
        segment.indexes.reset()
        known_aborted = self._old_aborted(segment)
        segment.indexes.reset_aborted()
        expected = segment.base_offset
        for n, (position, batch) in enumerate(scan, 1):
            if scan.take_resumed():
                segment.indexes.force_entry()
                for entry in known_aborted:  # whose markers cannot be read any more
                    if expected <= entry.last_offset < batch.base_offset:
                        segment.indexes.note_aborted(entry)
            expected = batch.next_offset
            completed = replay_batch(producers, batch)
            if completed is not None and completed.is_aborted:
                segment.indexes.note_aborted(aborted_entry(completed))
            epochs.assign(batch.partition_leader_epoch, batch.base_offset)
            segment.indexes.note(
                batch.last_offset, batch.max_timestamp, position, batch.size_bytes, self._config.index_interval_bytes
            )
            if pauses_after(n, batch):
                yield
        if is_last or not self._integrity.may_skip:  # compaction may leave an end that nothing refers to
            self._check_not_cut(segment.size_bytes - scan.position, scan.next_offset)
        # What was flushed is not thrown away for one bad batch.
        self._report.damaged_bytes += scan.damaged_bytes
        segment.indexes.is_aborted_derived |= not scan.damaged_bytes
        if scan.problem is None:
            return scan.next_offset, None
        cut = segment.size_bytes - scan.position
        self._report.truncated_bytes += cut
        segment.records.truncate(scan.position)
        return scan.next_offset, f"{cut} bytes of segment {segment.base_offset}, {scan.problem}"

    def _old_index(self, segment: Segment) -> OffsetIndex:
        return OffsetIndex.decode(self._read(segment.stem + INDEX_SUFFIX), segment.size_bytes) or OffsetIndex()

    def _old_aborted(self, segment: Segment) -> list[AbortedTxn]:
        return decode_aborted(self._read(segment.stem + TXN_INDEX_SUFFIX)) or []

    def _read(self, path: str) -> bytes:
        try:
            return self._files.read(path, 0, self._files.size(path))
        except FileNotFoundError:
            return b""


def _bears_out(segments: list[Segment], epoch: int, start: int) -> bool:
    """Whether the batch at an epoch's first offset has that epoch, as far as it can be found."""
    segment = next((one for one in reversed(segments) if one.base_offset <= start), None) or next(iter(segments), None)
    if segment is None:
        return True
    try:
        position = segment.indexes.position_of(start).byte if start > segment.base_offset else 0
    except KafkaError:
        return True
    header = segment.records.read_header(position)
    return header is None or header.partition_leader_epoch == epoch
