"""What is left of a stock client's throughput under quotas: the same on both brokers, or a quota is not Kafka's."""

import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

from odradek.broker.wire import Wire
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)
from tests.brokers import BrokerProcess

from .workloads import new_topic, produce

# Three samples, not eleven: what is free at first is used up sooner.
SETTINGS = {"quota.window.num": "3"}
RATE_BYTES = 2_000_000
RECORD_BYTES = 1000
WARM_S = 6.0


def measure_throttled(broker: BrokerProcess, seconds: float) -> dict[str, str]:
    """A producer and a consumer at two megabytes a second, once what is free at first is used up."""
    broker.start()
    try:
        topic = new_topic(broker.address)
        produce(broker.address, topic, 20_000, RECORD_BYTES)  # warm
        return {
            "quota of both": f"{RATE_BYTES / 1e6:.2f} MB/s",
            "produce under it": f"{_produced(broker.address, topic, seconds) / 1e6:.3f} MB/s",
            "consume under it": f"{_consumed(broker.address, seconds) / 1e6:.3f} MB/s",
        }
    finally:
        broker.stop()


def _limited(bootstrap: str, key: str) -> str:
    """A client id that has a quota."""
    client_id = f"bench-{uuid.uuid4().hex[:8]}"
    entity = [EntityData(entity_type="client-id", entity_name=client_id)]
    entry = EntryData(entity=entity, ops=[OpData(key=key, value=float(RATE_BYTES), remove=False)])
    with Wire(bootstrap) as wire:
        request = AlterClientQuotasRequest(entries=[entry], validate_only=False)
        answer = wire.ask(request, 1, AlterClientQuotasResponse)
    assert [one.error_code for one in answer.entries] == [0]
    time.sleep(1)  # Apache Kafka answers a moment before a quota holds
    return client_id


def _produced(bootstrap: str, topic: str, seconds: float) -> float:
    """Bytes of values a second that were acknowledged."""
    client_id = _limited(bootstrap, "producer_byte_rate")
    acknowledged = 0

    def on_delivery(error: object, _: object) -> None:
        nonlocal acknowledged
        assert error is None, error
        acknowledged += RECORD_BYTES

    producer = Producer({"bootstrap.servers": bootstrap, "client.id": client_id, "linger.ms": 5})
    value = bytes(RECORD_BYTES)
    before = after = 0
    began_at = time.perf_counter()
    while (passed_s := time.perf_counter() - began_at) < WARM_S + seconds:
        if not before and passed_s >= WARM_S:
            before, measured_at = acknowledged, time.perf_counter()
        try:
            producer.produce(topic, value, on_delivery=on_delivery)
            producer.poll(0)
        except BufferError:
            producer.poll(0.05)
    after = acknowledged
    rate = (after - before) / (time.perf_counter() - measured_at)
    producer.purge()
    return rate


def _fill(bootstrap: str, topic: str, count: int) -> None:
    """In small batches: of a large one at the limit of a fetch Apache Kafka sends a part, which counts and is lost."""
    producer = Producer({"bootstrap.servers": bootstrap, "batch.size": 16_384})
    for _ in range(count):
        producer.produce(topic, bytes(RECORD_BYTES))
        if len(producer) > 50_000:
            producer.poll(0.05)
    assert producer.flush(120) == 0


def _consumed(bootstrap: str, seconds: float) -> float:
    """Bytes of values a second that have come."""
    topic = new_topic(bootstrap)
    _fill(bootstrap, topic, int((WARM_S + seconds + 8) * RATE_BYTES / RECORD_BYTES))
    client_id = _limited(bootstrap, "consumer_byte_rate")
    consumer = Consumer({"bootstrap.servers": bootstrap, "client.id": client_id, "group.id": client_id})
    consumer.assign([TopicPartition(topic, 0, 0)])
    read = before = 0
    began_at = measured_at = time.perf_counter()
    while (passed_s := time.perf_counter() - began_at) < WARM_S + seconds:
        if not before and passed_s >= WARM_S:
            before, measured_at = read, time.perf_counter()
        read += sum(len(message.value() or b"") for message in consumer.consume(1000, 0.1))
    rate = (read - before) / (time.perf_counter() - measured_at)
    consumer.close()
    return rate
