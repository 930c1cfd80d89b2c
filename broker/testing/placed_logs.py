"""Logs laid down where they were before: batches made of lines, written aside, and moved to their places at once.

The one rule: between two steps nobody can meet a log that is half written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ...protocol.batch import RecordBatch, whole_batches
from ...protocol.compression import Codec
from ...protocol.control import marker_batch
from ...protocol.records import NewRecord, ProducerStamp, build_batch
from ...protocol.uuid_text import encode_uuid
from ...storage.file_names import LOG_SUFFIX, offset_name
from ...storage.files.memory_files import MemoryFiles
from ...storage.segment import MOST_RELATIVE_OFFSET
from ..cluster import Cluster
from ..context import Context
from ..contexts import leader_partition
from ..slices import Steps
from ..topics.partition import Partition
from .exchange_lines import Packed, RecordLine, unpack
from .running_cluster import RunningCluster

BATCH_RECORDS = 1000
SEGMENT_BYTES = 256 << 20
WRITTEN_BYTES = 1 << 18  # at a time
ASIDE = "importing"  # beside the cluster's directory, which looks at all that is in it

Place = tuple[str, int]


@dataclass
class _Aside:
    """A log that is written aside: its segments by their base offsets."""

    segments: dict[int, str] = field(default_factory=dict[int, str])
    next_offset: int = 0
    has_gaps: bool = False


class PlacedLogs:
    """Of topics that are about to be made: `write` them aside, `put` them in as soon as the topics are there."""

    def __init__(self, running: RunningCluster) -> None:
        self._running = running
        self._aside: dict[Place, _Aside] = {}
        self.appended: dict[Partition, Context] = {}  # where several brokers have them, by their leaders

    def write(self, place: Place, records: Sequence[Packed], start: int) -> Steps[None]:
        """Write the records of one partition aside, whose log begins at `start`."""
        files = self._running.memory.files
        files.make_directory(ASIDE)
        log = self._aside[place] = _Aside(next_offset=start)
        path, base, size, waiting = self._begin_segment(log, start), start, 0, bytearray()
        now_ms = self._running.clock.now_ms()
        for batch in _batches(map(unpack, records), 0, now_ms):
            log.has_gaps |= batch.base_offset != log.next_offset
            if size + len(waiting) >= SEGMENT_BYTES or batch.next_offset - base > MOST_RELATIVE_OFFSET:
                files.write(path, [bytes(waiting)], size)
                base, size, waiting = batch.base_offset, 0, bytearray()
                path = self._begin_segment(log, base)
            waiting += batch.view
            log.next_offset = batch.next_offset
            if len(waiting) >= WRITTEN_BYTES:
                files.write(path, [bytes(waiting)], size)
                size, waiting = size + len(waiting), bytearray()
            yield
        files.write(path, [bytes(waiting)], size)

    def _begin_segment(self, log: _Aside, base: int) -> str:
        path = log.segments[base] = f"{ASIDE}/{len(self._aside)}-{base}"
        self._running.memory.files.write(path, [], 0)
        return path

    def put(self) -> Place | None:
        """Move all to their places, whose topics have just been made; a place where a client was first, if any.

        Where several brokers have them, their logs are open from the first moment on: what was written is appended to
        them in `open`.
        """
        cluster = self._running.cluster
        if not isinstance(cluster, Cluster):
            return None
        context, directory = cluster.context, cluster.directory
        files = self._running.memory.files
        for (topic, index), log in self._aside.items():
            found = context.topics.find(topic)
            if found is None or found.partitions[index].is_open:
                return topic, index
            path = directory.create_partition(topic, index, encode_uuid(found.topic_id))
            for base, written in log.segments.items():
                files.rename(written, f"{path}/{offset_name(base)}{LOG_SUFFIX}")
            if log.has_gaps:
                directory.cleaner_offsets[topic, index] = log.next_offset
        self._remove_aside()
        return None

    def open(self) -> Steps[Place | None]:
        """Open them: recovery makes the rest of each anew; a place where a client was first, if any."""
        contexts = self._running.contexts
        for topic, index in self._aside:
            found = contexts.image.topics.get(topic)
            if found is None:
                continue
            partition = leader_partition(contexts, topic, index, is_to_write=True)
            if self._running.has_several:
                if not (yield from self._append(partition, self._aside[topic, index])):
                    return topic, index
                self.appended[partition] = contexts.of_leader(topic, index)
            elif not partition.is_deleted:
                yield from partition.open_in_steps()
                partition.notify_changed()
        if self._running.has_several:
            self._remove_aside()
        return None

    def _append(self, partition: Partition, aside: _Aside) -> Steps[bool]:
        """Append what was written aside to the log of a leader, as if it had it from another; whether it was empty."""
        log, files = partition.replica_log, self._running.memory.files
        now_ms = self._running.clock.now_ms()
        expected = 0
        start = min(aside.segments)
        if start and log.log_end_offset == 0:
            log.truncate_fully_to(start, now_ms)
            expected = start
        for written in aside.segments.values():
            for data, next_offset in _pieces(files, written):
                if log.log_end_offset != expected or not partition.is_leader:
                    return False
                log.append_replicated(data, now_ms)
                expected = next_offset
                partition.notify_changed()
                yield
            files.remove(written)
        return log.log_end_offset == expected

    def _remove_aside(self) -> None:
        if self._aside:
            self._running.memory.files.remove_directory(ASIDE)


def _pieces(files: MemoryFiles, path: str) -> Iterator[tuple[bytes, int]]:
    """Whole batches of a file, some at a time, and the offset behind them."""
    position, most, end = 0, WRITTEN_BYTES, files.size(path)
    while position < end:
        data = files.read(path, position, min(most, end - position))
        size, next_offset = 0, 0
        for batch in whole_batches(data):
            size, next_offset = size + batch.size_bytes, batch.next_offset
        if size:
            yield data[:size], next_offset
        else:
            most *= 2  # of a batch that is larger
        position += size


def _batches(records: Iterable[RecordLine], leader_epoch: int, now_ms: int) -> Iterator[RecordBatch]:
    """The records in batches as they came; what was left open ends with an abort, for nobody else will end it."""
    open_epochs: dict[int, int] = {}
    next_offset = last_ms = 0
    for run in _runs(records):
        first = run[0]
        offset = first.offset or 0
        producer_id, epoch, sequence = first.producer
        times = [now_ms if one.timestamp is None else one.timestamp for one in run]
        last_ms = max([last_ms, *times])
        next_offset = offset + len(run)
        if first.marker is not None:
            open_epochs.pop(producer_id, None)
            is_commit = first.marker == "commit"
            yield _marker(offset, producer_id, epoch, times[0], leader_epoch, is_commit=is_commit)
            continue
        if first.is_transactional:
            open_epochs[producer_id] = epoch
        new = [NewRecord(one.key, one.value, at_ms, one.headers) for one, at_ms in zip(run, times, strict=True)]
        producer = ProducerStamp(producer_id, epoch, sequence, first.is_transactional)
        codec = Codec[first.compression.upper()] if first.compression else Codec.NONE
        yield RecordBatch(
            build_batch(new, codec=codec, base_offset=offset, partition_leader_epoch=leader_epoch, producer=producer)
        )
    for producer_id, epoch in open_epochs.items():
        yield _marker(next_offset, producer_id, epoch, last_ms, leader_epoch, is_commit=False)
        next_offset += 1


def _runs(records: Iterable[RecordLine]) -> Iterator[list[RecordLine]]:
    """Records that can stand in one batch: of one batch before, with nothing missing between them."""
    run: list[RecordLine] = []
    for one in records:
        if run and not _goes_on(run, one):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _goes_on(run: list[RecordLine], one: RecordLine) -> bool:
    last = run[-1]
    return (
        one.marker is None
        and last.marker is None
        and one.offset == (last.offset or 0) + 1
        and one.batch is not None
        and one.batch == last.batch
        and one.producer[:2] == last.producer[:2]
        and one.is_transactional == last.is_transactional
        and one.compression == last.compression
        and len(run) < BATCH_RECORDS
    )


def _marker(
    offset: int, producer_id: int, epoch: int, timestamp_ms: int, leader_epoch: int, *, is_commit: bool
) -> RecordBatch:
    return RecordBatch(
        marker_batch(
            producer_id=producer_id,
            producer_epoch=epoch,
            is_commit=is_commit,
            coordinator_epoch=0,
            timestamp_ms=timestamp_ms,
            base_offset=offset,
            partition_leader_epoch=leader_epoch,
        )
    )
