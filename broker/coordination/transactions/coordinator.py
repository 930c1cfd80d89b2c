"""The transaction coordinator: what each request does to a transactional id, decided without a clock or a file.

Every method returns the id's next state, as the record to be logged, and the answer, or raises KafkaError and changes
nothing. State moves only in `replay`. A state that is prepared obliges the service to have the markers written and then
to ask for `complete`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ....protocol.errors import ErrorCode, KafkaError
from ..coordinator_partition import partition_for
from ..result import CoordinatorResult, ResponseFuture
from ..timers import Deadlines
from .given_epochs import GivenEpochs
from .producer_identity import NO_PRODUCER, ProducerIdAndEpoch, is_retry_of_end, may_be, producer_of
from .states import TxnState, check_transition
from .transaction import (
    NONE,
    Changes,
    TopicPartition,
    Transaction,
    decode_transaction,
    encode_id,
    encode_transaction,
)
from .transaction_config import TransactionConfig

# The versions of the transaction protocol a client can speak (KIP-890): from 2 on every end bumps the epoch.
V1 = 0
V2 = 2

FLEXIBLE_FROM_LEVEL = 1  # transaction.version: the level from which the state of V2 can be stored

IDLE = (TxnState.EMPTY, TxnState.COMPLETE_COMMIT, TxnState.COMPLETE_ABORT)


@dataclass(slots=True)
class TransactionResponse:
    """What the producer is answered, and the state that its id moves to: None where nothing changes."""

    transaction: Transaction | None
    producer: ProducerIdAndEpoch
    error: ErrorCode = ErrorCode.NONE


Result = CoordinatorResult[TransactionResponse]


class TransactionCoordinator:
    """Every transactional id of the broker."""

    def __init__(
        self,
        config: TransactionConfig,
        new_producer_id: Callable[[], int],
        feature_level: Callable[[], int],
        given_epochs: GivenEpochs | None = None,
    ) -> None:
        self._config = config
        self._given = given_epochs or GivenEpochs()
        self._new_producer_id = new_producer_id
        self._feature_level = feature_level
        self._by_id: dict[str, Transaction] = {}
        self._ongoing: Deadlines[str] = Deadlines()  # in wall milliseconds
        self._open_by_producer: dict[int, str] = {}

    def __iter__(self) -> Iterator[Transaction]:
        return iter(list(self._by_id.values()))

    def find(self, transactional_id: str) -> Transaction | None:
        """The state of an id."""
        return self._by_id.get(transactional_id)

    def partition_of(self, transactional_id: str) -> int:
        """The partition of `__transaction_state` that keeps this id."""
        return partition_for(transactional_id, self._config.state_topic_partitions)

    def may_take_producer_id(self, transactional_id: str) -> bool:
        """Whether the next move of this id may need a new producer id."""
        held = self._by_id.get(transactional_id)
        return held is None or self._given.is_exhausted(held)

    def check_v2(self) -> None:
        """UNSUPPORTED_VERSION where the feature is off: the state of V2 could not be stored."""
        if self._feature_level() < FLEXIBLE_FROM_LEVEL:
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)

    # Requests

    def init_producer_id(
        self, transactional_id: str, timeout_ms: int, expected: ProducerIdAndEpoch | None, now_ms: int
    ) -> Result:
        """A new session of an id: the next epoch, the older sessions fenced, their transaction aborted.

        `expected` is who the producer believes to be (KIP-360). While an old transaction is being ended the answer
        is CONCURRENT_TRANSACTIONS, and the client asks again.
        """
        if not transactional_id:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        if not 0 < timeout_ms <= self._config.max_timeout_ms:
            raise KafkaError(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
        held = self._by_id.get(transactional_id)
        if held is None:
            producer_id = self._new_producer_id()
            fresh = Transaction(
                transactional_id, producer_id, 0, timeout_ms, last_update_ms=now_ms, previous_producer_id=producer_id
            )
            return self._log(fresh)
        if expected is not None and not may_be(expected, held):
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state.is_prepared:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        if held.state is TxnState.ONGOING:
            return self._log(self._forced_abort(held, now_ms), NO_PRODUCER, ErrorCode.CONCURRENT_TRANSACTIONS)
        return self._next_session(held, timeout_ms, expected, now_ms)

    def _next_session(
        self, held: Transaction, timeout_ms: int, expected: ProducerIdAndEpoch | None, now_ms: int
    ) -> Result:
        fresh = held.moved(now_ms, state=TxnState.EMPTY, timeout_ms=timeout_ms, partitions=frozenset(), start_ms=NONE)
        epoch = held.producer_epoch
        if self._given.is_exhausted(held) and (expected is None or expected.producer_epoch == epoch):
            last = NONE if expected is None else epoch
            producer_id = self._new_producer_id()
            return self._log(fresh._replace(producer_id=producer_id, producer_epoch=0, last_producer_epoch=last))
        if expected is None:
            return self._log(fresh._replace(producer_epoch=epoch + 1, last_producer_epoch=NONE))
        if expected.producer_epoch == epoch:
            return self._log(fresh._replace(producer_epoch=epoch + 1, last_producer_epoch=epoch))
        if expected.producer_epoch == held.last_producer_epoch:
            # The answer to this very request was lost: it gets it again.
            return self._log(fresh)
        raise KafkaError(ErrorCode.PRODUCER_FENCED)

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: Iterable[TopicPartition],
        client_version: int,
        now_ms: int,
    ) -> Result:
        """Partitions take part in the producer's transaction, which begins with the first of them."""
        held = self._held(transactional_id, producer.producer_id)
        # A transaction that is being ended comes before the epoch: its bump must not look like fencing (KAFKA-18464).
        if held.state.is_prepared:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        if held.producer_epoch != producer.producer_epoch:
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        added = frozenset(partitions)
        if held.state is TxnState.ONGOING and added <= held.partitions:
            return _unchanged(producer)
        if held.state is TxnState.ONGOING:
            return self._log(held.moved(now_ms, partitions=held.partitions | added, client_version=client_version))
        return self._log(
            held.moved(now_ms, state=TxnState.ONGOING, partitions=added, start_ms=now_ms, client_version=client_version)
        )

    def check_partition(self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition) -> None:
        """Whether a write to this partition belongs to the producer's transaction (KIP-890 part 1).

        INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, or TRANSACTION_ABORTABLE for a partition
        that was never added.
        """
        held = self._held(transactional_id, producer.producer_id)
        if held.producer_epoch != producer.producer_epoch:
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state.is_prepared:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        if held.state is not TxnState.ONGOING or partition not in held.partitions:
            raise KafkaError(ErrorCode.TRANSACTION_ABORTABLE)

    def end(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        *,
        is_commit: bool,
        client_version: int,
        now_ms: int,
    ) -> Result:
        """Commit or abort. V1 keeps the epoch; V2 bumps it with every end and answers who the producer is now."""
        if client_version >= V2:
            self.check_v2()
        held = self._held(transactional_id, producer.producer_id, may_be_previous=client_version >= V2)
        if client_version >= V2:
            return self._end_v2(held, producer, is_commit=is_commit, now_ms=now_ms)
        if held.producer_epoch != producer.producer_epoch:
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state is TxnState.ONGOING:
            state = TxnState.PREPARE_COMMIT if is_commit else TxnState.PREPARE_ABORT
            return self._log(held.moved(now_ms, state=state, client_version=client_version))
        return _repeated_end(held, producer, is_commit=is_commit)

    def _end_v2(self, held: Transaction, producer: ProducerIdAndEpoch, *, is_commit: bool, now_ms: int) -> Result:
        is_retry = is_retry_of_end(producer, held)
        if held.state.is_prepared:
            if not is_retry:
                raise KafkaError(ErrorCode.PRODUCER_FENCED)
            return _repeated_end(held, producer, is_commit=is_commit)
        if is_retry:
            if held.state not in (TxnState.COMPLETE_COMMIT, TxnState.COMPLETE_ABORT):
                raise KafkaError(ErrorCode.PRODUCER_FENCED)
            return _repeated_end(held, producer_of(held), is_commit=is_commit)
        if producer != (held.producer_id, held.producer_epoch):
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state is not TxnState.ONGOING and is_commit:
            raise KafkaError(ErrorCode.INVALID_TXN_STATE)
        # An abort of nothing is an end too: the client cannot know whether a write of its own ever arrived.
        state = TxnState.PREPARE_COMMIT if is_commit else TxnState.PREPARE_ABORT
        changes = self._bump(held, state)
        if held.state is not TxnState.ONGOING:
            changes.update({"partitions": frozenset(), "start_ms": now_ms})
        ended = held.moved(now_ms, **changes)
        return self._log(ended, ProducerIdAndEpoch(*ended.producer_after_end))

    def complete(self, transactional_id: str, now_ms: int) -> Result:
        """Every marker is written: the transaction is over."""
        return self._log(self._by_id[transactional_id].completed(now_ms))

    # Time

    def overdue(self, now_ms: int) -> list[str]:
        """The ids whose transaction has taken longer than its timeout."""
        found = list(iter(lambda: self._ongoing.pop_due(now_ms - 1), None))
        for transactional_id in found:  # an abort may be refused: the next round looks at it again
            self._ongoing.set(transactional_id, self._by_id[transactional_id].deadline_ms())
        return found

    def is_overdue(self, transactional_id: str, now_ms: int) -> bool:
        """Whether the transaction of this id is one of them."""
        held = self._by_id.get(transactional_id)
        return held is not None and held.state is TxnState.ONGOING and held.deadline_ms() < now_ms

    def time_out(self, transactional_id: str, now_ms: int) -> Result:
        """The abort of an overdue transaction."""
        return self._log(self._forced_abort(self._by_id[transactional_id], now_ms))

    def ids(self) -> list[str]:
        """All transactional ids."""
        return list(self._by_id)

    def is_expired(self, transactional_id: str, now_ms: int) -> bool:
        """Whether an id has been unused for `transactional.id.expiration.ms`."""
        held = self._by_id.get(transactional_id)
        return held is not None and held.state in IDLE and held.last_update_ms + self._config.id_expiration_ms <= now_ms

    def expire(self, transactional_id: str, now_ms: int) -> Result:
        """The tombstone of an id that has expired, and still has; what cannot be logged is left to the next sweep."""
        if not self.is_expired(transactional_id, now_ms):
            return CoordinatorResult()
        return CoordinatorResult(records=[(encode_id(transactional_id), None)])

    def has_ongoing(self) -> bool:
        """Whether any transaction may become overdue."""
        return len(self._ongoing) > 0

    def has_open(self, producer: ProducerIdAndEpoch, partition: TopicPartition) -> bool:
        """Whether what this producer wrote to a partition, under this epoch, belongs to a transaction yet to be ended.

        The decision may have raised the epoch by one already.
        """
        held = self._by_id.get(self._open_by_producer.get(producer.producer_id, ""))
        return (
            held is not None
            and held.producer_id == producer.producer_id
            and held.producer_epoch in (producer.producer_epoch, producer.producer_epoch + held.state.is_prepared)
            and partition in held.partitions
            and (held.state is TxnState.ONGOING or held.state.is_prepared)
        )

    def prepared(self) -> list[Transaction]:
        """The transactions whose end is decided and not yet complete: after a restart they are finished first."""
        return [held for held in self._by_id.values() if held.state.is_prepared]

    # The log

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        """Take over one record; compaction may have dropped the ones before. CorruptFrame."""
        found = decode_transaction(key, value)
        if found is None:
            return
        transactional_id, transaction = found
        if transaction is None:
            self._drop(transactional_id)
        else:
            self._keep(transaction)

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """Nothing of this log is written in transactions."""

    def unload(self, partition: int) -> Collection[ResponseFuture[Any]]:
        """Drop what was replayed of a partition, where no request waits."""
        for transactional_id in [name for name in self._by_id if self.partition_of(name) == partition]:
            self._drop(transactional_id)
        return ()

    def _log(
        self, transaction: Transaction, producer: ProducerIdAndEpoch | None = None, error: ErrorCode = ErrorCode.NONE
    ) -> Result:
        """The move to this state: its record, and who the producer is answered to be."""
        held = self._by_id.get(transaction.transactional_id)
        if held is not None:
            check_transition(held.state, transaction.state)
        is_flexible = self._feature_level() >= FLEXIBLE_FROM_LEVEL
        return CoordinatorResult(
            records=[encode_transaction(transaction, is_flexible=is_flexible)],
            response=TransactionResponse(transaction, producer or producer_of(transaction), error),
            # The record has no room for all of it: version 0 none for the tagged fields, none for what lives in memory.
            replay=lambda log_offset: self._keep(transaction),
        )

    def _keep(self, transaction: Transaction) -> None:
        name = transaction.transactional_id
        self._by_id[name] = transaction
        self._given.note(transaction)
        if transaction.state is TxnState.ONGOING:
            self._ongoing.set(name, transaction.deadline_ms())
            self._open_by_producer[transaction.producer_id] = name
        elif transaction.state.is_prepared:
            self._ongoing.cancel(name)
            self._open_by_producer[transaction.producer_id] = name
        else:
            self._drop_open(name, transaction.previous_producer_id)
            self._drop_open(name, transaction.producer_id)

    def _drop(self, transactional_id: str) -> None:
        held = self._by_id.pop(transactional_id, None)
        if held is not None:
            self._drop_open(transactional_id, held.producer_id)

    def _drop_open(self, transactional_id: str, producer_id: int) -> None:
        self._ongoing.cancel(transactional_id)
        if self._open_by_producer.get(producer_id) == transactional_id:
            del self._open_by_producer[producer_id]

    # Shared

    def _held(self, transactional_id: str, producer_id: int, *, may_be_previous: bool = False) -> Transaction:
        if not transactional_id:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        held = self._by_id.get(transactional_id)
        if held is None or not (
            held.producer_id == producer_id
            or (may_be_previous and producer_id != NONE and held.previous_producer_id == producer_id)
        ):
            raise KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        return held

    def _forced_abort(self, held: Transaction, now_ms: int) -> Transaction:
        """The abort that a new session or a timeout forces upon a transaction, with the next epoch.

        Under V1 the producer is fenced for good. Under V2 it looks like an abort that the producer asked for: the
        same producer may ask for its next epoch and go on (KAFKA-19367); another session bumps it once more.
        """
        if self._feature_level() >= V2:
            return held.moved(now_ms, **self._bump(held, TxnState.PREPARE_ABORT))
        return held.moved(
            now_ms,
            state=TxnState.PREPARE_ABORT,
            producer_epoch=held.epoch_of_markers,
            last_producer_epoch=NONE,
            client_version=V1,
        )

    def _bump(self, held: Transaction, state: TxnState) -> Changes:
        """An end of V2: the next epoch for the markers; from the last one on, the producer goes on under a new id."""
        epoch = held.producer_epoch
        return {
            "state": state,
            "client_version": V2,
            "producer_epoch": held.epoch_of_markers,
            "last_producer_epoch": epoch,
            "next_producer_id": self._new_producer_id() if self._given.is_exhausted(held) else NONE,
        }


def refused(error: ErrorCode) -> TransactionResponse:
    """Nothing but an error."""
    return TransactionResponse(None, NO_PRODUCER, error)


def _unchanged(producer: ProducerIdAndEpoch) -> Result:
    return CoordinatorResult(response=TransactionResponse(None, producer))


def _repeated_end(held: Transaction, producer: ProducerIdAndEpoch, *, is_commit: bool) -> Result:
    """The end of a transaction that is ended: the same end is answered as before, the other one refused."""
    same = (
        (TxnState.PREPARE_COMMIT, TxnState.COMPLETE_COMMIT)
        if is_commit
        else (TxnState.PREPARE_ABORT, TxnState.COMPLETE_ABORT)
    )
    if held.state not in same:
        raise KafkaError(ErrorCode.INVALID_TXN_STATE)
    if held.state.is_prepared:
        raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
    return _unchanged(producer)
