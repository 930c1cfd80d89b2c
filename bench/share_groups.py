"""Share groups (KIP-932): how many records a second members read and acknowledge, alone and several together."""

import threading
import time
import uuid

from confluent_kafka import Producer, ShareConsumer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from .workloads import Rate, new_topic

BATCH_RECORDS = 100  # as small producers send them; a batch is never divided, so large ones say little of the broker
DEADLINE_S = 180.0


def share(bootstrap: str, members: int, count: int, size: int = 100) -> Rate:
    """Write `count` records, then have `members` read and acknowledge them: from the first one to the last commit."""
    topic = new_topic(bootstrap)
    group = f"group-{topic}"
    _begin_at_the_start(bootstrap, group)
    _fill(bootstrap, topic, count, size)
    reading = _Reading(count)
    threads = [threading.Thread(target=reading.read, args=(bootstrap, group, topic)) for _ in range(members)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if reading.seen < count:
        raise RuntimeError(f"{reading.seen} of {count} records were delivered")
    return Rate(reading.seen, reading.seen * size, reading.ended_s - reading.began_s)


class _Reading:
    """What all members have read between them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = 0
        self.began_s = self.ended_s = 0.0
        self._lock = threading.Lock()

    def read(self, bootstrap: str, group: str, topic: str) -> None:
        consumer = ShareConsumer({"bootstrap.servers": bootstrap, "group.id": group, "log_level": 0})
        consumer.subscribe([topic])
        deadline = time.perf_counter() + DEADLINE_S
        while self.seen < self.count and time.perf_counter() < deadline:
            found = sum(message.error() is None for message in consumer.poll(0.1))  # the next poll acknowledges them
            with self._lock:
                if found and not self.began_s:
                    self.began_s = time.perf_counter()
                self.seen += found
        consumer.commit_sync(30)
        with self._lock:
            self.ended_s = time.perf_counter()
        consumer.close()


def _begin_at_the_start(bootstrap: str, group: str) -> None:
    earliest = ConfigEntry("share.auto.offset.reset", "earliest", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.GROUP, group, incremental_configs=[earliest])
    client = AdminClient({"bootstrap.servers": bootstrap})
    for done in client.incremental_alter_configs([resource]).values():
        done.result(30)


def _fill(bootstrap: str, topic: str, count: int, size: int) -> None:
    settings = {"bootstrap.servers": bootstrap, "linger.ms": 50, "batch.num.messages": BATCH_RECORDS}
    producer = Producer({**settings, "client.id": f"fill-{uuid.uuid4().hex[:4]}"})
    for _ in range(count):
        while True:
            try:
                producer.produce(topic, b"x" * size)
                break
            except BufferError:
                producer.poll(0.01)
    if left := producer.flush(120):
        raise RuntimeError(f"{left} records were not acknowledged")
