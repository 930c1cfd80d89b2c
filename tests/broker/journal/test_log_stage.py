"""What logs made of batches: there already, or refused, and why."""

import pytest
from confluent_kafka import KafkaException, Producer

from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import ProduceResponse

from ..handlers.broker_harness import batch, produce_request
from .conftest import Clients, decided


def test_a_batch_that_is_sent_again_after_a_lost_answer_is_a_duplicate(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("orders", 1)
    cluster.produce("orders", [b"before"])
    cluster.faults.add(api="Produce", action="disconnect_after", times=1)
    producer = clients.producer("shop", **{"enable.idempotence": True})
    producer.produce("orders", b"one")
    assert producer.flush(20) == 0
    assert [one.value for one in cluster.records("orders")] == [b"before", b"one"]
    first, second = cluster.requests("Produce")
    assert first.outcome == "disconnected: fault-1: disconnected before the answer"
    (told,) = decided(cluster, "partition", "orders-0")
    assert f"of Produce of shop (#{second.number}): a duplicate of what lies at offset 1" in told
    assert "not appended again" in cluster.explain_partition("orders", 0)


def test_what_is_new_is_no_decision(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    producer = clients.producer("shop", **{"enable.idempotence": True})
    for _ in range(5):
        producer.produce("t", b"v")
        producer.flush(20)
    assert decided(cluster, "partition", "t-0") == []


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ((5, 2), "refused, OUT_OF_ORDER_SEQUENCE_NUMBER: the next sequence of this producer here is 1"),
        ((0, 1), "refused, INVALID_PRODUCER_EPOCH: this producer has been seen here at epoch 2"),
    ],
)
def test_a_refused_batch_says_what_the_log_knows(cluster: KafkaCluster, second: tuple[int, int], why: str) -> None:
    cluster.topic("t", 1)
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        for sequence, epoch in ((0, 2), second):
            sent = batch(pid=7, sequence=sequence, epoch=epoch)
            wire.ask(produce_request({"t": {0: sent}}), 9, ProduceResponse)
    (told,) = decided(cluster, "partition", "t-0")
    assert told.startswith("the batch of producer 7 epoch ")
    assert why in told


@pytest.mark.parametrize("index", [1, 7, -1])
def test_a_batch_for_a_partition_that_does_not_exist_is_answered(cluster: KafkaCluster, index: int) -> None:
    cluster.topic("t", 1)
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        answer = wire.ask(produce_request({"t": {index: batch(b"v")}}), 9, ProduceResponse)
    assert answer.responses[0].partition_responses[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    (told,) = decided(cluster, "partition", f"t-{index}")
    assert told.endswith("refused, UNKNOWN_TOPIC_OR_PARTITION")


def test_a_batch_that_is_too_large_is_measured(cluster: KafkaCluster) -> None:
    cluster.topic("t", 1, {"max.message.bytes": "200"})
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        wire.ask(produce_request({"t": {0: batch(bytes(300))}}), 9, ProduceResponse)
    (told,) = decided(cluster, "partition", "t-0")
    assert "a batch of 1 records of Produce of shop" in told
    assert "refused, MESSAGE_TOO_LARGE: " in told
    assert "max.message.bytes is 200" in told


def test_a_write_of_a_fenced_producer_names_what_fenced_it(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    old: Producer = clients.producer("old", **{"transactional.id": "x"})
    old.begin_transaction()
    old.produce("t", b"v")
    old.flush(20)
    clients.producer("new", **{"transactional.id": "x"})
    old.produce("t", b"late")
    with pytest.raises(KafkaException):
        old.flush(20)
    refused = [one for one in decided(cluster, "partition", "t-0") if "refused" in one]
    assert refused
    assert "of Produce of old" in refused[0]
    assert "fenced by #" in refused[0]
    assert "InitProducerId of new" in refused[0]
