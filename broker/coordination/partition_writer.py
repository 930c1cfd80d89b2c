"""A coordinator's own topic: where its state is logged, and read back when it is to be coordinated here.

The one rule: a batch is written whole or not at all, and its place in the log is known at once; whether it is on the
disk, and with the followers, may become known later.
"""

from collections.abc import Iterator, Sequence

from ...protocol.batch import RecordBatch, whole_batches
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.records import NewRecord, ProducerStamp, build_batch
from ..topic_names import TRANSACTION_TOPIC
from ..topics.log_flusher import LogFlusher
from ..topics.partition import Partition
from ..topics.topics import Topics
from .durability import Durability, storage_error
from .replication_wait import ReplicationWait
from .result import BuiltRecords, Record
from .state_machine import Then

READ_AT_ONCE_BYTES = 1024 * 1024


class PartitionWriter:
    """A coordinator's topic on this broker, created when it is first needed."""

    def __init__(
        self, name: str, topics: Topics, flusher: LogFlusher, replication_wait: ReplicationWait | None = None
    ) -> None:
        """`replication_wait` is for brokers that are not alone."""
        self._name = name
        self._topics = topics
        self._flusher = flusher
        self._durability = Durability(flusher, replication_wait)

    def when_ready(self, then: Then) -> None:
        """Call `then` once the topic is there: at once if it is, else when it was created or could not be."""
        self._topics.ensure_internal_topic(self._name, then)

    def when_open(self, partition: int, then: Then) -> None:
        """Call `then` once the log of a partition is open, at once if it is; it may have to be recovered first."""
        found = self._find(partition)
        if found is None:
            then(KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
        else:
            found.open_soon(then)

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int = -1, producer_epoch: int = -1
    ) -> int:
        """Append one batch, transactional unless `producer_id` is -1: the offset of its first record.

        Raises KafkaError, KAFKA_STORAGE_ERROR for a disk that refuses, MESSAGE_TOO_LARGE for a batch beyond
        `max.message.bytes`, the larger ones before they are built; of transactions NOT_ENOUGH_REPLICAS, for as Kafka
        has it the others write with acks=1, and wait.
        """
        written = self.partition(partition)
        if written.leadership is not None and self._name == TRANSACTION_TOPIC:
            written.leadership.check_in_sync()
        most_bytes = written.log.config.max_message_bytes
        # What Kafka's coordinators write, that of transactions aside; it means nothing, whoever the producer is.
        sequence = -1 if self._name == TRANSACTION_TOPIC else 0
        producer = ProducerStamp(producer_id, producer_epoch, sequence, producer_id >= 0)
        if isinstance(records, BuiltRecords):
            _check_size(records.batch.size_bytes, most_bytes)
            batch = records.batch.closed(producer)
        else:
            _check_size(sum(len(key) + len(value or b"") for key, value in records), most_bytes)
            batch = build_batch([NewRecord(key, value, now_ms) for key, value in records], producer=producer)
        _check_size(len(batch), most_bytes)
        try:
            appended = written.append([RecordBatch(batch)], now_ms, is_from_client=False)
        except OSError as error:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        return appended.base_offset

    def when_durable(self, partition: int, then: Then) -> None:
        """Call `then` once all that was appended may be acknowledged: at once, or after the fsync the settings ask for.

        Of several brokers, once the followers have it, too. REQUEST_TIMED_OUT, NOT_LEADER_OR_FOLLOWER.
        """
        written = self._find(partition)
        if written is None:
            then(None)
        elif written.leadership is not None:
            self._durability.when_durable([written], then)
        elif not self._flusher.schedule(written):
            then(None)
        else:
            self._flusher.flush(written, lambda error: then(storage_error(error)))

    def when_all_durable(self, partitions: Sequence[Partition], then: Then) -> None:
        """The same for what was appended to other topics; the last error, if there are several."""
        self._durability.when_durable(partitions, then)

    def schedule_flush(self, partition: int) -> None:
        """What was appended has no client that waits: begin what the settings ask for in the background."""
        self._flusher.schedule(self.partition(partition))

    def is_undurable(self, partition: int) -> bool:
        """Whether what a broker alone appended must not be built on before an fsync that has not happened yet."""
        written = self._find(partition)
        return written is not None and self._flusher.is_due(written)

    def is_offline(self, partition: int) -> bool:
        """Whether its disk failed, or another broker leads: what it keeps cannot be acknowledged here.

        A topic that a client created has perhaps fewer partitions than were configured: what is missing is offline, as
        in Kafka, until a restart counts what is there.
        """
        found = self._find(partition)
        if found is None:
            return self._topics.find(self._name) is not None
        return found.is_offline or not found.is_leader

    def delete_before(self, partition: int, offset: int, then: Then) -> None:
        """Let a partition begin later, as DeleteRecords does; an error leaves it as it was. KafkaError."""
        self._topics.delete_records(self.partition(partition), offset, lambda start, error: then(error))

    def partition(self, partition: int) -> Partition:
        """That partition of the topic, or UNKNOWN_TOPIC_OR_PARTITION."""
        return self._topics.partition(self._name, partition)

    def _find(self, partition: int) -> Partition | None:
        topic = self._topics.find(self._name)
        return topic.partitions[partition] if topic is not None and topic.has_partition(partition) else None

    def partition_count(self) -> int | None:
        """How many partitions the topic has; None before it exists."""
        topic = self._topics.find(self._name)
        return None if topic is None else len(topic.partitions)

    def stored(self) -> Iterator[tuple[int, Iterator[RecordBatch]]]:
        """Every partition with its batches, in the order of the log; KafkaError, OSError while they are read."""
        topic = self._topics.find(self._name)
        for partition in () if topic is None else topic.partitions:
            yield partition.index, self.batches(partition.index)

    def batches(self, partition: int) -> Iterator[RecordBatch]:
        """What that partition holds, in the order of the log, with what is appended while it is read.

        KafkaError, OSError while it is read.
        """
        log = self.partition(partition).open_log()
        offset = log.log_start_offset
        while offset < log.log_end_offset:
            found = log.read(offset, READ_AT_ONCE_BYTES, upper_offset=log.log_end_offset)
            yield from whole_batches(found.data)
            offset = found.next_offset


def _check_size(size_bytes: int, most_bytes: int) -> None:
    if size_bytes > most_bytes:
        why = f"{size_bytes} bytes are more than max.message.bytes ({most_bytes})"
        raise KafkaError(ErrorCode.MESSAGE_TOO_LARGE, why)
