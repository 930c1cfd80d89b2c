"""Transactions that take too long, and ids that nobody uses."""

import pytest

from odradek.protocol.errors import ErrorCode

from ...failing_files import BROKEN, FULL
from ...handlers.transaction_harness import TransactingBroker
from .state_log import states

FSYNC = {"log.flush.interval.messages": "1"}
MARKER_RETRY_S = 1.0


def test_a_timeout_aborts_within_one_round_and_fences_under_v1() -> None:
    broker = TransactingBroker()
    broker.set_level(1)
    who = broker.begin(timeout_ms=5_000)
    broker.add(who)
    broker.write(who)
    broker.clock.advance(5.0)
    assert broker.describe().transaction_state == "Ongoing"
    broker.clock.advance(5.001)
    assert broker.describe().transaction_state == "CompleteAbort"
    assert broker.stable_and_end() == (2, 2)
    assert broker.end(who, commit=True)[0] == ErrorCode.PRODUCER_FENCED


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_timeout_outlives_a_restart(is_clean: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin(timeout_ms=15_000)
    broker.write(who, version=12)
    broker.clock.advance(8.0)
    broker.restart(is_clean=is_clean)
    broker.clock.advance(12.0)
    assert broker.describe().transaction_state == "CompleteAbort"


def test_a_timeout_that_cannot_be_logged_is_tried_again_in_the_next_round() -> None:
    broker = TransactingBroker()
    who = broker.begin(timeout_ms=1_000)
    broker.write(who, version=12)
    broker.files.write_error = FULL
    broker.clock.advance(25.0)
    assert broker.describe().transaction_state == "Ongoing"
    broker.files.write_error = None
    broker.clock.advance(10.0)
    assert broker.describe().transaction_state == "CompleteAbort"


def test_the_clock_looks_again_for_every_transaction_that_begins_later() -> None:
    broker = TransactingBroker()
    for _ in range(3):
        who = broker.begin(timeout_ms=1_000)
        broker.write(who, version=12)
        broker.clock.advance(20.1)
        assert broker.describe().transaction_state == "CompleteAbort"
        broker.clock.advance(33.0)


def test_an_id_that_nobody_uses_is_forgotten_with_a_tombstone_and_stays_so() -> None:
    broker = TransactingBroker({"transactional.id.expiration.ms": "7200000"})
    pid, _ = broker.begin()
    broker.files.write_error = BROKEN
    broker.clock.advance(3 * 3600.0)
    assert broker.describe().error_code == 0, "what cannot be logged has not happened"
    broker.files.write_error = None
    broker.clock.advance(3600.0)
    assert states(broker) == ["Empty", "tombstone"]
    for _ in range(2):
        assert broker.describe().error_code == ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
        broker.restart(is_clean=False)
    assert broker.begin()[0] != pid
