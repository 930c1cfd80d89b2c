"""The shell around the transaction coordinator: it logs, replays, writes markers, answers, and watches the time.

The one rule: the decision to end a transaction is logged before its first marker is written, and the end is logged
after its last. A crash between the two leaves a prepared transaction, which the next start finishes.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ....protocol.batch import RecordBatch
from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.records import read_records
from ....protocol.wire import CorruptFrame
from ...config.broker_config import BrokerConfig
from ...log_output import get_logger
from ...runtime import Runtime, Timer
from ...topic_names import OFFSETS_TOPIC
from ...topics.partition import Partition
from ...topics.topics import Topics
from ..coordinator_errors import COORDINATOR_ERRORS
from ..coordinator_partition import partition_for
from ..partition_writer import PartitionWriter
from .coordinator import V2, ProducerIdAndEpoch, Step, TransactionCoordinator
from .states import TxnState
from .transaction import TopicPartition, Transaction, decode_transaction, encode_id, encode_transaction

logger = get_logger("transactions")

MARKER_RETRY_S = 1.0
FLEXIBLE_FROM_LEVEL = 1

Answered = Callable[[ErrorCode, ProducerIdAndEpoch], None]
NoteMarker = Callable[[int, int, bool], None]
NO_PRODUCER = ProducerIdAndEpoch(-1, -1)
# The partitions that have their marker; None for one that is no more.
Marked = dict[TopicPartition, Partition | None]


def _nobody_waits() -> None:
    """What the start of a broker finishes, no client has asked for."""


class TransactionRunner:
    """What handlers call; each call is answered exactly once, now or after an fsync."""

    def __init__(
        self,
        coordinator: TransactionCoordinator,
        state_topic: PartitionWriter,
        topics: Topics,
        note_marker: NoteMarker,
        feature_level: Callable[[], int],
        config: BrokerConfig,
        runtime: Runtime,
    ) -> None:
        self._coordinator = coordinator
        self._log = state_topic
        self._topics = topics
        self._note_marker = note_marker
        self._feature_level = feature_level
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._partitions = state_topic.partition_count() or config.transaction_state_log_num_partitions
        self._abort_interval_s = config.transaction_abort_timed_out_transaction_cleanup_interval_ms / 1000
        self._expiry_interval_s = config.transaction_remove_expired_transaction_cleanup_interval_ms / 1000
        self._abort_alarm = Timer(runtime.timers, self._abort_overdue)
        self._expiry_alarm = Timer(runtime.timers, self._expire)
        self._is_abort_armed = False
        self._unreadable: set[int] = set()

    # Starting

    def load(self, partition: int, batches: Iterable[RecordBatch]) -> None:
        """Replay what a partition of `__transaction_state` holds; call `start` after the last one.

        If it cannot be read, its ids have no coordinator: by half of a log transactions would be ended wrongly.
        """
        try:
            for batch in batches:
                if not batch.is_control:
                    for record in read_records(batch):
                        self._load_record(record.key or b"", record.value, record.offset)
        except (OSError, KafkaError, CorruptFrame) as error:
            logger.error("transactions cannot be read, and are not served", partition=partition, error=str(error))
            self._unreadable.add(partition)
            for transaction in self._coordinator:
                if self._is_unreadable(transaction.transactional_id):
                    self._coordinator.forget(transaction.transactional_id)

    def _is_unreadable(self, transactional_id: str) -> bool:
        return partition_for(transactional_id, self._partitions) in self._unreadable

    def check_served(self, transactional_id: str) -> None:
        """NOT_COORDINATOR where the log of this id could not be read, or is offline."""
        partition = partition_for(transactional_id, self._partitions)
        if partition in self._unreadable or self._log.is_offline(partition):
            raise KafkaError(ErrorCode.NOT_COORDINATOR)

    def start(self) -> None:
        """Everything is loaded: finish what was decided before the stop, then watch the time."""
        for transaction in self._coordinator.prepared():
            logger.info("finishing a transaction", transactional_id=transaction.transactional_id)
            self._finish(transaction)
        for partition in self._topics.partitions():
            if partition.opened_log is not None:
                self._abort_hanging_transactions(partition)
        self._topics.on_recovered = lambda partition: self._timers.call_at(
            self._clock.now(), partial(self._abort_hanging_transactions, partition)
        )
        self._arm()
        self._expiry_alarm.set(self._clock.now() + self._expiry_interval_s)

    def _load_record(self, key: bytes, value: bytes | None, offset: int) -> None:
        try:
            found = decode_transaction(key, value)
        except (CorruptFrame, ValueError) as error:
            logger.warning("a stored transaction record was skipped", offset=offset, error=str(error))
            return
        if found is not None:
            transactional_id, transaction = found
            if transaction is None:
                self._coordinator.forget(transactional_id)
            else:
                self._coordinator.load(transaction)

    # Requests

    def init_producer_id(
        self, transactional_id: str, timeout_ms: int, expected: ProducerIdAndEpoch | None, then: Answered
    ) -> None:
        """A new session of a transactional id."""
        now_ms = self._clock.now_ms()
        self._do(
            transactional_id,
            lambda: self._coordinator.init_producer_id(transactional_id, timeout_ms, expected, now_ms),
            then,
        )

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: Iterable[TopicPartition],
        *,
        client_version: int,
        then: Answered,
    ) -> None:
        """AddPartitionsToTxn and AddOffsetsToTxn: partitions take part in the producer's transaction."""
        now_ms = self._clock.now_ms()
        self._do(
            transactional_id,
            lambda: self._coordinator.add_partitions(transactional_id, producer, partitions, client_version, now_ms),
            then,
        )

    def end(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        *,
        is_commit: bool,
        client_version: int,
        then: Answered,
    ) -> None:
        """Commit or abort: answered when every marker is written."""
        now_ms = self._clock.now_ms()

        def decide() -> Step:
            if client_version >= V2:
                self._check_v2()
            return self._coordinator.end(
                transactional_id, producer, is_commit=is_commit, client_version=client_version, now_ms=now_ms
            )

        self._do(transactional_id, decide, then)

    def add_partition(self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition) -> None:
        """A write of transactions V2 adds its partition by itself (KIP-890 part 2). KafkaError if it may not."""
        self._check_v2()
        self.check_served(transactional_id)
        now_ms = self._clock.now_ms()
        step = self._coordinator.add_partitions(transactional_id, producer, [partition], V2, now_ms)
        if step.transaction is not None:
            self._append(step.transaction)
            self._coordinator.replay(step.transaction)
            self._arm()

    def undurable_state(self, transactional_id: str) -> Partition | None:
        """Where the state of this id is kept, if a write of its transaction must wait until that is on the disk."""
        return self._log.undurable(partition_for(transactional_id, self._partitions))

    def check_partition(self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition) -> None:
        """A write of transactions V1 must have added its partition before (KIP-890 part 1). KafkaError if not."""
        self.check_served(transactional_id)
        self._coordinator.check_partition(transactional_id, producer, partition)

    def _check_v2(self) -> None:
        """UNSUPPORTED_VERSION where the feature is off: its state could not be stored."""
        if self._feature_level() < FLEXIBLE_FROM_LEVEL:
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)

    # To be looked at only

    def find(self, transactional_id: str) -> Transaction | None:
        """The state of a transactional id."""
        return self._coordinator.find(transactional_id)

    def transactions(self) -> Iterator[Transaction]:
        """Every transactional id."""
        return iter(self._coordinator)

    # Performing

    def _do(self, transactional_id: str, decide: Callable[[], Step], then: Answered) -> None:
        try:
            self.check_served(transactional_id)
            step = decide()
            if step.transaction is not None:
                self._append(step.transaction)
            # A repeat waits as well: what it repeats may be on its way to the disk.
            state = self.undurable_state(transactional_id)
        except KafkaError as error:
            then(error.code, NO_PRODUCER)
            return
        if step.transaction is not None:
            self._coordinator.replay(step.transaction)
            self._arm()
        self._log.when_all_durable([] if state is None else [state], partial(self._carry_out, step, then))

    def _carry_out(self, step: Step, then: Answered, error: KafkaError | None) -> None:
        """The step is logged: obey it, then answer."""
        if error is not None:
            then(COORDINATOR_ERRORS.get(error.code, error.code), NO_PRODUCER)
            return
        if step.transaction is not None and step.transaction.state.is_prepared:
            self._finish(step.transaction, partial(then, step.error, step.producer))
        else:
            then(step.error, step.producer)

    def _append(self, transaction: Transaction) -> None:
        """Log a state, or KafkaError in a coordinator's words."""
        is_flexible = self._feature_level() >= FLEXIBLE_FROM_LEVEL
        record = encode_transaction(transaction, is_flexible=is_flexible)
        self._append_record(transaction.transactional_id, record)

    def _append_record(self, transactional_id: str, record: tuple[bytes, bytes | None]) -> None:
        partition = partition_for(transactional_id, self._partitions)
        try:
            self._log.append(partition, [record], self._clock.now_ms())
        except KafkaError as error:
            logger.error("a transaction could not be logged", transactional_id=transactional_id, error=str(error))
            raise KafkaError(COORDINATOR_ERRORS.get(error.code, error.code), error.why) from error

    def _finish(
        self,
        transaction: Transaction,
        then: Callable[[], None] = _nobody_waits,
        *,
        marked: Marked | None = None,
        is_again: bool = False,
    ) -> None:
        """Write the markers of a decided transaction, then log that it is over; try again later if a disk refuses.

        The end must not reach the disk before the markers: nobody would write them again.
        """
        marked = {} if marked is None else marked
        failure: OSError | KafkaError | None = None
        for at in sorted(transaction.partitions - marked.keys()):
            try:
                marked[at] = self._write_marker(transaction, *at)
            except (OSError, KafkaError) as error:
                failure = error  # a partition that is offline must not keep the others from their end
        if failure is not None:
            self._finish_later(transaction, failure, marked, is_again=is_again)
            then()
            return
        written = [partition for partition in marked.values() if partition is not None]
        self._log.when_all_durable(written, partial(self._complete, transaction, then, is_again))

    def _complete(
        self, transaction: Transaction, then: Callable[[], None], is_again: bool, error: KafkaError | None
    ) -> None:
        """Every marker is as durable as the settings ask for: log that the transaction is over."""
        try:
            if error is not None:
                raise error
            done = self._coordinator.complete(transaction.transactional_id, self._clock.now_ms()).transaction
            assert done is not None
            self._append(done)
        except KafkaError as refused:
            self._finish_later(transaction, refused, None, is_again=is_again)
        else:
            self._coordinator.replay(done)
        then()

    def _finish_later(
        self, transaction: Transaction, error: OSError | KafkaError, marked: Marked | None, *, is_again: bool
    ) -> None:
        if not is_again:  # said once, however long the disk refuses
            logger.error("a transaction could not be ended yet", id=transaction.transactional_id, error=str(error))
        self._timers.call_at(self._clock.now() + MARKER_RETRY_S, partial(self._finish_again, transaction, marked))

    def _finish_again(self, transaction: Transaction, marked: Marked | None) -> None:
        if self._coordinator.find(transaction.transactional_id) == transaction:
            self._finish(transaction, marked=marked, is_again=True)

    def _write_marker(self, transaction: Transaction, topic: str, index: int) -> Partition | None:
        """The partition that was written to; None when it is no more."""
        is_commit = transaction.state is TxnState.PREPARE_COMMIT
        coordinator_epoch = self._log.leader_epoch(partition_for(transaction.transactional_id, self._partitions))
        try:
            partition = self._topics.partition(topic, index)
        except KafkaError:
            return None  # deleted meanwhile: there is nothing to end there
        if partition.opened_log is None and partition.log.last_stable_offset < partition.log.high_watermark:
            self._abort_hanging_transactions(
                partition
            )  # or this marker would end what another transaction has left open
        try:
            partition.append_marker(
                transaction.producer_id,
                transaction.producer_epoch,
                coordinator_epoch,
                is_commit=is_commit,
                now_ms=self._clock.now_ms(),
                must_raise_epoch=transaction.client_version >= V2,
            )
        except KafkaError as error:
            if error.code != ErrorCode.INVALID_PRODUCER_EPOCH:
                raise
            # A later epoch has ended it there before us: a marker written just before a crash.
            logger.info("a marker was there already", partition=partition.name, id=transaction.transactional_id)
        if topic == OFFSETS_TOPIC:
            self._note_marker(index, transaction.producer_id, is_commit)
        return partition

    def _abort_hanging_transactions(self, partition: Partition) -> None:
        """Abort what is open in a recovered partition and unknown to the coordinator: nobody else would ever end it.

        A power loss may keep the records of a transaction and lose the coordinator's word of it.
        """
        opened = partition.opened_log
        if opened is None or opened.recovery_report.is_clean or self._unreadable:
            return  # in a log that cannot be read may stand that it was committed
        for producer_id, entry in opened.active_producers():
            producer, at = ProducerIdAndEpoch(producer_id, entry.producer_epoch), (partition.topic, partition.index)
            if entry.current_txn_first_offset < 0 or self._coordinator.has_open(producer, at):
                continue
            logger.warning(
                "a transaction that nobody knows is aborted", partition=partition.name, producer_id=producer_id
            )
            try:
                partition.append_marker(
                    *producer, max(entry.coordinator_epoch, 0), is_commit=False, now_ms=self._clock.now_ms()
                )
            except (OSError, KafkaError) as error:
                logger.error("it could not be aborted yet", partition=partition.name, error=str(error))
                self._timers.call_at(
                    self._clock.now() + MARKER_RETRY_S, partial(self._abort_hanging_transactions, partition)
                )
                return
            if partition.topic == OFFSETS_TOPIC:
                self._note_marker(partition.index, producer_id, False)

    # Time

    def _arm(self) -> None:
        """Look for overdue transactions at Kafka's interval for as long as there is one that can become so."""
        if not self._is_abort_armed and self._coordinator.has_ongoing():
            self._is_abort_armed = True
            self._abort_alarm.set(self._clock.now() + self._abort_interval_s)

    def _abort_overdue(self) -> None:
        self._is_abort_armed = False
        now_ms = self._clock.now_ms()
        for transactional_id in self._coordinator.overdue(now_ms):
            logger.info("transaction timed out", transactional_id=transactional_id)
            self._do(transactional_id, partial(self._coordinator.time_out, transactional_id, now_ms), _ignored)
        self._arm()

    def _expire(self) -> None:
        for transactional_id in self._coordinator.expired(self._clock.now_ms()):
            try:
                self._append_record(transactional_id, (encode_id(transactional_id), None))
            except KafkaError:
                break  # said in the log; the next round tries again
            self._coordinator.forget(transactional_id)
        self._expiry_alarm.set(self._clock.now() + self._expiry_interval_s)


def _ignored(code: ErrorCode, producer: ProducerIdAndEpoch) -> None:
    """Nobody waits for a timeout's answer."""
