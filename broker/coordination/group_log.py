"""What the group coordinator needs of `__consumer_offsets`, and how its stored batches are read.

The one rule: a batch is written whole or not at all, and its place in the log is known at once; whether it is on the
disk may become known later.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ...protocol.batch import RecordBatch, whole_batches
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.records import NewRecord, build_batch
from ..flusher import Flusher
from ..topic_names import OFFSETS_TOPIC
from ..topics import Topics
from .effects import Record

READ_CHUNK_BYTES = 1 << 20

Durable = Callable[[KafkaError | None], None]


class GroupLog(Protocol):
    """The partitions of `__consumer_offsets`."""

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int, producer_epoch: int
    ) -> int:
        """Append one batch, transactional unless `producer_id` is -1: the offset of its first record, or KafkaError."""
        ...

    def when_durable(self, partition: int, then: Durable) -> None:
        """Call `then` once what was appended may be acknowledged: at once, or after an fsync."""
        ...


class OffsetsTopic:
    """The topic on this broker, created when the first group is written."""

    def __init__(self, topics: Topics, flusher: Flusher) -> None:
        self._topics = topics
        self._flusher = flusher

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int, producer_epoch: int
    ) -> int:
        """Append one batch; KafkaError, KAFKA_STORAGE_ERROR for a disk that refuses."""
        batch = build_batch(
            [NewRecord(key=key, value=value, timestamp=now_ms) for key, value in records],
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            is_transactional=producer_id >= 0,
        )
        try:
            topic = self._topics.ensure_internal_topic(OFFSETS_TOPIC)
            appended = topic.partitions[partition].append(list(whole_batches(batch)), now_ms, is_from_client=False)
        except OSError as error:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        return appended.base_offset

    def when_durable(self, partition: int, then: Durable) -> None:
        """Wait for the fsync that the topic's settings may ask for."""
        written = self._topics.partition(OFFSETS_TOPIC, partition)
        if not self._flusher.is_due(written):
            then(None)
            return
        self._flusher.flush(
            written,
            lambda error: then(None if error is None else KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error))),
        )

    def partition_count(self) -> int | None:
        """How many partitions the topic has; None before it exists."""
        topic = self._topics.find(OFFSETS_TOPIC)
        return None if topic is None else len(topic.partitions)

    def stored(self) -> Iterator[tuple[int, Iterator[RecordBatch]]]:
        """Every partition with its batches, in the order of the log."""
        topic = self._topics.find(OFFSETS_TOPIC)
        for partition in () if topic is None else topic.partitions:
            yield partition.index, self._batches(partition.index)

    def _batches(self, index: int) -> Iterator[RecordBatch]:
        log = self._topics.partition(OFFSETS_TOPIC, index).log
        offset, end = log.log_start_offset, log.log_end_offset
        while offset < end:
            found = log.read(offset, READ_CHUNK_BYTES, upper_offset=end, at_least_one=True)
            yield from whole_batches(found.data)
            offset = found.next_offset
