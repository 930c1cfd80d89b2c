"""Transactions that take too long, and ids that nobody uses."""

import pytest

from odradek.broker.coordination.result import Instant
from odradek.broker.coordination.transactions.coordinator import TransactionCoordinator
from odradek.broker.coordination.transactions.states import TxnState
from odradek.broker.coordination.transactions.timeouts import LOOKED_AT_ONCE, TransactionTimeouts
from odradek.broker.coordination.transactions.transaction import LAST_EPOCH, Transaction
from odradek.broker.coordination.transactions.transaction_config import TransactionConfig
from odradek.broker.testing.disks import BROKEN, FULL
from odradek.protocol.errors import ErrorCode

from ...handlers.transaction_harness import ID, TransactingBroker
from .coordinator_fixture import load, logged
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


def test_a_timeout_in_the_last_epoch_goes_on_under_a_new_id_although_no_block_of_ids_was_at_hand() -> None:
    broker = TransactingBroker()
    pid, _ = who = broker.begin(timeout_ms=5_000)
    broker.write(who, version=12)
    broker.restart()  # what is left of the block is skipped
    coordinator = broker.context.transactions._coordinator
    held = coordinator.find(ID)
    assert held is not None
    coordinator._keep(held._replace(producer_epoch=LAST_EPOCH))
    broker.clock.advance(20.1)
    found = broker.describe()
    assert (found.transaction_state, found.producer_epoch) == ("CompleteAbort", 0)
    assert found.producer_id > pid


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


# The deadlines alone


CONFIG = TransactionConfig(abort_interval_ms=10_000, expiration_interval_ms=60_000, id_expiration_ms=120_000)


class Timed:
    """A coordinator, its deadlines, and a time of the test's choice."""

    def __init__(self) -> None:
        self.coordinator = TransactionCoordinator(CONFIG, lambda: 1, lambda: 2)
        self.it = TransactionTimeouts(CONFIG, self.coordinator)

    def ongoing(self, name: str, timeout_ms: int) -> None:
        load(self.coordinator, Transaction(name, 1, 0, timeout_ms, TxnState.ONGOING, frozenset({("t", 0)}), 0))

    def due(self, now: float) -> list[tuple[str, str]]:
        """What becomes due, which is done at once."""
        at = Instant(now, round(now * 1000))
        found: list[tuple[str, str]] = []
        while (operation := self.it.take_due(at)) is not None:
            found.append((operation.name, operation.key))
            logged(self.coordinator, operation.decide(at))
        return found


def test_nothing_is_looked_for_before_a_transaction_may_begin_but_unused_ids() -> None:
    timed = Timed()
    timed.it.start(Instant(0, 0))
    assert timed.it.next_deadline() == 60
    timed.it.watch(Instant(1, 0))
    timed.it.watch(Instant(2, 0))
    assert timed.it.next_deadline() == 11


def test_ongoing_transactions_are_looked_at_until_none_is_left() -> None:
    timed = Timed()
    timed.ongoing("short", 5_000)
    timed.ongoing("long", 15_000)
    timed.it.start(Instant(0, 0))
    assert timed.due(10) == [("timeout", "short")]
    assert timed.it.next_deadline() == 20
    assert timed.due(20) == [("timeout", "long")]
    assert timed.it.next_deadline() == 60


def test_an_abort_whose_transaction_has_ended_meanwhile_does_nothing() -> None:
    timed = Timed()
    timed.ongoing("id", 5_000)
    timed.it.start(Instant(0, 0))
    at = Instant(10, 10_000)
    operation = timed.it.take_due(at)
    assert operation is not None
    load(timed.coordinator, Transaction("id", 1, 0, 5_000, TxnState.COMPLETE_COMMIT))
    assert operation.decide(at).records == []


def test_unused_ids_expire_one_by_one_each_with_its_own_record() -> None:
    timed = Timed()
    names = [f"id {n}" for n in range(200)]
    for name in names:
        load(timed.coordinator, Transaction(name, 1, 0, 5_000, last_update_ms=0))
    timed.it.start(Instant(0, 0))
    assert timed.due(60) == []
    assert timed.due(120) == [("expiry", name) for name in names]
    assert list(timed.coordinator) == []
    assert timed.it.next_deadline() == 180


def test_others_are_served_while_very_many_ids_are_looked_at() -> None:
    timed = Timed()
    for n in range(2 * LOOKED_AT_ONCE):
        load(timed.coordinator, Transaction(f"used {n}", 1, 0, 5_000, last_update_ms=60_000))
    load(timed.coordinator, Transaction("unused", 1, 0, 5_000, last_update_ms=0))
    timed.it.start(Instant(0, 0))
    looks = 0
    while not (found := timed.due(120)):
        looks += 1
        assert timed.it.next_deadline() == 120, "it is to go on at once"
    assert (looks, found) == (2, [("expiry", "unused")])
    assert timed.it.next_deadline() == 180
