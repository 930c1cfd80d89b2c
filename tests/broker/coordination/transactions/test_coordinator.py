"""The tables of what each request does to a transactional id in each state, row by row."""

import contextlib

import pytest

from odradek.broker.coordination.transactions.coordinator import (
    V1,
    V2,
)
from odradek.broker.coordination.transactions.states import TxnState
from odradek.broker.coordination.transactions.transaction import LAST_EPOCH, Transaction
from odradek.protocol.errors import ErrorCode, KafkaError

from .coordinator_fixture import (
    EPOCH,
    NEW_PID,
    NOW,
    PID,
    CoordinatorFixture,
    E,
    P,
    S,
    Step,
    held,
    load,
    logged,
    outcome,
)

# EndTxn, transactions V1


@pytest.mark.parametrize(
    ("state", "commit", "abort"),
    [
        (S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT),
        (S.EMPTY, E.INVALID_TXN_STATE, E.INVALID_TXN_STATE),
        (S.COMPLETE_COMMIT, None, E.INVALID_TXN_STATE),
        (S.COMPLETE_ABORT, E.INVALID_TXN_STATE, None),
        (S.PREPARE_COMMIT, E.CONCURRENT_TRANSACTIONS, E.INVALID_TXN_STATE),
        (S.PREPARE_ABORT, E.INVALID_TXN_STATE, E.CONCURRENT_TRANSACTIONS),
    ],
)
def test_a_v1_end_in_every_state(state: TxnState, commit: object, abort: object) -> None:
    fixture = CoordinatorFixture(held(state))
    assert outcome(lambda: fixture.end(True)) == commit
    assert outcome(lambda: fixture.end(False)) == abort


