"""Whether a transactional write may be appended: it must belong to an open transaction of its producer (KIP-890).

Otherwise a write that was delayed beyond its transaction's end would open one that is never ended, and hold back
every read_committed consumer of the partition.
"""

from typing import NamedTuple

from ....protocol.errors import ErrorCode, KafkaError
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


class ExplainedRefusal(KafkaError):
    """A refusal whose reason is part of the answer, in Kafka's words."""


class ClientTxnVersion(NamedTuple):
    """The client's protocol, by the version of its write."""

    speaks_v2: bool  # the write adds its partition by itself
    knows_abortable: bool  # TRANSACTION_ABORTABLE means something to it


def check_transactional_write(
    transactions: TransactionCoordinatorService,
    transactional_id: str,
    producer: ProducerIdAndEpoch,
    partition: Partition,
    base_sequence: int,
    client: ClientTxnVersion,
    *,
    is_verified: bool = True,
) -> None:
    """Let a write to this partition pass, adding the partition under V2; KafkaError, in Produce's words, if it may not.

    `is_verified` is transaction.partition.verification.enable.
    """
    if partition.has_open_transaction(*producer):
        return
    at = (partition.topic, partition.index)
    try:
        if client.speaks_v2:
            transactions.add_partition(transactional_id, producer, at)
        elif is_verified:
            transactions.check_partition(transactional_id, producer, at)
    except KafkaError as error:
        if error.code in _RETRIED:
            # It may be sent again; what was sent after it must not come before it where nothing else keeps order.
            partition.log.note_tentative_sequence(*producer, base_sequence)
        raise _in_words_of_produce(error, client) from error


def _in_words_of_produce(error: KafkaError, client: ClientTxnVersion) -> KafkaError:
    if error.code == ErrorCode.PRODUCER_FENCED:
        return KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH)  # Produce has no newer error for it
    if error.code == ErrorCode.TRANSACTION_ABORTABLE and not client.knows_abortable:
        return ExplainedRefusal(ErrorCode.INVALID_TXN_STATE, "Partition was not added to the transaction")
    is_v1_conflict = error.code == ErrorCode.CONCURRENT_TRANSACTIONS and not client.speaks_v2
    if error.code in _UNKNOWN_YET or is_v1_conflict:
        return ExplainedRefusal(
            ErrorCode.NOT_ENOUGH_REPLICAS,
            f"Unable to verify the partition has been added to the transaction. Underlying error: {error.code.name}",
        )
    return error
