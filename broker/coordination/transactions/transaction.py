"""Transaction: all that is known of one transactional id, and the record it is stored as."""

from collections.abc import Iterable
from typing import NamedTuple, TypedDict, Unpack

from ....protocol.state_records import (
    PartitionsSchema,
    TransactionLogKey,
    TransactionLogValue,
    decode_transaction_record,
    encode_key,
    encode_value,
)
from ....protocol.wire import CorruptFrame
from .states import NEVER_STORED, TxnState

TopicPartition = tuple[str, int]

NONE = -1
# The last epoch a producer is ever given; one more is kept for the markers that end its last transaction.
LAST_EPOCH = 32766


class Changes(TypedDict, total=False):
    """What a move may change besides."""

    producer_id: int
    producer_epoch: int
    timeout_ms: int
    state: TxnState
    partitions: frozenset[TopicPartition]
    start_ms: int
    next_producer_id: int
    last_producer_epoch: int
    client_version: int


class Transaction(NamedTuple):
    """One transactional id after a transition. Times are wall milliseconds, -1 for none.

    `last_producer_epoch` is the epoch before the last bump that the producer itself asked for: it recognises a
    repeated request (KIP-360). Like Kafka's it lives in memory only.
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    timeout_ms: int
    state: TxnState = TxnState.EMPTY
    partitions: frozenset[TopicPartition] = frozenset()
    start_ms: int = NONE
    last_update_ms: int = NONE
    previous_producer_id: int = NONE
    next_producer_id: int = NONE
    last_producer_epoch: int = NONE
    client_version: int = 0

    @property
    def is_epoch_exhausted(self) -> bool:
        """Whether the next bump needs a new producer id."""
        return self.producer_epoch >= LAST_EPOCH

    @property
    def epoch_of_markers(self) -> int:
        """The next epoch, which a marker may have where a producer may not; one from elsewhere may be in it already."""
        return min(self.producer_epoch, LAST_EPOCH) + 1

    def deadline_ms(self) -> int:
        """When an ongoing transaction has taken too long."""
        return self.start_ms + self.timeout_ms

    def moved(self, now_ms: int, **changes: Unpack[Changes]) -> "Transaction":
        """The state after a move: the id of before is remembered for one move only, so that one retry finds it."""
        return self._replace(last_update_ms=now_ms, previous_producer_id=self.producer_id, **changes)

    def completed(self, now_ms: int) -> "Transaction":
        """The state after a prepared one."""
        state = TxnState.COMPLETE_COMMIT if self.state is TxnState.PREPARE_COMMIT else TxnState.COMPLETE_ABORT
        done = self.moved(now_ms, state=state, partitions=frozenset())
        if self.next_producer_id == NONE:
            return done
        return done._replace(producer_id=self.next_producer_id, producer_epoch=0, next_producer_id=NONE)

    @property
    def producer_after_end(self) -> tuple[int, int]:
        """Id and epoch of the producer once this prepared state is completed."""
        return (self.producer_id, self.producer_epoch) if self.next_producer_id == NONE else (self.next_producer_id, 0)


def encode_transaction(transaction: Transaction, *, is_flexible: bool) -> tuple[bytes, bytes]:
    """Key and value; version 1 carries the tagged fields that transaction.version 1 brought."""
    value = TransactionLogValue(
        producer_id=transaction.producer_id,
        previous_producer_id=transaction.previous_producer_id,
        next_producer_id=transaction.next_producer_id,
        producer_epoch=transaction.producer_epoch,
        transaction_timeout_ms=transaction.timeout_ms,
        transaction_status=transaction.state,
        # Null where nothing ever was, empty where it is over: as Kafka writes it.
        transaction_partitions=None if transaction.state is TxnState.EMPTY else _grouped(transaction.partitions),
        transaction_last_update_timestamp_ms=transaction.last_update_ms,
        transaction_start_timestamp_ms=transaction.start_ms,
        client_transaction_version=transaction.client_version,
    )
    return encode_id(transaction.transactional_id), encode_value(value, 1 if is_flexible else 0)


def encode_id(transactional_id: str) -> bytes:
    """The key of an id's records; with a null value it is the tombstone of an expired id."""
    return encode_key(TransactionLogKey(transactional_id=transactional_id))


def decode_transaction(key: bytes, value: bytes | None) -> tuple[str, Transaction | None] | None:
    """An id and its state, None for a tombstone; nothing at all for a kind of record that is not ours. CorruptFrame."""
    found = decode_transaction_record(key, value)
    if found is None:
        return None
    stored_key, stored = found
    transactional_id = stored_key.transactional_id
    if stored is None:
        return transactional_id, None
    try:
        state = TxnState(stored.transaction_status)
    except ValueError as error:
        raise CorruptFrame(str(error)) from error
    if state in NEVER_STORED:
        raise CorruptFrame(f"a transaction that is {state.title}")
    return transactional_id, Transaction(
        transactional_id=transactional_id,
        producer_id=stored.producer_id,
        producer_epoch=stored.producer_epoch,
        timeout_ms=stored.transaction_timeout_ms,
        state=state,
        partitions=frozenset(
            (topic.topic, index) for topic in stored.transaction_partitions or () for index in topic.partition_ids
        ),
        start_ms=stored.transaction_start_timestamp_ms,
        last_update_ms=stored.transaction_last_update_timestamp_ms,
        previous_producer_id=stored.previous_producer_id,
        next_producer_id=stored.next_producer_id,
        client_version=stored.client_transaction_version,
    )


def _grouped(partitions: Iterable[TopicPartition]) -> list[PartitionsSchema]:
    by_topic: dict[str, list[int]] = {}
    for topic, index in sorted(partitions):
        by_topic.setdefault(topic, []).append(index)
    return [PartitionsSchema(topic=topic, partition_ids=indexes) for topic, indexes in by_topic.items()]
