import pytest

from odradek.broker.coordination.transactions.producer_identity import ProducerIdAndEpoch
from odradek.broker.coordination.transactions.verification import ClientTxnVersion, TransactionalWrite
from odradek.protocol.errors import ErrorCode

from ..nodes.three_brokers import ThreeBrokers
from .test_peers import peers_of

V1 = ClientTxnVersion(speaks_v2=False, knows_abortable=True)


@pytest.fixture
def brokers() -> ThreeBrokers:
    brokers = ThreeBrokers({"transaction.state.log.num.partitions": "1"})
    brokers.create("t", [1, 2, 3])
    brokers.create("__transaction_state", [2, 3, 1])
    return brokers


def check(brokers: ThreeBrokers) -> ErrorCode | None:
    """What broker 1 hears of a write to its partition, of a transaction that broker 2 knows nothing of."""
    told: list[ErrorCode | None] = []
    write = TransactionalWrite("shop", ProducerIdAndEpoch(7, 0), brokers[1].partition("t"), 0, V1, True)
    peers_of(brokers, 1).transaction_checks.begin(write, lambda done: told.append(done.error), may_retry=False)
    brokers.settle()
    (error,) = told
    return error


def test_the_coordinator_of_another_broker_says_that_it_knows_no_such_transaction(brokers: ThreeBrokers) -> None:
    assert check(brokers) == ErrorCode.INVALID_PRODUCER_ID_MAPPING


def test_a_coordinator_that_cannot_be_reached_is_a_failing_network(brokers: ThreeBrokers) -> None:
    brokers.around.links.set(1, 2, is_cut=True)
    assert check(brokers) == ErrorCode.NETWORK_EXCEPTION
