"""DescribeTransactions: the state of transactional ids, or that they are not known."""

import pytest

from odradek.protocol.errors import ErrorCode

from .transaction_harness import TransactingBroker


def test_an_id_is_described_with_its_state_and_an_unknown_one_with_an_error() -> None:
    broker = TransactingBroker()
    who = broker.begin(timeout_ms=1234)
    found = broker.describe()
    assert (found.error_code, found.transaction_state, found.transaction_timeout_ms) == (0, "Empty", 1234)
    assert (found.producer_id, found.producer_epoch, found.transaction_start_time_ms) == (*who, -1)
    broker.add(who)
    assert broker.describe().transaction_start_time_ms == broker.clock.now_ms()
    for name, code in (("", ErrorCode.INVALID_REQUEST), ("nobody", ErrorCode.TRANSACTIONAL_ID_NOT_FOUND)):
        refused = broker.describe(name)
        assert (refused.error_code, refused.transaction_state, refused.producer_id) == (code, "", 0)


@pytest.mark.parametrize("is_clean", [True, False])
def test_an_open_transaction_is_described_with_its_partitions_after_a_restart_too(is_clean: bool) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 1, 0)
    before = broker.describe()
    assert before.transaction_state == "Ongoing"
    assert [(topic.topic, list(topic.partitions)) for topic in before.topics] == [("t", [0, 1])]
    broker.restart(is_clean=is_clean)
    after = broker.describe()
    assert (after.transaction_state, after.producer_id, after.producer_epoch) == ("Ongoing", *who)
    assert [(topic.topic, list(topic.partitions)) for topic in after.topics] == [("t", [0, 1])]


def test_an_ended_transaction_is_described_without_partitions() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    assert broker.end(who, commit=True)[0] == 0
    found = broker.describe()
    assert (found.transaction_state, list(found.topics)) == ("CompleteCommit", [])
