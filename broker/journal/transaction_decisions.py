"""What becomes of transactional ids, and who is shut out by whom: an id is looked at before an operation and after."""

from collections.abc import Callable, Iterable
from typing import Any

from ...protocol.errors import ErrorCode, KafkaError
from ..coordination.result import Operation
from ..coordination.transactions.states import TxnState
from ..coordination.transactions.transaction import TopicPartition, Transaction
from ..runtime import Clock
from .entries import JournalRequest
from .journal import Journal

MOST_NAMED = 10  # partitions that one line names
_FENCED = (ErrorCode.PRODUCER_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.INVALID_PRODUCER_ID_MAPPING)

FindTransaction = Callable[[str], Transaction | None]


class TransactionDecisions:
    """Watches the operations of the transaction coordinator."""

    def __init__(self, journal: Journal, find: FindTransaction, clock: Clock) -> None:
        self._journal = journal
        self._find = find
        self._clock = clock

    def asked(self, operation: Operation[Any]) -> None:
        """A request has asked for it."""
        operation.cause = self._journal.cause

    def watch(self, operation: Operation[Any]) -> Callable[[Exception | None], None]:
        """It is about to be done; to be called after each change, and when it is refused."""
        before = self._find(operation.key)

        def seen(failure: Exception | None) -> None:
            nonlocal before
            before = self._note(operation, before, failure)

        return seen

    def _note(
        self, operation: Operation[Any], before: Transaction | None, failure: Exception | None
    ) -> Transaction | None:
        """What it looks like now."""
        cause = operation.cause if isinstance(operation.cause, JournalRequest) else None
        by = cause.title if cause is not None else operation.name
        name, after = operation.key, self._find(operation.key)
        if failure is not None:
            self._note_refused(name, by, cause, after, failure)
        elif after is None:
            if before is not None:
                self._journal.decide("transaction", name, "forgotten: unused for transactional.id.expiration.ms", cause)
        elif after != before:
            what, is_fencing = self._changed(operation.name, by, before, after, cause)
            fenced = (before.producer_id, before.producer_epoch) if before is not None and is_fencing else None
            self._journal.decide("transaction", name, what, cause, fenced=fenced)
        return after

    def _note_refused(
        self, name: str, by: str, cause: JournalRequest | None, held: Transaction | None, failure: Exception
    ) -> None:
        code = failure.code.name if isinstance(failure, KafkaError) else "UNKNOWN_SERVER_ERROR"
        why = f"{by} refused, {code}"
        if held is not None:
            why += f": the id is {held.state.title} with {producer_name(held)}"
        fencing = None if cause is None else self._journal.find_fencing(name, _epoch_of(cause))
        if fencing is not None and isinstance(failure, KafkaError) and failure.code in _FENCED:
            why += f"; fenced by #{fencing.number}: {fencing.what}"
        self._journal.decide("transaction", name, why, cause)

    def _changed(
        self, name: str, by: str, before: Transaction | None, after: Transaction, cause: JournalRequest | None
    ) -> tuple[str, bool]:
        """What has happened to an id, and whether that fences a producer."""
        if before is None:
            return f"{by}: {producer_name(after)}, the first one of this id", False
        if name in ("timeout", "InitProducerId") and before.state is TxnState.ONGOING:
            open_ms = self._clock.now_ms() - before.start_ms
            why = (
                f"open for {open_ms} ms, longer than its transaction.timeout.ms of {before.timeout_ms}"
                if name == "timeout"
                else f"{by} begins a new session"
            )
            return f"{why}: {producer_name(before)} is fenced, its transaction in {_at(before)} aborted", True
        if name == "InitProducerId" and cause is not None and "producerId" in cause.request:
            return f"{by} raises its own epoch: {producer_name(after)}, after {producer_name(before)}", True
        if name == "InitProducerId":
            return f"{by} begins a new session: {producer_name(after)}; {producer_name(before)} is fenced", True
        if after.state is TxnState.ONGOING:
            if before.state is TxnState.ONGOING:
                return f"{by} takes in {partition_names(after.partitions - before.partitions)}", False
            return f"begins with {by}: {producer_name(after)} in {_at(after)}", False
        if after.state.is_prepared:
            end = "commit" if after.state is TxnState.PREPARE_COMMIT else "abort"
            return f"{end} decided by {by}, of {producer_name(before)} in {_at(before)}", False
        return f"{after.state.title}: every marker is written; the next is {producer_name(after)}", False


def _epoch_of(cause: JournalRequest) -> int:
    """The producer epoch that a request names: 0 is a default, and not taken down."""
    epoch = cause.request.get("producerEpoch", cause.request.get("v3AndBelowProducerEpoch", 0))
    return epoch if isinstance(epoch, int) else 0


def producer_name(transaction: Transaction) -> str:
    """The producer that an id has."""
    return f"producer {transaction.producer_id} epoch {transaction.producer_epoch}"


def partition_names(partitions: Iterable[TopicPartition]) -> str:
    """Partitions in their order."""
    names = [f"{topic}-{index}" for topic, index in sorted(partitions)]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (", ".join(names[:MOST_NAMED]) or "no partition") + more


def _at(transaction: Transaction) -> str:
    return partition_names(transaction.partitions)
