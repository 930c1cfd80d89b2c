"""Idempotent producers: ids, sequences, repeats and epochs."""

from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..batches import batch
from ..wire_session import Dialogue, scenario
from .produce import produce, read_back


def new_producer(d: Dialogue) -> int:
    request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60000)
    answer = d.wire.ask(request, 4, InitProducerIdResponse)
    assert answer.error_code == 0
    return answer.producer_id


class Sequences:
    """One producer that writes to one partition, one batch a step."""

    def __init__(self, d: Dialogue, topic: str, producer_id: int) -> None:
        self._d, self._topic, self._producer_id = d, topic, producer_id

    def send(self, label: str, sequence: int, count: int = 1, *, epoch: int = 0) -> None:
        records = batch(
            [b"v"] * count, producer_id=self._producer_id, producer_epoch=epoch, sequence=sequence, base_ms=5
        )
        self._d.ask(label, produce(self._topic, records), 9, ProduceResponse)


@scenario
def ids_are_given_at_every_version(d: Dialogue) -> None:
    for version in range(6):
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60000)
        d.ask(f"v{version}", request, version, InitProducerIdResponse)
    for producer_id, epoch in ((5, -1), (-1, 5), (5, 5), (123456789, 0)):
        request = InitProducerIdRequest(transactional_id=None, producer_id=producer_id, producer_epoch=epoch)
        answer = d.wire.ask(request, 4, InitProducerIdResponse)
        d.note(f"given {producer_id} {epoch}", [answer.error_code, answer.producer_epoch, answer.producer_id == -1])
    for timeout_ms in (0, -1, 2147483647):
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=timeout_ms)
        d.ask(f"timeout {timeout_ms}", request, 4, InitProducerIdResponse)


@scenario
def repeats_are_answered_and_not_stored(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    one = Sequences(d, name, new_producer(d))
    for number in range(7):
        one.send(f"batch {number}", number * 2, 2)
    for number in range(7):
        one.send(f"batch {number} again", number * 2, 2)
    one.send("half of one again", 13, 1)
    one.send("one and a half again", 11, 3)
    one.send("the next", 14, 2)
    read_back(d, "stored", name)


@scenario
def gaps_and_beginnings(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    begins_late = Sequences(d, name, new_producer(d))
    begins_late.send("begins at 5", 5)
    begins_late.send("then 6", 6)
    begins_late.send("then 8", 8)
    begins_late.send("then 0", 0)
    begins_late.send("then 7", 7)
    other = Sequences(d, name, new_producer(d))
    other.send("another begins at 0", 0)
    other.send("no sequence", -1)
    other.send("then 1", 1)
    read_back(d, "stored", name)


@scenario
def epochs(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    one = Sequences(d, name, new_producer(d))
    one.send("epoch 0", 0, epoch=0)
    one.send("epoch 1 begins at 3", 3, epoch=1)
    one.send("epoch 1 begins at 0", 0, epoch=1)
    one.send("epoch 0 again", 1, epoch=0)
    one.send("epoch 1 again", 0, epoch=1)
    one.send("epoch 1 goes on", 1, epoch=1)
    one.send("no epoch", 2, epoch=-1)


@scenario
def sequences_wrap(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    one = Sequences(d, name, new_producer(d))
    one.send("near the end", 2147483645, 2)
    one.send("over the end", 2147483647, 3)
    one.send("after it", 2, 1)
    one.send("over the end again", 2147483647, 3)
    one.send("the last alone", 2147483647, 1)
    other = Sequences(d, name, new_producer(d))
    other.send("at the end", 2147483646, 2)
    other.send("then 1", 1)
    other.send("then 0", 0)
    read_back(d, "stored", name)


@scenario
def partitions_count_for_themselves(d: Dialogue) -> None:
    name, _ = d.create_topic("orders", 2)
    producer_id = new_producer(d)
    for partition in (0, 1):
        for label, sequence in (("first", 0), ("second", 1), ("first again", 0)):
            records = batch([b"v"], producer_id=producer_id, producer_epoch=0, sequence=sequence, base_ms=5)
            request = produce(name, records, partition=partition)
            d.ask(f"{label} of partition {partition}", request, 9, ProduceResponse)
