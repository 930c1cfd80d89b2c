"""Cluster state as a log: topics, their configs and producer-id blocks, in `__cluster_metadata-0`.

The rule: a change is appended, then synced, then replayed into the image, then published, and only then answered (as
KRaft does it); what cannot be written or synced has not happened. One change is on its way at a time, because the next
is decided upon the image that it leaves. A restart replays the same records (`loader.py`). Records and framing are
Kafka's (KIP-631), so that its tools, and its broker, can read them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import (
    BeginTransactionRecord,
    EndTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    encode_metadata_record,
)
from ...protocol.records import NewRecord, build_batch
from ...protocol.schema import ZERO_UUID
from ...storage.log import FlushJob, PartitionLog
from ...storage.log_cleanup import RecordsDeletion, SegmentsDeletion
from ...storage.metadata_snapshot import SnapshotWrite
from ..log_output import get_logger
from ..runtime import Clock, SerialQueue
from ..slices import Slices, Steps, in_steps, run_to_end
from .delta import MetadataDelta
from .image import MetadataImage
from .metadata import Decide, Then
from .publisher import MetadataPublisher
from .snapshots import MetadataSnapshots
from .topic_records import NewPartitions, NewTopic, Node, partition_records, topic_records

logger = get_logger("metadata")

T = TypeVar("T")

# Every cluster's metadata topic has the id 0…01 (KIP-516).
METADATA_TOPIC_ID = ZERO_UUID[:-1] + b"\x01"
# As many as are built within a few milliseconds; KIP-630: well below the batch limit of the quorum.
RECORDS_IN_A_BATCH = 300


class _Written(NamedTuple):
    """A change that was appended, and the fsync that makes it count."""

    values: Sequence[bytes]
    from_offset: int
    size_bytes: int
    job: FlushJob
    now_ms: int


class MetadataLog:
    """The metadata log of a one-node cluster, and the image it amounts to.

    A change that cannot be made durable is refused (KAFKA_STORAGE_ERROR) and changes nothing. After a failed fsync
    nobody knows what the disk has, so nothing more is accepted until a restart.
    """

    def __init__(
        self,
        log: PartitionLog,
        image: MetadataImage,
        snapshots: MetadataSnapshots,
        node: Node,
        clock: Clock,
        queue: SerialQueue,
        slices: Slices,
    ) -> None:
        """`queue` does the fsyncs, after whatever else it was given for this directory."""
        self._log = log
        self._snapshots = snapshots
        self._node = node
        self._clock = clock
        self._queue = queue
        self._slices = slices
        self._waiting: deque[tuple[Decide, Then]] = deque()
        self._is_writing = self._is_beginning = False
        self._is_snapshot_wanted = False
        self._is_failed = False
        self._refused_from: int | None = None  # records from here on were answered with an error
        self._end_offset = log.log_end_offset
        self.image = image
        self.publisher = MetadataPublisher()
        # Brokers that have an image of their own, each of which gets the records and where they end.
        self.followers: list[Callable[[Sequence[bytes], int], Steps[None]]] = []

    @property
    def end_offset(self) -> int:
        """Where the records end that the image has: what ApiVersions gives as the features' epoch."""
        return self._end_offset

    @property
    def leader_epoch(self) -> int:
        """The epoch under which this node leads the log."""
        return self._node.epoch

    @property
    def directory_id(self) -> bytes:
        """The id of the data directory that the log is in."""
        return self._node.directory_id

    # Changes

    def create_topics(self, choose: Callable[[], Sequence[NewTopic] | Steps[Sequence[NewTopic]]], then: Then) -> None:
        """Record the topics chosen, all or none."""
        self._change_each(choose, topic_records, then)

    def add_partitions(
        self, choose: Callable[[], Sequence[NewPartitions] | Steps[Sequence[NewPartitions]]], then: Then
    ) -> None:
        """Record further partitions of the topics chosen, all or none."""
        self._change_each(choose, partition_records, then)

    def remove_topics(self, choose: Callable[[], Sequence[bytes] | Steps[Sequence[bytes]]], then: Then) -> None:
        """Record that the topics of the ids chosen are gone, all or none."""
        self._change_each(choose, lambda topic_id: [RemoveTopicRecord(topic_id=topic_id)], then)

    def _change_each(
        self,
        choose: Callable[[], Sequence[T] | Steps[Sequence[T]]],
        records_of: Callable[[T], Iterable[MetadataRecord]],
        then: Then,
    ) -> None:
        def decide(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
            records: list[MetadataRecord] = []
            for chosen in (yield from in_steps(choose())):
                for record in records_of(chosen):
                    records.append(record)
                    yield
            return records

        self.change(decide, then)

    def take_producer_ids(self, count: int, then: Callable[[int, KafkaError | None], None]) -> None:
        """Record that the next `count` ids are taken; the first of them is given to `then`."""
        first = -1

        def decide(image: MetadataImage) -> Sequence[MetadataRecord]:
            nonlocal first
            first = image.next_producer_id
            return [self.producer_ids_record(first + count)]

        self.change(decide, lambda error: then(first, error))

    def set_features(self, choose: Callable[[], Mapping[str, int]], then: Then) -> None:
        """Record the finalized levels chosen, where they are others than so far; 0 means none."""
        self.change(lambda image: feature_records(choose(), image), then)

    def change(self, decide: Decide, then: Then) -> None:
        """Append, sync, replay, publish, then answer; after all changes that were asked for before."""
        self._waiting.append((decide, then))
        self._write_next()

    def write_snapshot(self) -> None:
        """Write the image down if it has changed since the last snapshot; a disk that refuses is only reported.

        Not while the log has records that the image has not: a snapshot stands for all records below its offset.
        """
        self._is_snapshot_wanted = self._is_writing
        if self._is_writing or self._refused_from is not None:
            return
        try:
            write = self._snapshots.begin(self.image, self._log, self._node.epoch, self._clock.now_ms())
        except OSError as error:
            logger.error("a snapshot of the metadata log failed", error=str(error))
            return
        if write is not None:
            self._queue.run(write.run, partial(self._finish_snapshot, write))

    def _finish_snapshot(self, write: SnapshotWrite, error: Exception | None) -> None:
        self._snapshots.finish(write)
        if not write.is_done:
            return
        try:
            self._log.roll(self._clock.now_ms())
            start = self._snapshots.drop_older()
            if start is not None:
                deletion = self._log.begin_delete_records(start)
                self._queue.run(deletion.run, partial(self._trim, deletion))
        except OSError as failure:
            logger.error("the metadata log keeps what its snapshots have", error=str(failure))

    def _trim(self, deletion: RecordsDeletion, error: Exception | None) -> None:
        """The log begins where the older snapshot ends: the segments before that may go."""
        try:
            self._log.finish_delete_records(deletion)
            old = self._log.begin_delete_old_segments(self._clock.now_ms())
            if old.expired:
                self._queue.run(old.run, lambda error: self._finish_trim(old))
        except OSError as failure:
            logger.error("the metadata log keeps what its snapshots have", error=str(failure))

    def _finish_trim(self, old: SegmentsDeletion) -> None:
        try:
            self._log.finish_delete_old_segments(old)
        except OSError as failure:
            logger.error("the metadata log keeps what its snapshots have", error=str(failure))

    def write_now(self, values: Sequence[bytes]) -> None:
        """A change on the caller's thread, while nothing else is under way: what a start has to record."""
        if not values:
            return
        written = run_to_end(self._begin(values))
        try:
            written.job.run()
        except OSError as error:
            raise self._refuse(written.from_offset, written.job, error) from error
        run_to_end(self._take_over(written))
        if self._snapshots.is_due_by_size:
            self.write_snapshot()

    # Records

    def producer_ids_record(self, next_producer_id: int) -> MetadataRecord:
        """What records that every id below `next_producer_id` has been taken."""
        return ProducerIdsRecord(
            broker_id=self._node.node_id, broker_epoch=self.end_offset, next_producer_id=next_producer_id
        )

    # One change after the other

    def _write_next(self) -> None:
        if self._is_beginning:  # a change that is refused at once lets the loop below go on
            return
        self._is_beginning = True
        try:
            while self._waiting and not self._is_writing:
                decide, then = self._waiting.popleft()
                self._is_writing = True
                self._slices.start(self._decide(decide), partial(self._sync, then), partial(self._give_up, then))
        finally:
            self._is_beginning = False

    def _decide(self, decide: Decide) -> Steps[_Written | None]:
        """Append what was decided; None where that is nothing."""
        values: list[bytes] = []
        for record in (yield from in_steps(decide(self.image))):
            values.append(encode_metadata_record(record))
            yield
        return (yield from self._begin(values)) if values else None

    def _sync(self, then: Then, written: _Written | None) -> None:
        if written is None:
            self._end(then, None)
        else:
            self._queue.run(written.job.run, partial(self._finish, written, then))

    def _finish(self, written: _Written, then: Then, error: Exception | None) -> None:
        """The fsync is over: the change counts, or has not happened."""
        if error is not None:
            self._end(then, self._refuse(written.from_offset, written.job, error))
        else:
            self._slices.start(self._take_over(written), lambda _: self._end(then, None), partial(self._give_up, then))

    def _give_up(self, then: Then, error: Exception) -> None:
        self._end(then, _as_kafka_error(error))

    def _end(self, then: Then, refusal: KafkaError | None) -> None:
        """Answer, and let the next change have its turn."""
        self._is_writing = False
        if self._is_snapshot_wanted or self._snapshots.is_due_by_size:
            self.write_snapshot()
        try:
            then(refusal)
        finally:
            self._write_next()

    def _begin(self, values: Sequence[bytes]) -> Steps[_Written]:
        """Append the records, all in one go, and prepare their fsync."""
        if self._is_failed:
            raise _refused("an fsync of it has failed; a restart will tell what the disk has")
        now_ms = self._clock.now_ms()
        if self._refused_from is not None:
            self._take_back(self._refused_from, now_ms)
        end = self._log.log_end_offset
        batches = yield from _batches(values, now_ms)
        try:
            appended = self._log.append(batches, now_ms, leader_epoch=self._node.epoch, is_from_client=False)
        except OSError as error:
            raise _refused(error) from error
        try:
            job = self._log.begin_flush()
        except OSError as error:
            raise self._refuse(end, None, error) from error
        return _Written(values, end, appended.size_bytes, job, now_ms)

    def _take_over(self, written: _Written) -> Steps[None]:
        """What is durable counts. The image is looked at by nothing but the next change, so it may change in steps."""
        self._log.finish_flush(written.job)
        delta = MetadataDelta()
        for value in written.values:
            self.image.replay(value, delta)
            yield
        self._end_offset = self._log.log_end_offset
        yield from self.publisher.publish(delta, self.image)
        for follow in list(self.followers):
            yield from follow(written.values, self._end_offset)
        self._snapshots.note_written(written.size_bytes, written.now_ms)

    def _refuse(self, end: int, job: FlushJob | None, error: Exception) -> KafkaError:
        """What was appended from `end` on cannot be synced: it is taken back, if the disk lets us."""
        # A flush that could not even begin may go better later: a full disk had no room for an index entry, or a file
        # could not be opened.
        if job is not None and job.is_refused:
            self._log.finish_flush(job)
            job = None
        self._is_failed = job is not None or self._log.failure is not None
        if self._is_failed:
            logger.error("the metadata log cannot be synced: nothing more is accepted", error=str(error))
        self._refused_from = end
        with suppress(KafkaError):
            self._take_back(end, self._clock.now_ms())
        return _refused(error)

    def _take_back(self, end: int, now_ms: int) -> None:
        """What was answered with an error had better not come true at the next start; tried again if refused."""
        try:
            self._log.truncate_to(end, now_ms)
        except OSError as error:
            logger.error("what was refused stays in the metadata log for now", error=str(error))
            raise _refused(error) from error
        self._refused_from = None


def feature_records(levels: Mapping[str, int], image: MetadataImage) -> list[MetadataRecord]:
    """What records the levels that are others than in the image."""
    return [
        FeatureLevelRecord(name=name, feature_level=level)
        for name, level in levels.items()
        if image.features.get(name, 0) != level
    ]


def _batches(values: Sequence[bytes], now_ms: int) -> Steps[list[RecordBatch]]:
    if len(values) > RECORDS_IN_A_BATCH:
        # In several batches, of which a power loss may leave some.
        begin, end = BeginTransactionRecord(), EndTransactionRecord()
        values = [encode_metadata_record(begin), *values, encode_metadata_record(end)]
    batches: list[RecordBatch] = []
    for at in range(0, len(values), RECORDS_IN_A_BATCH):
        records = [NewRecord(None, value, now_ms) for value in values[at : at + RECORDS_IN_A_BATCH]]
        batches.append(RecordBatch(build_batch(records)))
        yield
    return batches


def _refused(why: object) -> KafkaError:
    return KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"the metadata log: {why}")


def _as_kafka_error(error: Exception) -> KafkaError:
    if isinstance(error, KafkaError):
        return error
    logger.error("a change of the metadata could not be decided", exc_info=error)
    return KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, str(error))
