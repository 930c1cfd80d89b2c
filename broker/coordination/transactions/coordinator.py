"""The transaction coordinator: what each request does to a transactional id, decided without a clock or a file.

Every method returns a Step (the id's next state, to be logged and then replayed) and an answer, or raises KafkaError
and changes nothing. State moves only in `replay` and `forget`. A state that is prepared obliges the shell to write
markers and then ask for `complete`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from ....protocol.errors import ErrorCode, KafkaError
from .states import TRANSITIONS, TxnState
from .transaction import LAST_EPOCH, NONE, TopicPartition, Transaction

# The versions of the transaction protocol a client can speak (KIP-890): from 2 on every end bumps the epoch.
V1 = 0
V2 = 2

IDLE = (TxnState.EMPTY, TxnState.COMPLETE_COMMIT, TxnState.COMPLETE_ABORT)


class ProducerIdAndEpoch(NamedTuple):
    """Who a producer is."""

    producer_id: int
    producer_epoch: int


@dataclass(frozen=True, slots=True)
class Step:
    """The next state of an id, or None where nothing changes; and what the producer is told."""

    transaction: Transaction | None
    producer: ProducerIdAndEpoch
    error: ErrorCode = ErrorCode.NONE


@dataclass(frozen=True, slots=True)
class TransactionConfig:
    """The part of the broker's configuration that rules transactions; times in milliseconds."""

    max_timeout_ms: int = 900_000  # transaction.max.timeout.ms
    id_expiration_ms: int = 604_800_000  # transactional.id.expiration.ms


