"""Ends a prepared transaction: a marker in each of its partitions, and then the record that it is over.

The one rule: the decision is in the log before the first marker is written, and the end is logged after the last. A
crash between the two leaves a prepared transaction, which the next start ends, or the next broker to coordinate it; a
failure between the two is tried again until it is none, and what has been done is not done again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from ....protocol.errors import ErrorCode, KafkaError
from ...log_output import get_logger
from ...runtime import Runtime, TimerHandle
from ...slices import SLICE_S
from ...topics.partition import Leadership, Partition
from ...topics.topics import Topics
from ..partition_writer import PartitionWriter
from .coordinator import V2, TransactionCoordinator
from .hanging import HangingTransactions
from .marker_channel import MarkerChannel, Sent, TransactionMarker
from .states import TxnState
from .transaction import TopicPartition, Transaction

logger = get_logger("transactions")

RETRY_S = 1.0
# How long a client waits for markers that other brokers write; then the rest goes on behind its back, as with Kafka.
PATIENCE_S = 0.5

LogEnd = Callable[[Transaction, Callable[[ErrorCode], None]], None]


def _do_nothing() -> None:
    """What a start or a timer ends has no client that waits."""


class _Mark(NamedTuple):
    """A marker in a partition of this broker, and in which leadership it was written."""

    partition: Partition
    leadership: Leadership | None

    @property
    def holds(self) -> bool:
        """Whether it is known to be in the log still."""
        return not self.partition.is_offline and self.partition.leadership is self.leadership


@dataclass(slots=True, eq=False)
class _Ending:
    """A transaction on its way to its end.

    `marked` are the partitions that have a marker, None for deleted ones and those of other brokers; `missing` are
    those to be written yet, the last one first, `sent` those that other brokers write, `failure` why one could not.
    """

    transaction: Transaction
    then: Callable[[], None]
    marked: dict[TopicPartition, _Mark | None] = field(default_factory=dict[TopicPartition, _Mark | None])
    missing: list[TopicPartition] = field(default_factory=list[TopicPartition])
    sent: dict[TopicPartition, Sent] = field(default_factory=dict[TopicPartition, Sent])
    failure: Exception | None = None
    is_retry: bool = False
    is_over: bool = False
    retry: TimerHandle | None = None
    patience: TimerHandle | None = None

    def answer(self) -> None:
        """Whoever waits, waits no longer."""
        if self.patience is not None:
            self.patience.cancel()
        then, self.then = self.then, _do_nothing
        then()


class MarkerWriter:
    """Writes markers until all are there. `log_end` logs that a transaction is over, and reports how that went."""

    def __init__(
        self,
        coordinator: TransactionCoordinator,
        log: PartitionWriter,
        topics: Topics,
        hanging: HangingTransactions,
        log_end: LogEnd,
        runtime: Runtime,
        channel: MarkerChannel | None = None,
    ) -> None:
        """`channel` leads to the other brokers, if there are any."""
        self._coordinator = coordinator
        self._log = log
        self._topics = topics
        self._hanging = hanging
        self._log_end = log_end
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._channel = channel
        self._endings: dict[str, _Ending] = {}

    def end(self, transaction: Transaction, then: Callable[[], None] = _do_nothing) -> None:
        """Write the markers of a decided transaction, log that it is over, call `then`.

        If a disk or another broker refuses, `then` is called all the same: the decision stands, and the rest is tried
        until it succeeds.
        """
        name = transaction.transactional_id
        if name in self._endings:
            self._stop(self._endings[name])
        ending = self._endings[name] = _Ending(transaction, then)
        if self._channel is not None:
            ending.patience = self._timers.call_at(self._clock.now() + PATIENCE_S, ending.answer)
        self._begin(ending)

    def retry_now(self) -> None:
        """Whatever was in the way may be so no more, for a partition may have another leader."""
        for ending in list(self._endings.values()):
            if ending.retry is not None:
                ending.retry.cancel()
                self._retry(ending)

    def stop(self, is_concerned: Callable[[str], bool]) -> None:
        """Other brokers go on with the transactions of these ids."""
        for name, ending in list(self._endings.items()):
            if is_concerned(name):
                self._stop(ending)

    def _stop(self, ending: _Ending) -> None:
        ending.is_over = True
        if ending.retry is not None:
            ending.retry.cancel()
        for sent in ending.sent.values():
            sent.cancel()
        if self._endings.get(ending.transaction.transactional_id) is ending:
            del self._endings[ending.transaction.transactional_id]
        ending.answer()

    # The markers

    def _begin(self, ending: _Ending) -> None:
        """Write what is missing; a marker may be missing again whose disk has failed, or whose leadership is over."""
        ending.marked = {at: mark for at, mark in ending.marked.items() if mark is None or mark.holds}
        ending.missing = sorted(ending.transaction.partitions - ending.marked.keys(), reverse=True)
        ending.failure = None
        self._write_markers(ending)

    def _write_markers(self, ending: _Ending) -> None:
        """Write markers for one slice: the rest comes in the next turn of the loop."""
        until = self._clock.now() + SLICE_S
        while ending.missing and not ending.is_over:
            at = ending.missing.pop()
            try:
                self._write_marker(ending, at)
            except Exception as error:
                self._note_failed(ending, error)  # a partition that is offline must not keep the others from their end
            if ending.missing and self._clock.now() >= until:
                self._timers.call_soon(partial(self._write_markers, ending))
                return
        self._go_on(ending)

    def _write_marker(self, ending: _Ending, at: TopicPartition) -> None:
        marker = self._marker_of(ending.transaction)
        try:
            partition = self._topics.partition(*at)
        except KafkaError:
            ending.marked[at] = None  # deleted meanwhile: there is nothing to end there
            return
        if self._channel is not None and not partition.is_leader:
            ending.sent[at] = self._channel.write(at, marker, partial(self._note_sent, ending, at))
            return
        is_new = partition.opened_log is None or self._hanging.is_pending(partition)
        if is_new and partition.log.last_stable_offset < partition.log.high_watermark:
            self._hanging.abort(partition)  # or this marker would end what another transaction has left open
        try:
            marker.append_to(partition, self._clock.now_ms())
        except KafkaError as error:
            if error.code != ErrorCode.INVALID_PRODUCER_EPOCH:
                raise
            self._log_present(ending, at)
        ending.marked[at] = _Mark(partition, partition.leadership)

    def _marker_of(self, transaction: Transaction) -> TransactionMarker:
        """NOT_LEADER_OR_FOLLOWER where another broker coordinates the transaction by now."""
        coordinated = self._log.partition(self._coordinator.partition_of(transaction.transactional_id))
        coordinated.check_leader()
        return TransactionMarker(
            transaction.producer_id,
            transaction.producer_epoch,
            coordinated.leader_epoch,
            is_commit=transaction.state is TxnState.PREPARE_COMMIT,
            must_raise_epoch=transaction.client_version >= V2,
        )

    def _note_sent(self, ending: _Ending, at: TopicPartition, code: ErrorCode) -> None:
        """The leader of a partition has answered, or cannot."""
        ending.sent.pop(at, None)
        if ending.is_over:
            return
        if code in (ErrorCode.NONE, ErrorCode.INVALID_PRODUCER_EPOCH):
            ending.marked[at] = None
            if code != ErrorCode.NONE:
                self._log_present(ending, at)
        else:
            self._note_failed(ending, KafkaError(code))
        self._go_on(ending)

    def _log_present(self, ending: _Ending, at: TopicPartition) -> None:
        """A later epoch has ended it there before us: a marker written just before a crash."""
        name = ending.transaction.transactional_id
        logger.info("a marker was there already", partition=f"{at[0]}-{at[1]}", id=name)

    def _note_failed(self, ending: _Ending, error: Exception) -> None:
        is_fenced = isinstance(error, KafkaError) and error.code is ErrorCode.TRANSACTION_COORDINATOR_FENCED
        if is_fenced and self._channel is not None:
            logger.info("another broker coordinates a transaction by now", id=ending.transaction.transactional_id)
            self._stop(ending)
        ending.failure = error

    # The end

    def _go_on(self, ending: _Ending) -> None:
        """Nothing is to be written or waited for any more, or not yet."""
        if ending.is_over or ending.missing or ending.sent:
            return
        if ending.failure is not None:
            self._retry_later(ending, str(ending.failure))
            return
        # The end must not reach the disk before the markers: they would never be written again.
        written = [mark.partition for mark in ending.marked.values() if mark is not None]
        if self._channel is not None and not all(mark is None or mark.holds for mark in ending.marked.values()):
            self._retry_later(ending, "another broker leads a partition by now")
            return
        self._carry_on(ending, lambda: self._log.when_all_durable(written, partial(self._finish, ending)))

    def _finish(self, ending: _Ending, error: KafkaError | None) -> None:
        """Every marker is as durable as the settings ask for: log that the transaction is over."""
        if ending.is_over:
            return
        if error is not None:
            self._retry_later(ending, str(error))
            return

        def logged(code: ErrorCode) -> None:
            if ending.is_over:
                return
            if code != ErrorCode.NONE:
                self._retry_later(ending, code.name)
            else:
                self._stop(ending)

        self._carry_on(ending, lambda: self._log_end(ending.transaction, logged))

    def _carry_on(self, ending: _Ending, step: Callable[[], None]) -> None:
        """Do the next step; whatever keeps it from beginning, the decision stands."""
        try:
            step()
        except Exception as error:
            self._retry_later(ending, repr(error))

    def _retry_later(self, ending: _Ending, why: str) -> None:
        if not ending.is_retry:  # logged once, however long the disk refuses
            note = logger.error if self._channel is None else logger.warning
            note("a transaction could not be ended yet", id=ending.transaction.transactional_id, error=why)
        ending.is_retry = True
        ending.retry = self._timers.call_at(self._clock.now() + RETRY_S, partial(self._retry, ending))
        ending.answer()

    def _retry(self, ending: _Ending) -> None:
        ending.retry = None
        if self._coordinator.find(ending.transaction.transactional_id) == ending.transaction:
            self._begin(ending)
        else:
            self._stop(ending)