def test_a_v1_end_keeps_the_epoch_and_its_markers_carry_it() -> None:
    fixture = CoordinatorFixture(held(S.ONGOING))
    step = fixture.end(True)
    assert step.transaction is not None
    assert (step.transaction.producer_epoch, step.transaction.client_version) == (EPOCH, V1)
    done = fixture.take(step)
    assert (done.state, done.producer_epoch, done.partitions) == (S.COMPLETE_COMMIT, EPOCH, frozenset())


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("state", [S.EMPTY, S.ONGOING, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
def test_an_end_by_the_wrong_producer_is_refused(state: TxnState, version: int) -> None:
    fixture = CoordinatorFixture(held(state))
    assert outcome(lambda: fixture.end(True, epoch=EPOCH + 1, version=version)) == E.PRODUCER_FENCED
    assert outcome(lambda: fixture.end(True, epoch=EPOCH - 3, version=version)) == E.PRODUCER_FENCED
    assert outcome(lambda: fixture.end(True, pid=PID + 1, version=version)) == E.INVALID_PRODUCER_ID_MAPPING
    assert outcome(lambda: fixture.end(True, pid=-1, epoch=-1, version=version)) == E.INVALID_PRODUCER_ID_MAPPING


@pytest.mark.parametrize("version", [V1, V2])
def test_an_end_of_an_unknown_id_or_none_is_refused(version: int) -> None:
    it = CoordinatorFixture(None).it
    for transactional_id, code in (("nobody", E.INVALID_PRODUCER_ID_MAPPING), ("", E.INVALID_REQUEST)):
        end = (transactional_id, P(PID, EPOCH))
        assert (
            outcome(lambda: Step(it.end(*end, is_commit=True, client_version=version, now_ms=NOW)))  # noqa: B023
            == code
        )


# EndTxn, transactions V2

BUMPED = EPOCH + 1


@pytest.mark.parametrize(
    ("state", "commit", "late_commit", "abort", "late_abort"),
    [
        (S.ONGOING, S.PREPARE_COMMIT, E.PRODUCER_FENCED, S.PREPARE_ABORT, E.PRODUCER_FENCED),
        (S.EMPTY, E.INVALID_TXN_STATE, E.PRODUCER_FENCED, S.PREPARE_ABORT, E.PRODUCER_FENCED),
        (S.PREPARE_COMMIT, E.PRODUCER_FENCED, E.CONCURRENT_TRANSACTIONS, E.PRODUCER_FENCED, E.INVALID_TXN_STATE),
        (S.PREPARE_ABORT, E.PRODUCER_FENCED, E.INVALID_TXN_STATE, E.PRODUCER_FENCED, E.CONCURRENT_TRANSACTIONS),
        (S.COMPLETE_COMMIT, E.INVALID_TXN_STATE, None, S.PREPARE_ABORT, E.INVALID_TXN_STATE),
        (S.COMPLETE_ABORT, E.INVALID_TXN_STATE, E.INVALID_TXN_STATE, S.PREPARE_ABORT, None),
    ],
)
def test_a_v2_end_in_every_state(
    state: TxnState, commit: object, late_commit: object, abort: object, late_abort: object
) -> None:
    fixture = CoordinatorFixture(held(state, producer_epoch=BUMPED))
    assert outcome(lambda: fixture.end(True, BUMPED, version=V2)) == commit
    assert outcome(lambda: fixture.end(True, EPOCH, version=V2)) == late_commit
    assert outcome(lambda: fixture.end(False, BUMPED, version=V2)) == abort
    assert outcome(lambda: fixture.end(False, EPOCH, version=V2)) == late_abort


@pytest.mark.parametrize("commit", [True, False])
def test_a_v2_end_bumps_the_epoch_and_a_retry_is_answered_the_same(commit: bool) -> None:
    fixture = CoordinatorFixture(held(S.ONGOING))
    step = fixture.end(commit, version=V2)
    assert step.producer == (PID, EPOCH + 1)
    assert step.transaction is not None
    assert (step.transaction.producer_epoch, step.transaction.client_version) == (EPOCH + 1, V2)
    fixture.take(step)
    again = fixture.end(commit, version=V2)
    assert (again.transaction, again.producer) == (None, (PID, EPOCH + 1))


def test_a_v2_abort_of_nothing_starts_and_ends_at_once_with_no_partitions() -> None:
    step = CoordinatorFixture(held(S.EMPTY, start_ms=-1)).end(False, version=V2)
    assert step.transaction is not None
    assert (step.transaction.start_ms, step.transaction.partitions) == (NOW, frozenset())
    assert step.producer == (PID, EPOCH + 1)


@pytest.mark.parametrize("state", [S.ONGOING, S.EMPTY])
def test_from_the_last_epoch_a_v2_end_goes_on_under_a_new_id(state: TxnState) -> None:
    fixture = CoordinatorFixture(held(state, producer_epoch=LAST_EPOCH))
    step = fixture.end(False, LAST_EPOCH, version=V2)
    assert step.producer == (NEW_PID, 0)
    prepared = step.transaction
    assert prepared is not None
    # The markers go out under the old id, with the one epoch that was kept for them.
    assert (prepared.producer_id, prepared.producer_epoch, prepared.next_producer_id) == (PID, 32767, NEW_PID)
    done = fixture.take(step)
    assert (done.producer_id, done.producer_epoch, done.previous_producer_id) == (NEW_PID, 0, PID)
    assert done.next_producer_id == -1
    assert fixture.end(False, LAST_EPOCH, version=V2).producer == (NEW_PID, 0)
    assert outcome(lambda: fixture.end(True, LAST_EPOCH, version=V2)) == E.INVALID_TXN_STATE
    assert fixture.init((PID, LAST_EPOCH)).producer == (NEW_PID, 0)


def test_while_the_last_epoch_is_being_ended_a_retry_waits() -> None:
    fixture = CoordinatorFixture(held(S.PREPARE_COMMIT, producer_epoch=32767, next_producer_id=NEW_PID))
    assert outcome(lambda: fixture.end(True, LAST_EPOCH, version=V2)) == E.CONCURRENT_TRANSACTIONS


def test_the_id_before_is_known_for_one_move_only() -> None:
    fixture = CoordinatorFixture(held(S.ONGOING, producer_epoch=LAST_EPOCH))
    fixture.take(fixture.end(True, LAST_EPOCH, version=V2))
    fixture.take(fixture.add(("t", 0), pid=NEW_PID, epoch=0, version=V2))
    assert outcome(lambda: fixture.end(True, LAST_EPOCH, version=V2)) == E.INVALID_PRODUCER_ID_MAPPING
    assert outcome(lambda: fixture.init((PID, LAST_EPOCH))) == E.PRODUCER_FENCED


# InitProducerId


def test_an_unknown_id_gets_a_new_producer_whatever_it_claims() -> None:
    for expected in (None, (PID, EPOCH), (123, 32767)):
        step = CoordinatorFixture(None).init(expected)
        assert step.producer == (NEW_PID, 0)
        assert step.transaction is not None
        assert (step.transaction.state, step.transaction.previous_producer_id) == (S.EMPTY, NEW_PID)


@pytest.mark.parametrize("timeout_ms", [0, -1, 900_001])
def test_a_timeout_out_of_bounds_is_refused_before_anything_is_known_of_the_id(timeout_ms: int) -> None:
    for it in (CoordinatorFixture(None), CoordinatorFixture(held(S.PREPARE_ABORT))):
        assert outcome(lambda: it.init(timeout_ms=timeout_ms)) == E.INVALID_TRANSACTION_TIMEOUT  # noqa: B023
    assert outcome(lambda: CoordinatorFixture(None).init(timeout_ms=900_000)) == S.EMPTY


def test_no_id_is_an_invalid_request_even_with_a_wrong_timeout() -> None:
    with pytest.raises(KafkaError, match="INVALID_REQUEST"):
        CoordinatorFixture(None).it.init_producer_id("", 0, None, NOW)


@pytest.mark.parametrize("state", [S.EMPTY, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
def test_a_new_session_of_an_idle_id_gets_the_next_epoch(state: TxnState) -> None:
    for expected, last in ((None, -1), ((PID, EPOCH), EPOCH)):
        step = CoordinatorFixture(held(state)).init(expected, timeout_ms=123)
        assert step.producer == (PID, EPOCH + 1)
        assert step.transaction is not None
        assert (step.transaction.state, step.transaction.timeout_ms) == (S.EMPTY, 123)
        assert (step.transaction.start_ms, step.transaction.last_producer_epoch) == (-1, last)


def test_a_session_that_asks_again_gets_the_same_epoch_and_older_ones_are_fenced() -> None:
    fixture = CoordinatorFixture()
    fixture.take(fixture.init((PID, EPOCH)))
    fixture.take(fixture.init((PID, EPOCH)))
    assert fixture.init((PID, EPOCH)).producer == (PID, EPOCH + 1)
    for claim in ((PID, EPOCH - 1), (PID, EPOCH + 2), (PID + 1, EPOCH + 1), (PID + 1, LAST_EPOCH)):
        assert outcome(lambda: fixture.init(claim)) == E.PRODUCER_FENCED  # noqa: B023
    fixture.take(fixture.init())
    assert outcome(lambda: fixture.init((PID, EPOCH))) == E.PRODUCER_FENCED


@pytest.mark.parametrize("state", [S.PREPARE_COMMIT, S.PREPARE_ABORT])
def test_a_session_waits_for_the_end_of_the_transaction_before(state: TxnState) -> None:
    fixture = CoordinatorFixture(held(state))
    for expected in (None, (PID, EPOCH)):
        assert outcome(lambda: fixture.init(expected)) == E.CONCURRENT_TRANSACTIONS  # noqa: B023
    assert outcome(lambda: fixture.init((PID + 1, EPOCH))) == E.PRODUCER_FENCED


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_new_session_aborts_the_open_transaction_with_the_next_epoch_and_gets_the_one_after(level: int) -> None:
    fixture = CoordinatorFixture(held(S.ONGOING), level=level)
    step = fixture.init()
    assert (step.error, step.producer) == (E.CONCURRENT_TRANSACTIONS, (-1, -1))
    assert step.transaction is not None
    assert (step.transaction.state, step.transaction.producer_epoch) == (S.PREPARE_ABORT, EPOCH + 1)
    assert step.transaction.client_version == (V2 if level == 2 else V1)
    fixture.take(step)
    assert fixture.init().producer == (PID, EPOCH + 2)


@pytest.mark.parametrize(("level", "again"), [(1, E.PRODUCER_FENCED), (2, S.EMPTY)])
def test_after_a_forced_abort_its_own_producer_may_go_on_under_v2_only(level: int, again: object) -> None:
    fixture = CoordinatorFixture(held(S.ONGOING), level=level)
    fixture.take(fixture.init((PID, EPOCH)))
    assert outcome(lambda: fixture.init((PID, EPOCH))) == again
    if level == 2:
        assert fixture.init((PID, EPOCH)).producer == (PID, EPOCH + 1)


@pytest.mark.parametrize("expected", [None, (PID, LAST_EPOCH)])
@pytest.mark.parametrize("epoch", [LAST_EPOCH, 32767])
def test_an_exhausted_epoch_is_followed_by_a_new_id(epoch: int, expected: tuple[int, int] | None) -> None:
    fixture = CoordinatorFixture(held(S.COMPLETE_ABORT, producer_epoch=epoch))
    if expected is not None and epoch > LAST_EPOCH:
        # Fenced: the last epoch belongs to the markers that ended its transaction.
        assert outcome(lambda: fixture.init(expected)) == E.PRODUCER_FENCED
        return
    assert fixture.take(fixture.init(expected)).producer_id == NEW_PID
    known = fixture.it.find("id")
    assert known is not None
    assert (known.producer_epoch, known.previous_producer_id) == (0, PID)
    if expected is not None:
        assert fixture.init(expected).producer == (NEW_PID, 0)


def test_at_the_last_epoch_an_older_claim_is_fenced() -> None:
    fixture = CoordinatorFixture(held(S.EMPTY, producer_epoch=LAST_EPOCH))
    assert outcome(lambda: fixture.init((PID, LAST_EPOCH - 1))) == E.PRODUCER_FENCED


@pytest.mark.parametrize(("level", "epoch"), [(1, 32767), (2, 0)])
def test_a_forced_abort_at_the_last_epoch_leaves_the_next_session_a_new_id(level: int, epoch: int) -> None:
    fixture = CoordinatorFixture(held(S.ONGOING, producer_epoch=LAST_EPOCH), level=level)
    assert fixture.take(fixture.init()).producer_epoch == epoch
    assert fixture.init().producer.producer_id == NEW_PID


# AddPartitionsToTxn


@pytest.mark.parametrize(
    ("state", "right", "wrong_epoch"),
    [
        (S.EMPTY, S.ONGOING, E.PRODUCER_FENCED),
        (S.ONGOING, S.ONGOING, E.PRODUCER_FENCED),
        (S.COMPLETE_COMMIT, S.ONGOING, E.PRODUCER_FENCED),
        (S.COMPLETE_ABORT, S.ONGOING, E.PRODUCER_FENCED),
        # KAFKA-18464: an end on its way must not look like fencing.
        (S.PREPARE_COMMIT, E.CONCURRENT_TRANSACTIONS, E.CONCURRENT_TRANSACTIONS),
        (S.PREPARE_ABORT, E.CONCURRENT_TRANSACTIONS, E.CONCURRENT_TRANSACTIONS),
    ],
)
def test_partitions_are_added_in_every_state(state: TxnState, right: object, wrong_epoch: object) -> None:
    fixture = CoordinatorFixture(held(state))
    assert outcome(lambda: fixture.add(("u", 1))) == right
    for epoch in (EPOCH - 1, EPOCH + 1):
        assert outcome(lambda: fixture.add(("u", 1), epoch=epoch)) == wrong_epoch  # noqa: B023
    assert outcome(lambda: fixture.add(("u", 1), pid=PID + 1)) == E.INVALID_PRODUCER_ID_MAPPING


def test_a_partition_that_is_there_already_is_not_logged_again() -> None:
    assert outcome(lambda: CoordinatorFixture(held(S.ONGOING)).add(("t", 0))) is None


def test_the_transaction_begins_with_its_first_partition_and_grows() -> None:
    fixture = CoordinatorFixture(held(S.COMPLETE_COMMIT))
    begun = fixture.take(fixture.add(("t", 0), version=V2))
    assert (begun.start_ms, begun.client_version, begun.partitions) == (NOW, V2, frozenset({("t", 0)}))
    grown = fixture.take(fixture.add(("t", 1)))
    assert (grown.start_ms, grown.partitions) == (NOW, frozenset({("t", 0), ("t", 1)}))


def test_no_partitions_begin_a_transaction_too() -> None:
    assert outcome(CoordinatorFixture().add) == S.ONGOING


@pytest.mark.parametrize(
    ("state", "partition", "epoch", "code"),
    [
        (S.ONGOING, 0, EPOCH, None),
        (S.ONGOING, 1, EPOCH, E.TRANSACTION_ABORTABLE),
        (S.EMPTY, 0, EPOCH, E.TRANSACTION_ABORTABLE),
        (S.COMPLETE_COMMIT, 0, EPOCH, E.TRANSACTION_ABORTABLE),
        (S.PREPARE_ABORT, 0, EPOCH, E.CONCURRENT_TRANSACTIONS),
        (S.ONGOING, 0, EPOCH - 1, E.PRODUCER_FENCED),
        (S.ONGOING, 0, EPOCH + 1, E.PRODUCER_FENCED),
    ],
)
def test_a_write_is_verified_against_the_transaction(
    state: TxnState, partition: int, epoch: int, code: ErrorCode | None
) -> None:
    it = CoordinatorFixture(held(state)).it
    with contextlib.nullcontext() if code is None else pytest.raises(KafkaError, match=code.name):
        it.check_partition("id", P(PID, epoch), ("t", partition))


# Time


def test_a_transaction_is_overdue_when_its_timeout_has_passed_and_not_before() -> None:
    it = CoordinatorFixture(held(S.ONGOING, start_ms=NOW, timeout_ms=100)).it
    assert (it.overdue(NOW + 100), it.overdue(NOW + 101)) == ([], ["id"])
    assert it.has_ongoing()


@pytest.mark.parametrize("state", [S.EMPTY, S.PREPARE_COMMIT, S.PREPARE_ABORT, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
def test_only_ongoing_transactions_become_overdue(state: TxnState) -> None:
    it = CoordinatorFixture(held(state)).it
    assert (it.overdue(NOW * 1000), it.has_ongoing()) == ([], False)


def test_a_timeout_under_v1_fences_the_producer() -> None:
    fixture = CoordinatorFixture(held(S.ONGOING), level=1)
    fixture.take(fixture.time_out())
    for version in (V1, V2):
        assert outcome(lambda: fixture.end(True, version=V1)) == E.PRODUCER_FENCED
        assert outcome(lambda: fixture.add(("t", 0), version=version)) == E.PRODUCER_FENCED  # noqa: B023
    assert outcome(lambda: fixture.init((PID, EPOCH))) == E.PRODUCER_FENCED
    assert fixture.init().producer == (PID, EPOCH + 2)


def test_a_timeout_under_v2_looks_like_an_abort_that_the_producer_asked_for() -> None:
    fixture = CoordinatorFixture(held(S.ONGOING))
    fixture.take(fixture.time_out())
    assert fixture.end(False, version=V2).producer == (PID, EPOCH + 1)
    assert outcome(lambda: fixture.end(True, version=V2)) == E.INVALID_TXN_STATE
    assert fixture.init((PID, EPOCH)).producer == (PID, EPOCH + 1)


@pytest.mark.parametrize("state", [S.EMPTY, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
def test_an_id_nobody_uses_expires_a_week_after_its_last_move(state: TxnState) -> None:
    fixture = CoordinatorFixture(held(state, last_update_ms=NOW))
    week_ms = 604_800_000
    assert [fixture.it.is_expired("id", at) for at in (NOW + week_ms - 1, NOW + week_ms)] == [False, True]
    assert fixture.it.expire("unknown", NOW + week_ms).records == []
    logged(fixture.it, fixture.it.expire("id", NOW + week_ms))
    assert fixture.it.find("id") is None
    assert fixture.init((PID, EPOCH)).producer == (NEW_PID, 0)


@pytest.mark.parametrize("state", [S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT])
def test_an_id_with_a_transaction_never_expires(state: TxnState) -> None:
    assert not CoordinatorFixture(held(state)).it.is_expired("id", NOW * 10_000_000)


def test_an_id_that_was_used_after_it_was_found_unused_stays() -> None:
    fixture = CoordinatorFixture(held(S.EMPTY, last_update_ms=NOW))
    assert fixture.it.expire("id", NOW + 1).records == []


def test_an_overdue_transaction_is_found_round_after_round_until_it_is_ended() -> None:
    it = CoordinatorFixture(held(S.ONGOING, timeout_ms=100)).it
    assert [it.overdue(NOW + late) for late in (100, 101, 5000)] == [["id"]] * 3
    assert (it.is_overdue("id", NOW + 100), it.is_overdue("id", NOW), it.is_overdue("unknown", NOW)) == (
        True,
        False,
        False,
    )
    load(it, held(S.COMPLETE_ABORT))
    assert (it.overdue(NOW + 5000), it.is_overdue("id", NOW + 5000)) == ([], False)


def test_what_is_overdue_is_found_without_a_look_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    it = CoordinatorFixture(held(S.ONGOING, timeout_ms=100)).it
    for number in range(1000):
        load(it, held(S.ONGOING, timeout_ms=1_000_000)._replace(transactional_id=f"later {number}"))
    looks: list[str] = []
    deadline = Transaction.deadline_ms

    def look(transaction: Transaction) -> int:
        looks.append(transaction.transactional_id)
        return deadline(transaction)

    monkeypatch.setattr(Transaction, "deadline_ms", look)
    assert it.overdue(NOW + 5000) == ["id"]
    assert looks == ["id"]
