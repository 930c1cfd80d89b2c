"""Stock clients under quotas: they are told how long to wait, wait, and lose nothing."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer
from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from odradek.broker.wire import Wire
from odradek.protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)

from .stock_client import StockClient, create

RECORD = bytes(1000)
SETTLE_S = 1.0  # Apache Kafka answers a moment before a quota holds


def limit(bootstrap: str, client_id: str, key: str, value: float | None) -> None:
    op = OpData(key=key, value=value or 0.0, remove=value is None)
    entry = EntryData(entity=[EntityData(entity_type="client-id", entity_name=client_id)], ops=[op])
    with Wire(bootstrap) as wire:
        request = AlterClientQuotasRequest(entries=[entry], validate_only=False)
        (answer,) = wire.ask(request, 1, AlterClientQuotasResponse).entries
    assert answer.error_code == 0
    time.sleep(SETTLE_S)


@pytest.fixture
def limited(bootstrap: str, topic: str) -> Iterator[str]:
    """A client id of this test, whose quotas are taken back at its end."""
    client_id = f"limited-{topic}"
    yield client_id
    for key in ("producer_byte_rate", "consumer_byte_rate", "request_percentage"):
        limit(bootstrap, client_id, key, None)


def throttles(stats: list[Any]) -> list[int]:
    return [broker["throttle"]["max"] for one in stats for broker in one["brokers"].values()]


def test_a_producer_is_throttled_and_every_record_arrives_once(
    bootstrap: str, admin: StockClient, topic: str, limited: str
) -> None:
    create(admin, topic)
    limit(bootstrap, limited, "producer_byte_rate", 50_000)
    stats: list[Any] = []
    failures: list[object] = []

    def on_stats(text: str) -> None:
        stats.append(json.loads(text))

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "client.id": limited,
            "statistics.interval.ms": 100,
            "stats_cb": on_stats,
            "enable.idempotence": True,
            "batch.size": 50_000,
        }
    )
    for _ in range(600):  # half a million bytes are free, a hundred thousand take two seconds
        producer.produce(topic, RECORD, on_delivery=lambda error, _: failures.append(error) if error else None)
        producer.poll(0)
    assert producer.flush(60) == 0
    for _ in range(5):  # the last of its statistics
        producer.poll(0.1)
    assert failures == []
    assert max(throttles(stats)) > 100
    assert len(admin.read(topic, 600)) == 600


def test_a_consumer_is_throttled_and_reads_on_in_order_once_its_quota_is_taken_back(
    bootstrap: str, admin: StockClient, topic: str, limited: str
) -> None:
    create(admin, topic)
    # A batch of more than the whole window allows would be throttled for ever, on Apache Kafka too.
    producer = Producer({"bootstrap.servers": bootstrap, "batch.size": 20_000})
    for n in range(600):
        producer.produce(topic, RECORD, key=str(n))
    assert producer.flush(60) == 0
    limit(bootstrap, limited, "consumer_byte_rate", 50_000)  # half a million bytes are free
    consumer: Any = KafkaConsumer(
        bootstrap_servers=bootstrap, client_id=limited, max_partition_fetch_bytes=100_000, enable_auto_commit=False
    )
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek_to_beginning()
    read: list[int] = []
    deadline = time.monotonic() + 60
    while throttled_ms(consumer) < 100 and time.monotonic() < deadline:
        read += polled(consumer)
    assert throttled_ms(consumer) >= 100
    assert 0 < len(read) < 600
    limit(bootstrap, limited, "consumer_byte_rate", None)
    while len(read) < 600 and time.monotonic() < deadline:
        read += polled(consumer)
    consumer.close()
    assert read == list(range(600))


def polled(consumer: Any) -> list[int]:
    """The keys of what has come."""
    return [int(record.key) for records in consumer.poll(200).values() for record in records]


def throttled_ms(consumer: Any) -> float:
    """The longest throttle that the client was told of."""
    found = [metrics.get("throttle-time-max", 0.0) for metrics in consumer.metrics().values()]
    return max((value for value in found if value == value), default=0.0)