class TransactionCoordinator:
    """Every transactional id of the broker."""

    def __init__(
        self, settings: TransactionConfig, new_producer_id: Callable[[], int], feature_level: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._new_producer_id = new_producer_id
        self._feature_level = feature_level
        self._by_id: dict[str, Transaction] = {}
        self._ongoing: set[str] = set()

    def __iter__(self) -> Iterator[Transaction]:
        return iter(list(self._by_id.values()))

    def find(self, transactional_id: str) -> Transaction | None:
        """The state of an id."""
        return self._by_id.get(transactional_id)

    # Requests

    def init_producer_id(
        self, transactional_id: str, timeout_ms: int, expected: ProducerIdAndEpoch | None, now_ms: int
    ) -> Step:
        """A new session of an id: the next epoch, the older sessions fenced, their transaction aborted.

        `expected` is who the producer believes to be (KIP-360). While an old transaction is being ended the answer
        is CONCURRENT_TRANSACTIONS, and the client asks again.
        """
        if not transactional_id:
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        if not 0 < timeout_ms <= self._settings.max_timeout_ms:
            raise KafkaError(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
        held = self._by_id.get(transactional_id)
        if held is None:
            producer_id = self._new_producer_id()
            return _step(
                Transaction(
                    transactional_id,
                    producer_id,
                    0,
                    timeout_ms,
                    last_update_ms=now_ms,
                    previous_producer_id=producer_id,
                )
            )
        if expected is not None and not _may_be(expected, held):
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state.is_prepared:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        if held.state is TxnState.ONGOING:
            fenced = self._forced_abort(held, now_ms)
            return Step(fenced, ProducerIdAndEpoch(NONE, NONE), ErrorCode.CONCURRENT_TRANSACTIONS)
        return self._next_session(held, timeout_ms, expected, now_ms)

    def _next_session(
        self, held: Transaction, timeout_ms: int, expected: ProducerIdAndEpoch | None, now_ms: int
    ) -> Step:
        fresh = replace(
            _moved(held, now_ms),
            state=TxnState.EMPTY,
            timeout_ms=timeout_ms,
            partitions=frozenset(),
            start_ms=NONE,
        )
        epoch = held.producer_epoch
        if held.is_epoch_exhausted and (expected is None or expected.producer_epoch == epoch):
            last = NONE if expected is None else epoch
            producer_id = self._new_producer_id()
            return _step(replace(fresh, producer_id=producer_id, producer_epoch=0, last_producer_epoch=last))
        if expected is None:
            return _step(replace(fresh, producer_epoch=epoch + 1, last_producer_epoch=NONE))
        if expected.producer_epoch == epoch:
            return _step(replace(fresh, producer_epoch=epoch + 1, last_producer_epoch=epoch))
        if expected.producer_epoch == held.last_producer_epoch:
            # The answer to this very request was lost: it gets it again.
            return _step(fresh)
        raise KafkaError(ErrorCode.PRODUCER_FENCED)

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: Iterable[TopicPartition],
        client_version: int,
        now_ms: int,
    ) -> Step:
        """Partitions take part in the producer's transaction, which begins with the first of them."""
        held = self._held(transactional_id, producer.producer_id)
        # A transaction that is being ended comes before the epoch: its bump must not look like fencing (KAFKA-18464).
        if held.state.is_prepared:
            raise KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS)
        if held.producer_epoch != producer.producer_epoch:
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        added = frozenset(partitions)
        if held.state is TxnState.ONGOING:
            if added <= held.partitions:
                return Step(None, producer)
            grown = replace(_moved(held, now_ms), partitions=held.partitions | added)
            return _step(replace(grown, client_version=client_version))
        begun = replace(
            _moved(held, now_ms),
            state=TxnState.ONGOING,
            partitions=added,
            start_ms=now_ms,
            client_version=client_version,
        )
        return _step(begun)

    def check_partition(self, transactional_id: str, producer: ProducerIdAndEpoch, partition: TopicPartition) -> None:
        """Whether a write to this partition belongs to the producer's transaction (KIP-890 part 1).

        Raises 49, 51, 90, or TRANSACTION_ABORTABLE for a partition that was never added.
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
    ) -> Step:
        """Commit or abort. V1 keeps the epoch; V2 bumps it with every end and answers who the producer is now."""
        held = self._held(transactional_id, producer.producer_id, may_be_previous=client_version >= V2)
        if client_version >= V2:
            return self._end_v2(held, producer, is_commit=is_commit, now_ms=now_ms)
        if held.producer_epoch != producer.producer_epoch:
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state is TxnState.ONGOING:
            state = TxnState.PREPARE_COMMIT if is_commit else TxnState.PREPARE_ABORT
            return _step(replace(_moved(held, now_ms), state=state, client_version=client_version))
        return _repeated_end(held, producer, is_commit=is_commit)

    def _end_v2(self, held: Transaction, producer: ProducerIdAndEpoch, *, is_commit: bool, now_ms: int) -> Step:
        is_retry = _is_retry_of_end(producer, held)
        if held.state.is_prepared:
            if not is_retry:
                raise KafkaError(ErrorCode.PRODUCER_FENCED)
            return _repeated_end(held, producer, is_commit=is_commit)
        if is_retry:
            if held.state not in (TxnState.COMPLETE_COMMIT, TxnState.COMPLETE_ABORT):
                raise KafkaError(ErrorCode.PRODUCER_FENCED)
            now_is = ProducerIdAndEpoch(held.producer_id, held.producer_epoch)
            return _repeated_end(held, now_is, is_commit=is_commit)
        if producer != (held.producer_id, held.producer_epoch):
            raise KafkaError(ErrorCode.PRODUCER_FENCED)
        if held.state is not TxnState.ONGOING and is_commit:
            raise KafkaError(ErrorCode.INVALID_TXN_STATE)
        # An abort of nothing is an end too: the client cannot know whether a write of its own ever arrived.
        state = TxnState.PREPARE_COMMIT if is_commit else TxnState.PREPARE_ABORT
        ended = self._bumped(replace(_moved(held, now_ms), state=state, client_version=V2))
        if held.state is not TxnState.ONGOING:
            ended = replace(ended, partitions=frozenset(), start_ms=now_ms)
        after = _completed(ended, now_ms)
        return Step(ended, ProducerIdAndEpoch(after.producer_id, after.producer_epoch))

    def complete(self, transactional_id: str, now_ms: int) -> Step:
        """Every marker is written: the transaction is over."""
        held = self._by_id[transactional_id]
        return _step(_completed(held, now_ms))

    # Time

    def overdue(self, now_ms: int) -> list[str]:
        """The ids whose transaction has taken longer than its timeout."""
        return [
            held.transactional_id
            for held in map(self._by_id.__getitem__, sorted(self._ongoing))
            if held.deadline_ms() < now_ms
        ]

    def time_out(self, transactional_id: str, now_ms: int) -> Step:
        """The abort of an overdue transaction."""
        return _step(self._forced_abort(self._by_id[transactional_id], now_ms))

    def expired(self, now_ms: int) -> list[str]:
        """Ids that nobody has used for `transactional.id.expiration.ms`: each gets a tombstone, then `forget`."""
        return [
            held.transactional_id
            for held in self._by_id.values()
            if held.state in IDLE and held.last_update_ms + self._settings.id_expiration_ms <= now_ms
        ]

    def has_ongoing(self) -> bool:
        """Whether any transaction may become overdue."""
        return bool(self._ongoing)

    def has_open(self, producer: ProducerIdAndEpoch, partition: TopicPartition) -> bool:
        """Whether what this producer wrote to a partition, under this epoch, belongs to a transaction yet to be ended.

        The decision may have raised the epoch by one already.
        """
        return any(
            held.producer_id == producer.producer_id
            and held.producer_epoch in (producer.producer_epoch, producer.producer_epoch + held.state.is_prepared)
            and partition in held.partitions
            for held in self._by_id.values()
            if held.state is TxnState.ONGOING or held.state.is_prepared
        )

    def prepared(self) -> list[Transaction]:
        """The transactions whose end is decided and not yet complete: after a restart they are finished first."""
        return [held for held in self._by_id.values() if held.state.is_prepared]

    # Replay

    def replay(self, transaction: Transaction) -> None:
        """Take over a logged state. A move that the table does not know is a fault of ours, not of a client."""
        held = self._by_id.get(transaction.transactional_id)
        if held is not None and transaction.state not in TRANSITIONS[held.state]:
            raise AssertionError(f"{held.state.title} -> {transaction.state.title}: {held}")
        self.load(transaction)

    def load(self, transaction: Transaction) -> None:
        """Take over a stored state; compaction may have dropped the ones between."""
        self._by_id[transaction.transactional_id] = transaction
        if transaction.state is TxnState.ONGOING:
            self._ongoing.add(transaction.transactional_id)
        else:
            self._ongoing.discard(transaction.transactional_id)

    def forget(self, transactional_id: str) -> None:
        """An id has expired."""
        self._by_id.pop(transactional_id, None)
        self._ongoing.discard(transactional_id)

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
        prepared = replace(_moved(held, now_ms), state=TxnState.PREPARE_ABORT)
        if self._feature_level() >= V2:
            return self._bumped(replace(prepared, client_version=V2))
        return replace(prepared, producer_epoch=held.producer_epoch + 1, last_producer_epoch=NONE, client_version=V1)

    def _bumped(self, ended: Transaction) -> Transaction:
        """The next epoch for the markers; from the last one on, the producer goes on under a new id."""
        epoch = ended.producer_epoch
        next_id = self._new_producer_id() if ended.is_epoch_exhausted else NONE
        return replace(ended, producer_epoch=epoch + 1, last_producer_epoch=epoch, next_producer_id=next_id)


def _step(transaction: Transaction) -> Step:
    return Step(transaction, ProducerIdAndEpoch(transaction.producer_id, transaction.producer_epoch))


def _moved(held: Transaction, now_ms: int) -> Transaction:
    """What every move changes: the id of before is remembered for one move only, so that one retry finds it."""
    return replace(held, last_update_ms=now_ms, previous_producer_id=held.producer_id)


def _completed(held: Transaction, now_ms: int) -> Transaction:
    done = replace(
        _moved(held, now_ms),
        state=TxnState.COMPLETE_COMMIT if held.state is TxnState.PREPARE_COMMIT else TxnState.COMPLETE_ABORT,
        partitions=frozenset(),
    )
    if held.next_producer_id == NONE:
        return done
    return replace(done, producer_id=held.next_producer_id, producer_epoch=0, next_producer_id=NONE)


def _repeated_end(held: Transaction, producer: ProducerIdAndEpoch, *, is_commit: bool) -> Step:
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
    return Step(None, producer)


def _is_retry_of_end(producer: ProducerIdAndEpoch, held: Transaction) -> bool:
    """Whether this end was done before: one epoch back, or the last epoch of the id before this one."""
    if producer.producer_id == held.producer_id:
        return producer.producer_epoch == held.producer_epoch - 1
    return producer == (held.previous_producer_id, LAST_EPOCH) and held.producer_epoch == 0


def _may_be(expected: ProducerIdAndEpoch, held: Transaction) -> bool:
    """Whether a producer that says so can be the one we know: by its id, or by the id it had before."""
    if expected.producer_id == held.producer_id:
        return True
    return expected.producer_id == held.previous_producer_id and expected.producer_epoch >= LAST_EPOCH
