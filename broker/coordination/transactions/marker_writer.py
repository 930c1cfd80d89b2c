"""Ends a prepared transaction: a marker in each of its partitions, and then the record that it is over.

The one rule: the decision is in the log before the first marker is written, and the end is logged after the last. A
crash between the two leaves a prepared transaction, which the next start ends; a failure between the two is tried again
until it is none, and what has been done is not done again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ....protocol.errors import ErrorCode, KafkaError
from ...log_output import get_logger
from ...runtime import Runtime
from ...slices import SLICE_S
from ...topics.partition import Partition
from ...topics.topics import Topics
from ..partition_writer import PartitionWriter
from .coordinator import V2, TransactionCoordinator
from .hanging import HangingTransactions
from .states import TxnState
from .transaction import TopicPartition, Transaction

logger = get_logger("transactions")

RETRY_S = 1.0

LogEnd = Callable[[Transaction, Callable[[ErrorCode], None]], None]


def _do_nothing() -> None:
    """What a start or a timer ends has no client that waits."""


@dataclass(slots=True)
class _Ending:
    """A transaction on its way to its end.

    `marked` are the partitions that have a marker, None for deleted ones; `missing` are those to be written yet, the
    last one first, and `failure` why one of them could not.
    """

    transaction: Transaction
    then: Callable[[], None]
    marked: dict[TopicPartition, Partition | None] = field(default_factory=dict[TopicPartition, Partition | None])
    missing: list[TopicPartition] = field(default_factory=list[TopicPartition])
    failure: Exception | None = None
    is_retry: bool = False


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
    ) -> None:
        self._coordinator = coordinator
        self._log = log
        self._topics = topics
        self._hanging = hanging
        self._log_end = log_end
        self._clock = runtime.clock
        self._timers = runtime.timers

    def end(self, transaction: Transaction, then: Callable[[], None] = _do_nothing) -> None:
        """Write the markers of a decided transaction, log that it is over, call `then`.

        If a disk refuses, `then` is called all the same: the decision stands, and the rest is tried until it succeeds.
        """
        self._begin(_Ending(transaction, then))

    def _begin(self, ending: _Ending) -> None:
        """Write what is missing; a marker whose disk has failed since may be missing again."""
        ending.marked = {at: one for at, one in ending.marked.items() if one is None or not one.is_offline}
        ending.missing = sorted(ending.transaction.partitions - ending.marked.keys(), reverse=True)
        ending.failure = None
        self._write_markers(ending)

    def _write_markers(self, ending: _Ending) -> None:
        """Write markers for one slice: the rest comes in the next turn of the loop."""
        until = self._clock.now() + SLICE_S
        while ending.missing:
            at = ending.missing.pop()
            try:
                ending.marked[at] = self._write_marker(ending.transaction, *at)
            except Exception as error:
                ending.failure = error  # a partition that is offline must not keep the others from their end
            if ending.missing and self._clock.now() >= until:
                self._timers.call_soon(partial(self._write_markers, ending))
                return
        if ending.failure is not None:
            self._retry_later(ending, str(ending.failure))
            return
        # The end must not reach the disk before the markers: they would never be written again.
        written = [partition for partition in ending.marked.values() if partition is not None]
        self._carry_on(ending, lambda: self._log.when_all_durable(written, partial(self._finish, ending)))

    def _finish(self, ending: _Ending, error: KafkaError | None) -> None:
        """Every marker is as durable as the settings ask for: log that the transaction is over."""
        if error is not None:
            self._retry_later(ending, str(error))
            return

        def logged(code: ErrorCode) -> None:
            if code != ErrorCode.NONE:
                self._retry_later(ending, code.name)
            else:
                ending.then()

        self._carry_on(ending, lambda: self._log_end(ending.transaction, logged))

    def _carry_on(self, ending: _Ending, step: Callable[[], None]) -> None:
        """Do the next step; whatever keeps it from beginning, the decision stands."""
        try:
            step()
        except Exception as error:
            self._retry_later(ending, repr(error))

    def _retry_later(self, ending: _Ending, why: str) -> None:
        if not ending.is_retry:  # logged once, however long the disk refuses
            logger.error("a transaction could not be ended yet", id=ending.transaction.transactional_id, error=why)
        then, ending.then, ending.is_retry = ending.then, _do_nothing, True
        self._timers.call_at(self._clock.now() + RETRY_S, partial(self._retry, ending))
        then()

    def _retry(self, ending: _Ending) -> None:
        if self._coordinator.find(ending.transaction.transactional_id) == ending.transaction:
            self._begin(ending)

    def _write_marker(self, transaction: Transaction, topic: str, index: int) -> Partition | None:
        """The partition that was written to; None when it is no more."""
        coordinated = self._log.partition(self._coordinator.partition_of(transaction.transactional_id))
        try:
            partition = self._topics.partition(topic, index)
        except KafkaError:
            return None  # deleted meanwhile: there is nothing to end there
        is_new = partition.opened_log is None or self._hanging.is_pending(partition)
        if is_new and partition.log.last_stable_offset < partition.log.high_watermark:
            self._hanging.abort(partition)  # or this marker would end what another transaction has left open
        try:
            partition.append_marker(
                transaction.producer_id,
                transaction.producer_epoch,
                coordinated.leader_epoch,
                is_commit=transaction.state is TxnState.PREPARE_COMMIT,
                now_ms=self._clock.now_ms(),
                must_raise_epoch=transaction.client_version >= V2,
            )
        except KafkaError as error:
            if error.code != ErrorCode.INVALID_PRODUCER_EPOCH:
                raise
            # A later epoch has ended it there before us: a marker written just before a crash.
            logger.info("a marker was there already", partition=partition.name, id=transaction.transactional_id)
        return partition
