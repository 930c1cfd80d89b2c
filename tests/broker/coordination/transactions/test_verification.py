"""Which transactional writes pass, and in which words the others are refused."""

import pytest

from odradek.broker.coordination.transactions.producer_identity import ProducerIdAndEpoch
from odradek.broker.coordination.transactions.verification import (
    ClientTxnVersion,
    TransactionalWrite,
    check_transactional_write,
)
from odradek.broker.topics.explained_refusal import ExplainedRefusal
from odradek.protocol.errors import ErrorCode, KafkaError

from ...handlers.transaction_harness import ID, Producer, TransactingBroker

V2_CLIENT = ClientTxnVersion(speaks_v2=True, knows_abortable=True)
NEW_V1_CLIENT = ClientTxnVersion(speaks_v2=False, knows_abortable=True)
OLD_CLIENT = ClientTxnVersion(speaks_v2=False, knows_abortable=False)


@pytest.fixture
def broker() -> TransactingBroker:
    return TransactingBroker()


def check(
    broker: TransactingBroker, who: Producer, client: ClientTxnVersion, *, sequence: int = 0, is_verified: bool = True
) -> None:
    partition = broker.topics.partition("t", 0)
    write = TransactionalWrite(ID, ProducerIdAndEpoch(*who), partition, sequence, client, is_verified)
    check_transactional_write(broker.context.transactions, write)


def refusal(broker: TransactingBroker, who: Producer, client: ClientTxnVersion, *, sequence: int = 0) -> KafkaError:
    with pytest.raises(KafkaError) as refused:
        check(broker, who, client, sequence=sequence)
    return refused.value


def test_a_v1_write_passes_where_its_partition_was_added(broker: TransactingBroker) -> None:
    who = broker.begin()
    assert refusal(broker, who, NEW_V1_CLIENT).code is ErrorCode.TRANSACTION_ABORTABLE
    broker.add(who, 0)
    check(broker, who, NEW_V1_CLIENT)


def test_a_v2_write_adds_its_partition(broker: TransactingBroker) -> None:
    check(broker, broker.begin(), V2_CLIENT)
    assert [(topic.topic, list(topic.partitions)) for topic in broker.describe().topics] == [("t", [0])]


def test_an_old_client_has_no_word_for_an_abortable_transaction(broker: TransactingBroker) -> None:
    refused = refusal(broker, broker.begin(), OLD_CLIENT)
    assert isinstance(refused, ExplainedRefusal)
    assert (refused.code, refused.why) == (
        ErrorCode.INVALID_TXN_STATE,
        "Partition was not added to the transaction",
    )


def test_where_verification_is_off_a_v1_write_passes_unasked(broker: TransactingBroker) -> None:
    check(broker, broker.begin(), OLD_CLIENT, is_verified=False)


def test_a_write_into_an_open_transaction_is_not_asked_about(broker: TransactingBroker) -> None:
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    check(broker, who, OLD_CLIENT)


@pytest.mark.parametrize("client", [V2_CLIENT, NEW_V1_CLIENT, OLD_CLIENT])
def test_a_fenced_producer_is_refused_in_produces_words(broker: TransactingBroker, client: ClientTxnVersion) -> None:
    pid, epoch = broker.begin()
    broker.begin()
    assert refusal(broker, (pid, epoch), client).code is ErrorCode.INVALID_PRODUCER_EPOCH


@pytest.mark.parametrize(
    ("client", "code"),
    [(V2_CLIENT, ErrorCode.CONCURRENT_TRANSACTIONS), (NEW_V1_CLIENT, ErrorCode.NOT_ENOUGH_REPLICAS)],
)
def test_while_the_transaction_is_being_ended_the_write_is_to_be_sent_again(
    broker: TransactingBroker, client: ClientTxnVersion, code: ErrorCode
) -> None:
    who = broker.begin()
    broker.add(who, 1)
    broker.write(who, index=1)
    broker.refuse_markers()
    broker.end(who, commit=True)
    broker.files.write_error = None
    assert refusal(broker, who, client, sequence=4).code is code


def test_a_coordinator_that_is_not_there_is_no_reason_to_look_for_another_leader(broker: TransactingBroker) -> None:
    who = broker.begin()
    state = broker.context.transactions._log.partition(broker.context.transactions._coordinator.partition_of(ID))
    state.take_offline(OSError(5, "Input/output error"))
    for client in (V2_CLIENT, NEW_V1_CLIENT):
        refused = refusal(broker, who, client)
        assert (refused.code, isinstance(refused, ExplainedRefusal)) == (ErrorCode.NOT_ENOUGH_REPLICAS, True)
        assert "NOT_COORDINATOR" in (refused.why or "")
