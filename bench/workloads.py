"""What is measured: each workload drives one broker with confluent-kafka (librdkafka) and returns figures."""

import statistics
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


@dataclass(frozen=True, slots=True)
class Rate:
    """A throughput: records and bytes in a time."""

    records: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.records / self.seconds:>10,.0f} records/s {self.bytes / self.seconds / 1e6:>8.1f} MB/s"

    @property
    def per_second(self) -> float:
        return self.records / self.seconds


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds at two percentiles."""

    p50_ms: float
    p99_ms: float

    def __str__(self) -> str:
        return f"p50 {self.p50_ms:>7.2f} ms   p99 {self.p99_ms:>7.2f} ms"


# What a client needs besides the address.
Security = Mapping[str, str]
NO_SECURITY: Security = MappingProxyType({})


def new_topic(
    bootstrap: str,
    partitions: int = 1,
    config: Mapping[str, str] | None = None,
) -> str:
    """A topic of its own for one workload; returns when it can be written to."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, partitions, 1, config=dict(config or {}))])[name].result(30)
    producer = Producer({"bootstrap.servers": bootstrap})
    while name not in producer.list_topics(timeout=10).topics:
        pass
    return name


def produce(
    bootstrap: str, topic: str, count: int, size: int, *, is_varied: bool = False, security: Security = NO_SECURITY
) -> Rate:
    """Write `count` records of `size` bytes as fast as they go, acks=all, librdkafka's own batching.

    Or of 0.6 to 1.4 times as many, which a broker cannot look at all at once.
    """
    producer = Producer(
        {"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 1_000_000, "linger.ms": 5, **security}
    )
    content = bytes(range(256)) * (2 * size // 256 + 1)
    sizes = [size * (60 + n * 7919 % 81) // 100 for n in range(81)] if is_varied else [size]
    values = [content[:one] for one in sizes]
    started = time.perf_counter()
    for n in range(count):
        while True:
            try:
                producer.produce(topic, values[n % len(values)])
                break
            except BufferError:
                producer.poll(0.01)
        if n % 1000 == 0:
            producer.poll(0)
    left = producer.flush(120)
    if left:
        raise RuntimeError(f"{left} records were not acknowledged")
    return Rate(count, count * size, time.perf_counter() - started)


def consume(bootstrap: str, topic: str, count: int, size: int, security: Security = NO_SECURITY) -> Rate:
    """Read what `produce` wrote, from the beginning."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"bench-{uuid.uuid4().hex[:8]}",
            "enable.auto.commit": False,
            # Otherwise librdkafka pauses for a second whenever the broker is faster than the reader.
            "queued.min.messages": 10_000_000,
            "queued.max.messages.kbytes": 2_000_000,
            **security,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    seen = 0
    started = time.perf_counter()
    while seen < count:
        messages = consumer.consume(10_000, timeout=10)
        if not messages:
            raise RuntimeError(f"only {seen} of {count} records came")
        seen += sum(1 for m in messages if m.error() is None)
    elapsed = time.perf_counter() - started
    consumer.close()
    return Rate(count, count * size, elapsed)


def acked_record(bootstrap: str, topic: str, count: int, security: Security = NO_SECURITY) -> Latency:
    """One record at a time, each acknowledged before the next is sent."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "acks": "all", **security})
    times: list[float] = []
    for _ in range(count):
        started = time.perf_counter()
        producer.produce(topic, b"x" * 100)
        producer.flush(10)
        times.append((time.perf_counter() - started) * 1000)
    return _latency(times)


def compaction(bootstrap: str, data_dir: Path, count: int) -> tuple[Rate, Latency]:
    """Compact `count` records of 100 B, a tenth as many keys; single acknowledged records to another topic meanwhile.

    The records are dated so that nothing may be compacted before all are there. A broker's checkpoint tells the end.
    """
    config = {"cleanup.policy": "compact", "min.compaction.lag.ms": "1", "segment.bytes": str(4 << 20)}
    topic, other = new_topic(bootstrap, config=config), new_topic(bootstrap)
    acked_record(bootstrap, other, 200)
    ready = time.time() + 10 + count / 50_000
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 1_000_000, "linger.ms": 5})
    for n in range(count):
        key = b"key-%09d" % (n * 7919 % (count // 10))
        while True:
            try:
                producer.produce(topic, b"x" * 87, key=key, timestamp=int(ready * 1000))
                break
            except BufferError:
                producer.poll(0.01)
        if n % 1000 == 0:
            producer.poll(0)
    producer.flush(120)
    time.sleep(max(ready - time.time(), 0))
    started = time.perf_counter()
    times: list[float] = []
    single = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "acks": "all"})
    while not (compacted := _clean_below(data_dir, topic)):
        for _ in range(100):
            began = time.perf_counter()
            single.produce(other, b"x" * 100)
            single.flush(10)
            times.append((time.perf_counter() - began) * 1000)
    return Rate(compacted, compacted * 100, time.perf_counter() - started), _latency(times)


def _clean_below(data_dir: Path, topic: str) -> int:
    """How far the broker says that a topic is compacted; all but the active segment can be."""
    path = data_dir / "cleaner-offset-checkpoint"
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith(f"{topic} 0 "):
            return int(line.split()[2])
    return 0


def end_to_end(bootstrap: str, topic: str, count: int) -> Latency:
    """From produce() to the record in a consumer that waits for it."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "bench-e2e", "fetch.wait.max.ms": 500, "enable.auto.commit": False}
    )
    consumer.assign([TopicPartition(topic, 0, _end(consumer, topic))])
    consumer.poll(1.0)
    times: list[float] = []
    for _ in range(count):
        started = time.perf_counter()
        producer.produce(topic, b"x" * 100)
        producer.poll(0)
        message = consumer.poll(10)
        if message is None or message.error() is not None:
            raise RuntimeError("the record did not come")
        times.append((time.perf_counter() - started) * 1000)
    consumer.close()
    producer.flush(10)
    return _latency(times)


def transactions(bootstrap: str, topic: str, count: int) -> tuple[float, Latency]:
    """Transactions a second, of 10 records over 2 partitions each, and how long their commits take."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"bench-{uuid.uuid4().hex[:8]}"})
    producer.init_transactions(30)
    times: list[float] = []
    began = time.perf_counter()
    for _ in range(count):
        producer.begin_transaction()
        for n in range(10):
            producer.produce(topic, b"x" * 100, partition=n % 2)
        producer.flush(10)
        started = time.perf_counter()
        producer.commit_transaction(30)
        times.append((time.perf_counter() - started) * 1000)
    return count / (time.perf_counter() - began), _latency(times)


def _end(consumer: Consumer, topic: str) -> int:
    return int(consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[1])


def _latency(times: list[float]) -> Latency:
    warm = sorted(times[len(times) // 10 :])  # the first tenth connects and compiles
    return Latency(statistics.median(warm), warm[int(len(warm) * 0.99)])
