"""Whether a producer that asks is the one that is known: by its id, by the id it had before, by its epoch."""

import pytest

from odradek.broker.coordination.transactions.producer_identity import (
    ProducerIdAndEpoch,
    is_retry_of_end,
    may_be,
    producer_of,
)
from odradek.broker.coordination.transactions.transaction import LAST_EPOCH, Transaction

KNOWN = Transaction("id", 7, 5, 60_000, previous_producer_id=7)
RENEWED = Transaction("id", 8, 0, 60_000, previous_producer_id=7)
RENEWED_EARLY = RENEWED._replace(last_producer_epoch=3)  # the id before was left before its last epoch


@pytest.mark.parametrize(
    ("producer_id", "epoch", "held", "is_retry"),
    [
        (7, 4, KNOWN, True),
        (7, 5, KNOWN, False),
        (7, 3, KNOWN, False),
        (7, LAST_EPOCH, RENEWED, True),  # the end that exhausted the id before this one
        (7, LAST_EPOCH - 1, RENEWED, False),
        (6, LAST_EPOCH, RENEWED, False),
        (7, 3, RENEWED_EARLY, True),
        (7, LAST_EPOCH, RENEWED_EARLY, False),
        (7, LAST_EPOCH, Transaction("id", 8, 1, 60_000, previous_producer_id=7), False),
    ],
)
def test_an_end_is_a_retry_one_epoch_after_the_one_it_repeats(
    producer_id: int, epoch: int, held: Transaction, is_retry: bool
) -> None:
    assert is_retry_of_end(ProducerIdAndEpoch(producer_id, epoch), held) is is_retry


@pytest.mark.parametrize(
    ("producer_id", "epoch", "held", "is_known"),
    [
        (7, 0, KNOWN, True),
        (9, 5, KNOWN, False),
        (7, LAST_EPOCH, RENEWED, True),
        (7, LAST_EPOCH - 1, RENEWED, False),
        (7, 3, RENEWED_EARLY, True),
        (7, 2, RENEWED_EARLY, False),
    ],
)
def test_a_producer_is_known_by_its_id_or_as_the_last_one_of_the_id_before(
    producer_id: int, epoch: int, held: Transaction, is_known: bool
) -> None:
    assert may_be(ProducerIdAndEpoch(producer_id, epoch), held) is is_known


def test_the_producer_of_an_id_is_who_its_state_has() -> None:
    assert producer_of(KNOWN) == (7, 5)
