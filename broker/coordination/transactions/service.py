"""What handlers call of the transaction coordinator: each request becomes an operation of its id's partition.

A transaction whose end was decided is answered for when its markers are written, so that what was committed can be read
at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from ....protocol.batch import RecordBatch
from ....protocol.errors import ErrorCode, KafkaError
from ...log_output import get_logger
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...metadata.producer_ids import ProducerIds
from ...runtime import Runtime
from ...topics.partition import Partition
from ...topics.topics import Topics
from ..partition_writer import PartitionWriter
from ..result import CoordinatorResult, Instant, Operation, ResponseFuture
from ..runtime import CoordinatorRuntime, OperationWatcher
from ..state_machine import Then
from .coordinator import V2, Result, TransactionCoordinator, TransactionResponse, refused
from .hanging import HangingTransactions
from .marker_channel import MarkerChannel, TransactionMarker
from .marker_writer import MarkerWriter
from .producer_identity import ProducerIdAndEpoch
from .timeouts import TransactionTimeouts
from .transaction import TopicPartition, Transaction

logger = get_logger("transactions")

Future = ResponseFuture[TransactionResponse]


class TransactionCoordinatorService:
    """The transactional ids of this broker; each future that is given gets exactly one response, now or later."""

    def __init__(
        self,
        coordinator: TransactionCoordinator,
        timeouts: TransactionTimeouts,
        log: PartitionWriter,
        topics: Topics,
        producer_ids: ProducerIds,
        runtime: Runtime,
        channel: MarkerChannel | None = None,
    ) -> None:
        """`channel` leads to the other brokers, if there are any."""
        self._coordinator = coordinator
        self._timeouts = timeouts
        self._log = log
        self._topics = topics
        self._producer_ids = producer_ids
        self._clock = runtime.clock
        self._runtime = CoordinatorRuntime("transactions", coordinator, self, log, runtime)
        self._runtime.on_loaded = self._end_what_is_left
        self._is_alone = channel is None
        self._hanging = HangingTransactions(coordinator.has_open, self._knows_all, runtime)
        self._markers = MarkerWriter(coordinator, log, topics, self._hanging, self._log_end, runtime, channel)

    # Starting

    def load(self, stored: Iterable[tuple[int, Iterable[RecordBatch]]]) -> None:
        """Replay what the partitions of `__transaction_state` hold."""
        for partition, batches in stored:
            self._runtime.partitions.load(partition, batches)

    def serve_what_is_led(self) -> None:
        """Serve what `lead` says, and nothing else."""
        self._runtime.partitions.serve_what_is_led()

    def start(self) -> None:
        """Everything is loaded: end what was decided before the stop and what hangs, then watch the time."""
        self._end_what_is_left()
        self._topics.on_recovered = self._hanging.abort_soon
        self._timeouts.start(Instant(self._clock.now(), self._clock.now_ms()))
        self._runtime.start()

    def _knows_all(self) -> bool:
        """Whether an open transaction that is unknown here is known to nobody."""
        return self._is_alone and not self._runtime.partitions.has_unreadable

    def _end_what_is_left(self, loaded: int | None = None) -> None:
        """End what was decided before, in the partition just loaded or in all of them, and what hangs."""
        for transaction in self._coordinator.prepared():
            if loaded is None or self._coordinator.partition_of(transaction.transactional_id) == loaded:
                logger.info("finishing a transaction", transactional_id=transaction.transactional_id)
                self._markers.end(transaction)
        for partition in self._topics.partitions() if self._is_alone else ():
            if partition.opened_log is not None:
                self._hanging.abort(partition)
        if self._coordinator.has_ongoing():
            self._timeouts.watch(Instant(self._clock.now(), self._clock.now_ms()))

    def watch(self, watcher: OperationWatcher) -> None:
        """Have someone look at every operation."""
        self._runtime.watcher = watcher

    def when_ready(self, then: Then) -> None:
        """Call `then` once `__transaction_state` is there."""
        self._log.when_ready(then)

    def lead(self, partition: int) -> None:
        """This broker leads a partition of the topic now."""
        self._runtime.partitions.lead(partition)

    def resign(self, partition: int) -> None:
        """It leads it no more."""
        self._markers.stop(lambda transactional_id: self._coordinator.partition_of(transactional_id) == partition)
        self._runtime.partitions.resign(partition)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """The metadata has changed: markers that could not be written may be by now."""
        if delta.changed_partitions or delta.deleted_topics or delta.changed_brokers:
            self._markers.retry_now()

    def check_served(self, transactional_id: str) -> None:
        """NOT_COORDINATOR where the log of this id could not be read, or is offline."""
        self._runtime.partitions.check_served(self._coordinator.partition_of(transactional_id))

    def partition_of(self, transactional_id: str) -> int:
        """The partition of `__transaction_state` that keeps this id."""
        return self._coordinator.partition_of(transactional_id)

    def move(self, transactional_id: str) -> Callable[[float], None] | None:
        """Have the coordinator of an id move away, and all ids of its partition with it.

        What is returned has it come back, so many seconds before it has read its log; None if it is not here.
        """
        partition = self._coordinator.partition_of(transactional_id)
        partitions = self._runtime.partitions
        return partial(partitions.come_back, partition) if partitions.move(partition) else None

    # Requests

    def init_producer_id(
        self, transactional_id: str, timeout_ms: int, expected: ProducerIdAndEpoch | None, future: Future
    ) -> None:
        """InitProducerId: a new session of a transactional id."""
        self._write_with_producer_id(
            "InitProducerId",
            transactional_id,
            lambda at: self._coordinator.init_producer_id(transactional_id, timeout_ms, expected, at.now_ms),
            future,
        )

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: Iterable[TopicPartition],
        client_version: int,
        future: Future,
    ) -> None:
        """AddPartitionsToTxn and AddOffsetsToTxn: partitions take part in the producer's transaction."""
        self._write(
            "AddPartitionsToTxn",
            transactional_id,
            lambda at: self._add(transactional_id, producer, partitions, client_version, at),
            future,
        )

    def end(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        *,
        is_commit: bool,
        client_version: int,
        future: Future,
    ) -> None:
        """EndTxn: commit or abort, answered when every marker is written."""
        self._write_with_producer_id(
            "EndTxn",
            transactional_id,
            lambda at: self._coordinator.end(
                transactional_id, producer, is_commit=is_commit, client_version=client_version, now_ms=at.now_ms
            ),
            future,
        )

    def add_partition(self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition) -> None:
        """A write of transactions V2 adds its partition by itself (KIP-890 part 2). KafkaError if it may not.

        The caller sees to it that the write is not answered before `undurable_state` is on the disk.
        """
        self._coordinator.check_v2()
        answers: list[ErrorCode] = []
        self._write(
            "Produce",
            transactional_id,
            lambda at: self._add(transactional_id, producer, [partition], V2, at),
            ResponseFuture(lambda response: answers.append(response.error), refused),
            needs_fsync=False,
        )
        # Without an answer the coordinator's topic is still being created: the producer tries again.
        code = answers[0] if answers else ErrorCode.COORDINATOR_NOT_AVAILABLE
        if code != ErrorCode.NONE:
            raise KafkaError(code)

    def undurable_state(self, transactional_id: str) -> Partition | None:
        """Where the state of this id is kept, if a write of its transaction must wait until that is on the disk."""
        partition = self._coordinator.partition_of(transactional_id)
        return self._log.partition(partition) if self._log.is_undurable(partition) else None

    def check_partition(self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition) -> None:
        """A write of transactions V1 must have added its partition before (KIP-890 part 1). KafkaError if not."""
        self.check_served(transactional_id)
        self._coordinator.check_partition(transactional_id, producer, partition)

    # For the coordinators of other brokers

    def append_marker(self, at: TopicPartition, marker: TransactionMarker, then: Callable[[ErrorCode], None]) -> None:
        """Write a marker to a partition that this broker leads; `then` hears once it is durable and replicated."""
        try:
            partition = self._topics.partition(*at)
            marker.append_to(partition, self._clock.now_ms())
        except KafkaError as error:
            then(error.code)
        except OSError as error:
            logger.error("a marker could not be written", partition=f"{at[0]}-{at[1]}", error=str(error))
            then(ErrorCode.KAFKA_STORAGE_ERROR)
        else:
            self._log.when_all_durable([partition], lambda error: then(error.code if error else ErrorCode.NONE))

    def when_replicated(self, partition: Partition, then: Then) -> None:
        """Call `then` once what was appended to a partition of this broker is durable and replicated."""
        self._log.when_all_durable([partition], then)

    def add_partition_of_write(
        self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition, future: Future
    ) -> None:
        """As `add_partition`, answered once it is on record and replicated."""
        try:
            self._coordinator.check_v2()
        except KafkaError as error:
            future.refuse(error.code)
        else:
            self.add_partitions(transactional_id, producer, [partition], V2, future)

    def verify_partition(
        self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition, future: Future
    ) -> None:
        """As `check_partition`, answered once what it goes by is replicated."""

        def decide(at: Instant) -> Result:
            self._coordinator.check_partition(transactional_id, producer, partition)
            return CoordinatorResult(response=TransactionResponse(None, producer))

        self._write("AddPartitionsToTxn", transactional_id, decide, future)

    # To be looked at only

    def check_none_loads(self) -> None:
        """COORDINATOR_LOAD_IN_PROGRESS while some ids are yet to be read."""
        self._runtime.partitions.check_none_loads()

    def find(self, transactional_id: str) -> Transaction | None:
        """The state of a transactional id."""
        return self._coordinator.find(transactional_id)

    def transactions(self) -> Iterator[Transaction]:
        """Every transactional id."""
        return iter(self._coordinator)

    # Time

    def next_deadline(self) -> float | None:
        """When `take_due` is to be called next, in monotonic seconds."""
        return self._timeouts.next_deadline()

    def take_due(self, at: Instant) -> Operation[TransactionResponse] | None:
        """The next operation whose time has come; what it decides to abort is ended as well."""
        operation = self._timeouts.take_due(at)
        if operation is None:
            return None
        if operation.key and self._coordinator.may_take_producer_id(operation.key):
            self._producer_ids.when_available(lambda error: None)  # without one it is refused, until the next round
        return replace(operation, future=self._when_ended(ResponseFuture(_note_timeout, refused)))

    # Operations

    def _add(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: Iterable[TopicPartition],
        client_version: int,
        at: Instant,
    ) -> Result:
        self._timeouts.watch(at)
        return self._coordinator.add_partitions(transactional_id, producer, partitions, client_version, at.now_ms)

    def _write_with_producer_id(
        self, name: str, transactional_id: str, decide: Callable[[Instant], Result], future: Future
    ) -> None:
        """As `_write`, for what may give the id a new producer id; without one the coordinator refuses."""
        if not self._coordinator.may_take_producer_id(transactional_id):
            self._write(name, transactional_id, decide, future)
            return
        self._producer_ids.when_available(lambda error: self._write(name, transactional_id, decide, future))

    def _write(
        self,
        name: str,
        transactional_id: str,
        decide: Callable[[Instant], Result],
        future: Future,
        *,
        needs_fsync: bool = True,
    ) -> None:
        partition = self._coordinator.partition_of(transactional_id)
        ended = self._when_ended(future)
        self._runtime.write(Operation(name, transactional_id, partition, decide, ended, needs_fsync))

    def _when_ended(self, future: Future) -> Future:
        """Like `future`, but where the end of a transaction was decided, completed when that is carried out."""

        def deliver(response: TransactionResponse) -> None:
            if response.transaction is not None and response.transaction.state.is_prepared:
                self._markers.end(response.transaction, lambda: future.complete(response))
            else:
                future.complete(response)

        return ResponseFuture(deliver, refused)

    def _log_end(self, transaction: Transaction, then: Callable[[ErrorCode], None]) -> None:
        """Log that a transaction is over; that needs no fsync, for what is lost of it is done again."""
        name = transaction.transactional_id
        operation = Operation(
            "completion",
            name,
            self._coordinator.partition_of(name),
            lambda at: self._coordinator.complete(name, at.now_ms),
            ResponseFuture(lambda response: then(response.error), refused),
            needs_fsync=False,
        )
        self._runtime.write(operation)


def _note_timeout(response: TransactionResponse) -> None:
    """The abort of an overdue transaction has no client that waits for it."""
    if response.transaction is not None:
        logger.info("transaction timed out", transactional_id=response.transaction.transactional_id)
