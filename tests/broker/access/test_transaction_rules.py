"""Ids of producers and of transactions, for clients that may use some of them."""

from odradek.broker.security.authorization.acl import Operation
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from odradek.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)

from .secured_broker import CLUSTER, CLUSTER_NAME, TOPIC, TXN, SecuredBroker, code_of

WRITE, DESCRIBE = Operation.WRITE, Operation.DESCRIBE
TXN_DENIED, CLUSTER_DENIED, TOPIC_DENIED, NOT_ATTEMPTED, UNKNOWN = 53, 31, 29, 55, 3


def begin(broker: SecuredBroker, transactional_id: str | None) -> InitProducerIdResponse:
    request = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout_ms=1000)
    return broker.serve(request, 4, InitProducerIdResponse)


def test_whoever_may_write_anything_gets_an_id() -> None:
    broker = SecuredBroker()
    assert code_of(begin(broker, None)) == CLUSTER_DENIED
    broker.allow(TOPIC, "t", WRITE)
    assert code_of(begin(broker, None)) == 0
    broker.deny(TOPIC, "*", WRITE)
    assert code_of(begin(broker, None)) == CLUSTER_DENIED
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.IDEMPOTENT_WRITE)
    assert code_of(begin(broker, None)) == 0


def test_a_transaction_is_all_or_nothing() -> None:
    broker = SecuredBroker()
    broker.create("mine")
    broker.create("yours")
    assert code_of(begin(broker, "x")) == TXN_DENIED
    broker.allow(TXN, "x", WRITE)
    begun = begin(broker, "x")

    def add(*names: str) -> dict[str, int]:
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id="x",
            v3_and_below_producer_id=begun.producer_id,
            v3_and_below_producer_epoch=begun.producer_epoch,
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=name, partitions=[0]) for name in names],
        )
        answer = broker.serve(request, 3, AddPartitionsToTxnResponse)
        return {
            one.name: one.results_by_partition[0].partition_error_code for one in answer.results_by_topic_v3_and_below
        }

    broker.allow(TOPIC, "mine", WRITE)
    assert add("mine", "yours") == {"mine": NOT_ATTEMPTED, "yours": TOPIC_DENIED}
    broker.allow(TOPIC, "*", WRITE)
    assert add("mine", "__consumer_offsets") == {"mine": NOT_ATTEMPTED, "__consumer_offsets": TOPIC_DENIED}
    assert add("mine", "yours") == {"mine": 0, "yours": 0}
    broker.deny(TXN, "x", WRITE)
    assert add("mine") == {"mine": TXN_DENIED}


def test_many_transactions_at_once_are_for_brokers() -> None:
    broker = SecuredBroker()
    topics = [AddPartitionsToTxnTopic(name="t", partitions=[0])]
    one = AddPartitionsToTxnTransaction(transactional_id="x", producer_id=1, producer_epoch=0, topics=topics)
    request = AddPartitionsToTxnRequest(transactions=[one])
    assert code_of(broker.serve(request, 4, AddPartitionsToTxnResponse)) == CLUSTER_DENIED
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.CLUSTER_ACTION)
    assert code_of(broker.serve(request, 4, AddPartitionsToTxnResponse)) == 0


def test_transactions_are_told_to_those_who_may_describe_them() -> None:
    broker = SecuredBroker()
    broker.allow(TXN, "*", WRITE)
    begin(broker, "mine")
    begin(broker, "yours")
    broker.deny(TXN, "yours", DESCRIBE)
    listed = broker.serve(ListTransactionsRequest(), 0, ListTransactionsResponse).transaction_states
    assert [one.transactional_id for one in listed] == ["mine"]
    request = DescribeTransactionsRequest(transactional_ids=["yours", "mine"])
    states = broker.serve(request, 0, DescribeTransactionsResponse).transaction_states
    assert [(one.transactional_id, one.error_code) for one in states] == [("yours", TXN_DENIED), ("mine", 0)]


def test_markers_are_written_by_brokers_and_administrators() -> None:
    topic = WritableTxnMarkerTopic(name="t", partition_indexes=[0])
    request = WriteTxnMarkersRequest(markers=[WritableTxnMarker(producer_id=7, producer_epoch=0, topics=[topic])])

    def told(*operations: Operation) -> tuple[int, int]:
        broker = SecuredBroker()
        broker.allow(CLUSTER, CLUSTER_NAME, *operations)
        (marker,) = broker.serve(request, 1, WriteTxnMarkersResponse).markers
        return marker.producer_id, marker.topics[0].partitions[0].error_code

    assert told(DESCRIBE) == (7, CLUSTER_DENIED)
    assert told(Operation.ALTER) == told(Operation.CLUSTER_ACTION) == (7, UNKNOWN)
