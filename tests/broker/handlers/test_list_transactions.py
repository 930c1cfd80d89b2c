"""ListTransactions: ids by state, producer, age and name."""

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse

from .transaction_harness import TransactingBroker


def listed(broker: TransactingBroker, version: int, **filters: object) -> list[str]:
    """The ids that pass."""
    answer = broker.ask(ListTransactionsRequest(**filters), version, ListTransactionsResponse).answer  # type: ignore[arg-type]
    assert answer.error_code == 0
    return [state.transactional_id for state in answer.transaction_states]


@pytest.mark.parametrize("version", [0, 1, 2])
def test_ids_are_listed_by_state_and_producer(version: int) -> None:
    broker = TransactingBroker()
    broker.begin("idle")
    pid, _ = who = broker.begin("busy")
    broker.add(who, name="busy")
    assert listed(broker, version) == ["idle", "busy"]
    assert listed(broker, version, state_filters=["Ongoing"]) == ["busy"]
    assert listed(broker, version, state_filters=["empty", "Dead"]) == []
    assert listed(broker, version, producer_id_filters=[pid]) == ["busy"]
    request = ListTransactionsRequest(state_filters=["empty", "Empty", "?"])
    assert list(broker.ask(request, version, ListTransactionsResponse).answer.unknown_state_filters) == ["empty", "?"]


def test_ids_are_listed_by_age_and_name() -> None:
    broker = TransactingBroker()
    who = broker.begin("a-1")
    broker.add(who, name="a-1")
    broker.clock.advance(5.0)
    later = broker.begin("a-2")
    broker.add(later, name="a-2")
    assert listed(broker, 1, duration_filter=4999) == ["a-1"]
    assert listed(broker, 1, duration_filter=5000) == []
    assert listed(broker, 2, transactional_id_pattern="a-.") == ["a-1", "a-2"]
    assert listed(broker, 2, transactional_id_pattern="a") == []
    assert listed(broker, 2, transactional_id_pattern="") == ["a-1", "a-2"]
    request = ListTransactionsRequest(transactional_id_pattern="(")
    code = broker.ask(request, 2, ListTransactionsResponse).answer.error_code
    assert code == ErrorCode.INVALID_REGULAR_EXPRESSION
