"""Who a producer is, and whether one that asks is the one that is known (KIP-360, KIP-890)."""

from typing import NamedTuple

from .transaction import LAST_EPOCH, NONE, Transaction


class ProducerIdAndEpoch(NamedTuple):
    """Who a producer is."""

    producer_id: int
    producer_epoch: int


NO_PRODUCER = ProducerIdAndEpoch(NONE, NONE)


def producer_of(transaction: Transaction) -> ProducerIdAndEpoch:
    """Who the producer of this id is in this state."""
    return ProducerIdAndEpoch(transaction.producer_id, transaction.producer_epoch)


def is_retry_of_end(producer: ProducerIdAndEpoch, held: Transaction) -> bool:
    """Whether this end was done before: one epoch back, or the last epoch of the id before this one."""
    if producer.producer_id == held.producer_id:
        return producer.producer_epoch == held.producer_epoch - 1
    return producer == (held.previous_producer_id, _last_epoch_of_previous(held)) and held.producer_epoch == 0


def may_be(expected: ProducerIdAndEpoch, held: Transaction) -> bool:
    """Whether a producer that claims so can be the known one: by its id, or by the id it had before."""
    if expected.producer_id == held.producer_id:
        return True
    last = _last_epoch_of_previous(held)
    return expected.producer_id == held.previous_producer_id and expected.producer_epoch >= last


def _last_epoch_of_previous(held: Transaction) -> int:
    """An id may have been left before its last epoch."""
    return LAST_EPOCH if held.last_producer_epoch == NONE else held.last_producer_epoch
