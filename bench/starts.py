"""How long a start takes: of many partitions, and of a large log, after a clean stop and after a kill."""

import time
from collections.abc import Callable

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.brokers import BrokerProcess

from .workloads import new_topic, produce

RECORD_BYTES = 1000
IN_A_TOPIC = 1000  # Apache Kafka takes no 10,000 in one request


def measure_starts(broker: BrokerProcess, partitions: int, gigabytes: float) -> dict[str, str]:
    """Rows of one broker; the directory must be its own."""
    found: dict[str, str] = {}
    broker.start()
    _fill_many(broker.address, partitions)
    name = f"{partitions:,} partitions"
    found[f"stop, {name}"] = _timed(broker.stop)
    found[f"start, {name}, stopped"] = _timed(broker.start)
    # Each has something that a checkpoint does not know of when the kill comes.
    _write_everywhere(broker.address, partitions)
    broker.kill()
    found[f"start, {name}, killed"] = _timed(broker.start)
    found[f"one record of each, {name}"] = _timed(lambda: _read_everywhere(broker.address, partitions))
    topic = new_topic(broker.address)
    produce(broker.address, topic, int(gigabytes * 2**30 / RECORD_BYTES), RECORD_BYTES)
    end = _end_of(broker.address, topic)
    broker.kill()
    found[f"start, {gigabytes:g} GiB in one log, killed"] = _timed(broker.start)
    found[f"first answer, {gigabytes:g} GiB log"] = _timed(lambda: _check_end(broker.address, topic, end))
    broker.stop()
    found[f"start, {gigabytes:g} GiB in one log, stopped"] = _timed(broker.start)
    broker.stop()
    return found


def _timed(call: Callable[[], object]) -> str:
    began = time.perf_counter()
    call()
    return f"{(time.perf_counter() - began) * 1000:>8,.0f} ms"


def _fill_many(address: str, partitions: int) -> None:
    admin = AdminClient({"bootstrap.servers": address})
    for start in range(0, partitions, IN_A_TOPIC):
        new = NewTopic(_topic_of(start), min(IN_A_TOPIC, partitions - start), 1)
        admin.create_topics([new], request_timeout=120)[_topic_of(start)].result(120)
    _write_everywhere(address, partitions)


def _topic_of(partition: int) -> str:
    return f"many-{partition // IN_A_TOPIC}"


def _write_everywhere(address: str, partitions: int) -> None:
    producer = Producer({"bootstrap.servers": address, "linger.ms": 50, "message.timeout.ms": 300_000})
    for partition in range(partitions):
        producer.produce(_topic_of(partition), b"v" * 100, partition=partition % IN_A_TOPIC)
        producer.poll(0)
    left = producer.flush(300)
    if left:
        raise RuntimeError(f"{left} records were not acknowledged")


def _read_everywhere(address: str, partitions: int) -> None:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "starts", "enable.auto.commit": False})
    asked = [(_topic_of(partition), partition % IN_A_TOPIC) for partition in range(partitions)]
    consumer.assign([TopicPartition(*at, 1) for at in asked])
    missing = set(asked)
    while missing:
        for message in consumer.consume(1000, 0.1):
            if message.error() is None:
                missing.discard((message.topic(), message.partition()))
    consumer.close()


def _end_of(address: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "starts"})
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=120)
    consumer.close()
    return int(end)


def _check_end(address: str, topic: str, end: int) -> None:
    found = _end_of(address, topic)
    if found != end:
        raise RuntimeError(f"the log ends at {found}, not at {end}")
