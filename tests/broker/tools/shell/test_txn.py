"""`odradek txn`: what coordinators and partitions say of transactions."""

from collections.abc import Generator
from contextlib import contextmanager

import confluent_kafka
import pytest

from odradek.broker.wire import Wire
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from .shell import Shell, values


@contextmanager
def open_transaction(shell: Shell, name: str, topic: str) -> Generator[None]:
    producer = confluent_kafka.Producer({"bootstrap.servers": shell.bootstrap, "transactional.id": name})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"v", partition=0)
    assert producer.flush(20) == 0
    yield
    producer.commit_transaction(20)


def write_without_coordinator(shell: Shell, topic: str) -> int:
    """A record of a transaction that no coordinator knows of; the producer's id."""
    with Wire(shell.bootstrap) as wire:
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
        given = wire.ask(request, 4, InitProducerIdResponse)
        stamp = ProducerStamp(given.producer_id, given.producer_epoch, 0, True)
        batch = build_batch([NewRecord(key=None, value=b"v", timestamp=1_700_000_000_000)], producer=stamp)
        data = TopicProduceData(name=topic, partition_data=[PartitionProduceData(index=0, records=batch)])
        produce = ProduceRequest(transactional_id="lost", acks=-1, timeout_ms=1000, topic_data=[data])
        answer = wire.ask(produce, 9, ProduceResponse)
        assert answer.responses[0].partition_responses[0].error_code == 0
        return given.producer_id


def test_a_transaction_is_listed_and_described_while_it_is_open_and_afterwards(shell: Shell) -> None:
    shell.json("topics", "create", "t")
    with open_transaction(shell, "tx", "t"):
        (row,) = shell.json("txn", "list")
        assert (row["transactional_id"], row["state"], row["coordinator"]) == ("tx", "Ongoing", 1)
        (found,) = shell.json("txn", "describe", "tx")
        assert (found["state"], found["partitions"]) == ("Ongoing", [{"topic": "t", "partition": 0}])
        assert found["since"] > 0
        line = shell.text("txn", "describe", "tx")[1]
        assert (line[:2], line[-1]) == (["tx", "Ongoing"], "t-0")
        assert shell.json("txn", "hanging") == []
        assert shell.lines("consume", "t") == []
        assert values(shell.lines("consume", "t", "--uncommitted"), "value") == ["v"]
    assert values(shell.json("txn", "describe", "tx"), "partitions") == [[]]
    assert values(shell.lines("consume", "t"), "value") == ["v"]


def test_a_transaction_that_no_coordinator_will_end_is_found(shell: Shell) -> None:
    shell.json("topics", "create", "h", "other")
    producer_id = write_without_coordinator(shell, "h")
    (found,) = shell.json("txn", "hanging")
    assert (found["topic"], found["partition"], found["producer_id"], found["start_offset"]) == ("h", 0, producer_id, 0)
    assert shell.text("txn", "hanging", "--topic", "h")[1][:3] == ["h", "0", str(producer_id)]
    assert shell.json("txn", "hanging", "--topic", "other") == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["describe", "nope"], "nope: TRANSACTIONAL_ID_NOT_FOUND"),
        (["hanging", "--topic", "nope"], "there is no topic nope"),
    ],
)
def test_what_is_not_there_is_said(shell: Shell, words: list[str], why: str) -> None:
    assert why in shell.refusal("txn", *words)
