"""Whether a transactional batch may be appended: it must belong to an open transaction of its producer (KIP-890).

Otherwise a write that was delayed beyond its transaction's end would open one that nobody ever ends, and hold back
every read_committed consumer of the partition.
"""

from ....protocol.batch import RecordBatch
from ....protocol.errors import ErrorCode, KafkaError
from ...partition import Partition
from .coordinator import ProducerIdAndEpoch
from .runner import TransactionRunner

V2_FROM_PRODUCE = 12
ABORTABLE_FROM_PRODUCE = 11

# A coordinator that cannot say yet: clients retry this without looking for another leader.
_CANNOT_SAY = frozenset(
    {
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
    }
)


def check_transactional_write(
    transactions: TransactionRunner,
    transactional_id: str,
    batch: RecordBatch,
    partition: Partition,
    version: int,
    *,
    is_verified: bool,
) -> None:
    """Let a batch of a Produce of this version pass, adding its partition under V2; KafkaError if it may not.

    `is_verified` is transaction.partition.verification.enable.
    """
    producer = ProducerIdAndEpoch(batch.producer_id, batch.producer_epoch)
    if partition.has_open_transaction(*producer):
        return
    at = (partition.topic, partition.index)
    try:
        if version >= V2_FROM_PRODUCE:
            transactions.take_part(transactional_id, producer, at)
        elif is_verified:
            transactions.check_partition(transactional_id, producer, at)
    except KafkaError as error:
        raise _as_produce_says(error, version) from error


def _as_produce_says(error: KafkaError, version: int) -> KafkaError:
    if error.code == ErrorCode.PRODUCER_FENCED:
        return KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH)  # Produce never learned the newer code
    if error.code == ErrorCode.TRANSACTION_ABORTABLE and version < ABORTABLE_FROM_PRODUCE:
        return KafkaError(ErrorCode.INVALID_TXN_STATE, "Partition was not added to the transaction")
    is_v1_conflict = error.code == ErrorCode.CONCURRENT_TRANSACTIONS and version < V2_FROM_PRODUCE
    if error.code in _CANNOT_SAY or is_v1_conflict:
        return KafkaError(
            ErrorCode.NOT_ENOUGH_REPLICAS,
            f"Unable to verify the partition has been added to the transaction. Underlying error: {error.code.name}",
        )
    return error
