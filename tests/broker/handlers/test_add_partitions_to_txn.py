import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)

from .broker_harness import served
from .transaction_harness import ID, Producer, TransactingBroker

VERSIONS = served(ApiKey.ADD_PARTITIONS_TO_TXN)
SINGLE, BATCHED = VERSIONS[:4], VERSIONS[4:]
NOT_ATTEMPTED, UNKNOWN = ErrorCode.OPERATION_NOT_ATTEMPTED, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("version", SINGLE)
def test_partitions_join_the_transaction(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.add(who, 1, 0, version=version) == [0, 0]
    found = broker.describe()
    assert found.transaction_state == "Ongoing"
    assert [(topic.topic, list(topic.partitions)) for topic in found.topics] == [("t", [0, 1])]


@pytest.mark.parametrize("version", SINGLE)
def test_one_partition_that_cannot_be_added_keeps_out_the_others(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.add(who, 0, 9, version=version) == [NOT_ATTEMPTED, UNKNOWN]
    assert broker.add(who, 0, topic="nope", version=version) == [UNKNOWN]
    for topic in ("__consumer_offsets", "__transaction_state"):
        assert broker.add(who, 0, topic=topic, version=version) == [ErrorCode.TOPIC_AUTHORIZATION_FAILED]
    assert broker.describe().transaction_state == "Empty"


@pytest.mark.parametrize("version", SINGLE)
def test_who_may_not_add_is_told_why(version: int) -> None:
    broker = TransactingBroker()
    pid, epoch = broker.begin()
    fenced = ErrorCode.INVALID_PRODUCER_EPOCH if version < 2 else ErrorCode.PRODUCER_FENCED
    for who, name, code in (
        ((pid, epoch), "", ErrorCode.INVALID_REQUEST),
        ((pid, epoch), "nobody", ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid + 1, epoch), ID, ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid, epoch + 1), ID, fenced),
    ):
        assert broker.add(who, 0, 1, name=name, version=version) == [code, code]


@pytest.mark.parametrize("version", SINGLE)
def test_while_a_transaction_is_being_ended_nothing_can_be_added(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who)
    broker.refuse_markers()
    broker.end(who, commit=True)
    assert broker.describe().transaction_state == "PrepareCommit"
    assert broker.add(who, 1, version=version) == [ErrorCode.CONCURRENT_TRANSACTIONS]
    broker.files.write_error = None
    broker.clock.advance(2.0)
    assert broker.add(who, 1, version=version) == [0]


def entry(name: str, who: Producer, *indexes: int, verify: bool = False) -> AddPartitionsToTxnTransaction:
    return AddPartitionsToTxnTransaction(
        transactional_id=name,
        producer_id=who[0],
        producer_epoch=who[1],
        verify_only=verify,
        topics=[AddPartitionsToTxnTopic(name="t", partitions=indexes)],
    )


def ask(broker: TransactingBroker, version: int, *entries: AddPartitionsToTxnTransaction) -> dict[str, list[int]]:
    """The errors of every transaction's partitions."""
    answer = broker.ask(AddPartitionsToTxnRequest(transactions=entries), version, AddPartitionsToTxnResponse).answer
    assert answer.error_code == 0
    return {
        result.transactional_id: [one.partition_error_code for one in result.topic_results[0].results_by_partition]
        for result in answer.results_by_transaction
    }


@pytest.mark.parametrize("version", BATCHED)
def test_many_transactions_are_added_to_at_once_each_on_its_own(version: int) -> None:
    broker = TransactingBroker()
    one, other = broker.begin("one"), broker.begin("other")
    assert ask(broker, version, entry("one", one, 0, 7), entry("other", other, 0, 1), entry("x", one, 0)) == {
        "one": [NOT_ATTEMPTED, UNKNOWN],
        "other": [0, 0],
        "x": [ErrorCode.INVALID_PRODUCER_ID_MAPPING],
    }
    assert (broker.describe("one").transaction_state, broker.describe("other").transaction_state) == (
        "Empty",
        "Ongoing",
    )
    assert ask(broker, version) == {}


@pytest.mark.parametrize("version", BATCHED)
def test_verifying_adds_nothing(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert ask(broker, version, entry(ID, who, 0, verify=True)) == {ID: [ErrorCode.TRANSACTION_ABORTABLE]}
    assert broker.describe().transaction_state == "Empty"
    broker.add(who)
    assert ask(broker, version, entry(ID, who, 0, 1, verify=True)) == {ID: [0, ErrorCode.TRANSACTION_ABORTABLE]}
    assert ask(broker, version, entry(ID, who, 0, 7, verify=True)) == {ID: [NOT_ATTEMPTED, UNKNOWN]}
    assert ask(broker, version, entry(ID, (who[0], 9), 0, verify=True)) == {ID: [ErrorCode.PRODUCER_FENCED]}
