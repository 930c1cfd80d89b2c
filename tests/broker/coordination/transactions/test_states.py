import pytest

from odradek.broker.coordination.transactions.coordinator import TransactionCoordinator
from odradek.broker.coordination.transactions.states import NEVER_STORED, TRANSITIONS, TxnState, check_transition
from odradek.broker.coordination.transactions.transaction import Transaction
from odradek.broker.coordination.transactions.transaction_config import TransactionConfig

from .coordinator_fixture import load, logged

STORED = [state for state in TxnState if state not in NEVER_STORED]


@pytest.mark.parametrize("after", STORED)
@pytest.mark.parametrize("before", STORED)
def test_the_moves_of_the_table_are_logged_and_no_others(before: TxnState, after: TxnState) -> None:
    coordinator = TransactionCoordinator(TransactionConfig(), lambda: 1, lambda: 2)
    load(coordinator, Transaction("id", 1, 0, 1000, state=before))
    moved = Transaction("id", 1, 0, 1000, state=after)
    if after in TRANSITIONS[before]:
        check_transition(before, after)
        logged(coordinator, coordinator._log(moved))
        assert coordinator.find("id") == moved
    else:
        with pytest.raises(AssertionError, match=f"{before.title} -> {after.title}"):
            check_transition(before, after)
        with pytest.raises(AssertionError, match=f"{before.title} -> {after.title}"):
            coordinator._log(moved)


def test_every_stored_state_has_a_row_and_no_row_leads_to_a_prepared_state_twice() -> None:
    assert set(TRANSITIONS) == set(STORED)
    for state in STORED:
        if state.is_prepared:
            (end,) = TRANSITIONS[state]
            assert end.name == state.name.replace("PREPARE", "COMPLETE")


def test_a_commit_comes_from_an_ongoing_transaction_only() -> None:
    assert [state for state in STORED if TxnState.PREPARE_COMMIT in TRANSITIONS[state]] == [TxnState.ONGOING]


def test_titles_are_those_that_tools_know() -> None:
    assert [state.title for state in TxnState] == [
        "Empty",
        "Ongoing",
        "PrepareCommit",
        "PrepareAbort",
        "CompleteCommit",
        "CompleteAbort",
        "Dead",
        "PrepareEpochFence",
    ]
