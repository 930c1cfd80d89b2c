"""Whether a transactional write may be appended: it must belong to an open transaction of its producer (KIP-890).

Otherwise a write that was delayed beyond its transaction's end would open one that is never ended, and hold back
every read_committed consumer of the partition.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ....protocol.errors import ErrorCode, KafkaError
from ...topics.explained_refusal import ExplainedRefusal
from ...topics.partition import Partition
from .producer_identity import ProducerIdAndEpoch
from .service import TransactionCoordinatorService

# A coordinator that does not know yet: clients retry this without looking for another leader.
_UNKNOWN_YET = frozenset(
    {
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
    }
)


# Refusals of a producer that the coordinator knows, in its present epoch.
_RETRIED = frozenset({ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.TRANSACTION_ABORTABLE})


class ClientTxnVersion(NamedTuple):
    """The client's protocol, by the version of its write."""

    speaks_v2: bool  # the write adds its partition by itself
    knows_abortable: bool  # TRANSACTION_ABORTABLE means something to it


class TransactionalWrite(NamedTuple):
    """A write of a transaction to a partition of this broker; its coordinator may be another one.

    `is_verified` is transaction.partition.verification.enable.
    """

    transactional_id: str
    producer: ProducerIdAndEpoch
    partition: Partition
    base_sequence: int
    client: ClientTxnVersion
    is_verified: bool

    @property
    def is_to_be_checked(self) -> bool:
        """Whether the coordinator is to be asked: not of what has written here since the last marker. KafkaError."""
        if self.partition.has_open_transaction(*self.producer):
            return False
        return self.client.speaks_v2 or self.is_verified


def check_transactional_write(transactions: TransactionCoordinatorService, write: TransactionalWrite) -> None:
    """Let a write to a broker alone pass, and under V2 add its partition. KafkaError, in Produce's words."""
    if not write.is_to_be_checked:
        return
    partition, producer, client = write.partition, write.producer, write.client
    at = (partition.topic, partition.index)
    try:
        if client.speaks_v2:
            transactions.add_partition(write.transactional_id, producer, at)
        else:
            transactions.check_partition(write.transactional_id, producer, at)
    except KafkaError as error:
        if error.code in _RETRIED:
            # It may be sent again; what was sent after it must not come before it where nothing else keeps order.
            partition.log.note_tentative_sequence(*producer, write.base_sequence)
        raise in_words_of_produce(error, client) from error


class WriteCheck:
    """What the coordinator has said of a write. A marker of its producer that comes before the write undoes it.

    The write may have been sent before the transaction ended that the coordinator has spoken of.
    """

    def __init__(self, write: TransactionalWrite) -> None:
        """The coordinator is about to be asked."""
        self.write = write
        self.error = ErrorCode.NONE
        self.is_undone = False
        self._leader_epoch = write.partition.leader_epoch

    def note_marker(self, partition: Partition, producer_id: int) -> None:
        """A transaction of this producer has ended in a partition."""
        if partition is self.write.partition and producer_id == self.write.producer.producer_id:
            self.is_undone = True

    def check_passed(self) -> None:
        """KafkaError, in the words of the coordinator, where the write may not be appended as things are by now."""
        partition, producer = self.write.partition, self.write.producer
        partition.check_leader()
        if partition.leader_epoch != self._leader_epoch:
            raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
        if self.error in _RETRIED:
            partition.log.note_tentative_sequence(*producer, self.write.base_sequence)
        if self.error is not ErrorCode.NONE:
            raise KafkaError(self.error)
        if self.is_undone:
            raise KafkaError(ErrorCode.INVALID_TXN_STATE)


class TransactionChecks(Protocol):
    """Asks the coordinator of a transaction, which any of several brokers may be."""

    def begin(self, write: TransactionalWrite, then: Callable[[WriteCheck], None], *, may_retry: bool) -> None:
        """Have the coordinator look at a write to this broker, and under V2 add its partition; `then` hears of it.

        With `may_retry` a coordinator that is about to end the transaction before is asked again for a while.
        """
        ...


def in_words_of_produce(error: KafkaError, client: ClientTxnVersion) -> KafkaError:
    """What Produce answers where the coordinator refuses a write."""
    if error.code == ErrorCode.PRODUCER_FENCED:
        return KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH)  # it has no newer error for it
    if error.code == ErrorCode.TRANSACTION_ABORTABLE and not client.knows_abortable:
        return ExplainedRefusal(ErrorCode.INVALID_TXN_STATE, "Partition was not added to the transaction")
    is_v1_conflict = error.code == ErrorCode.CONCURRENT_TRANSACTIONS and not client.speaks_v2
    if error.code in _UNKNOWN_YET or is_v1_conflict:
        return ExplainedRefusal(
            ErrorCode.NOT_ENOUGH_REPLICAS,
            f"Unable to verify the partition has been added to the transaction. Underlying error: {error.code.name}",
        )
    return error


def in_words_of_offset_commit(error: KafkaError, client: ClientTxnVersion) -> KafkaError:
    """What TxnOffsetCommit answers where another broker refuses it: the words of that, with few exceptions."""
    if error.code == ErrorCode.PRODUCER_FENCED:
        return KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH)
    if error.code == ErrorCode.TRANSACTION_ABORTABLE and not client.knows_abortable:
        return KafkaError(ErrorCode.INVALID_TXN_STATE)
    if error.code == ErrorCode.NETWORK_EXCEPTION:  # older clients do not know that it may be tried again
        return KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    return error
