"""What every adapter of a client library must do against a real broker, whatever the library calls it.

`adapter_story.py LIBRARY BOOTSTRAP CHECK TOPIC GROUP`, for the libraries leave threads and warnings behind.
"""

import subprocess
import sys
import time

import pytest

from odradek.broker.tools.verify.history import Isolation, Record, TopicPartition
from odradek.broker.tools.verify.library import ClientError, Consumer, Library, Producer, open_library
from odradek.broker.tools.verify.with_confluent_kafka import ConfluentKafka

CALL_S = 20.0


class Adapter:
    """A library at a broker, and a topic of one partition that nobody else uses."""

    def __init__(self, name: str, bootstrap: str, topic: str) -> None:
        self.library: Library = open_library(name, bootstrap)
        self.topic = topic
        self.where = TopicPartition(topic, 0)
        ConfluentKafka(bootstrap).create_topics({topic: 1}, CALL_S)

    def record(self, value: str) -> Record:
        return Record(self.topic, 0, value)

    def producer(self, *, codec: str = "none") -> Producer:
        """A transactional producer of the topic's own id, ready to begin."""
        producer = self.library.producer(f"id-{self.topic}", 10.0, codec)
        producer.init_transactions(CALL_S)
        return producer

    def read(self, isolation: Isolation, until: str) -> list[str]:
        """Every value up to this one."""
        consumer = self.library.consumer(None, isolation)
        consumer.assign({self.where: 0})
        try:
            return self.polled(consumer, until)
        finally:
            consumer.close()

    def polled(self, consumer: Consumer, until: str) -> list[str]:
        values, deadline = list[str](), time.monotonic() + CALL_S
        while until not in values:
            assert time.monotonic() < deadline, f"{until} was not read after {values}"
            values += [record.value for record in consumer.poll(100, 0.5)]
        return values


def check_transactions(adapter: Adapter, group: str) -> None:
    """Committed records are read, aborted ones only with read_uncommitted; each send has its offsets."""
    producer = adapter.producer()
    producer.begin()
    delivery = producer.send([adapter.record("one"), adapter.record("two")], CALL_S)
    assert (delivery.is_complete, list(delivery.offsets)) == (True, [0, 1])
    producer.commit(CALL_S)
    producer.begin()
    assert producer.send([adapter.record("aborted")], CALL_S).is_complete
    producer.abort(CALL_S)
    producer.begin()
    assert producer.send([adapter.record("last")], CALL_S).is_complete
    producer.commit(CALL_S)
    producer.close()
    assert adapter.read(Isolation.READ_COMMITTED, "last") == ["one", "two", "last"]
    assert adapter.read(Isolation.READ_UNCOMMITTED, "last") == ["one", "two", "aborted", "last"]


def check_codecs(adapter: Adapter, group: str) -> None:
    """Every codec that the library names can be written and read."""
    for codec in adapter.library.codecs:
        producer = adapter.library.producer(None, 0.0, codec)
        assert producer.send([adapter.record(codec)], CALL_S).is_complete
        producer.close()
    last = adapter.library.codecs[-1]
    assert adapter.read(Isolation.READ_COMMITTED, last) == list(adapter.library.codecs)


def check_fencing(adapter: Adapter, group: str) -> None:
    """The older of two producers of one id is refused, and what it had open is aborted."""
    older = adapter.producer()
    older.begin()
    assert older.send([adapter.record("zombie")], CALL_S).is_complete
    newer = adapter.producer()
    with pytest.raises(ClientError):
        older.commit(CALL_S)
    older.abandon()
    newer.begin()
    assert newer.send([adapter.record("newer")], CALL_S).is_complete
    newer.commit(CALL_S)
    newer.close()
    assert adapter.read(Isolation.READ_COMMITTED, "newer") == ["newer"]


def check_offsets(adapter: Adapter, group: str) -> None:
    """Offsets are read back as they were committed, by a consumer or in a transaction; None where there are none."""
    committer = adapter.library.consumer(group, Isolation.READ_COMMITTED)
    assert committer.committed([adapter.where], CALL_S).get(adapter.where) is None
    committer.commit({adapter.where: 3}, CALL_S)
    assert committer.committed([adapter.where], CALL_S) == {adapter.where: 3}
    producer = adapter.producer()
    for is_commit, expected in ((False, 3), (True, 7)):
        producer.begin()
        assert producer.send([adapter.record("copy")], CALL_S).is_complete
        producer.send_offsets({adapter.where: 7}, group, committer, CALL_S)
        (producer.commit if is_commit else producer.abort)(CALL_S)
        assert committer.committed([adapter.where], CALL_S) == {adapter.where: expected}
    producer.close()
    committer.close()


def check_groups(adapter: Adapter, group: str) -> None:
    """A consumer goes on where its group has committed, and goes back where it is told to."""
    producer = adapter.library.producer(None, 0.0, "none")
    assert producer.send([adapter.record(value) for value in ("one", "two", "three")], CALL_S).is_complete
    producer.close()
    consumer = adapter.library.consumer(group, Isolation.READ_COMMITTED)
    consumer.commit({adapter.where: 1}, CALL_S)
    if adapter.library.fences_by_group:
        consumer.subscribe(adapter.topic)
    else:
        consumer.resume([adapter.where])
    assert adapter.polled(consumer, "three") == ["two", "three"]
    assigned = consumer.assignments
    consumer.seek({adapter.where: 0})
    assert adapter.polled(consumer, "three") == ["one", "two", "three"]
    assert consumer.assignments >= assigned
    consumer.abandon()


CHECKS = {
    check.__name__: check for check in (check_transactions, check_codecs, check_fencing, check_offsets, check_groups)
}


def assert_holds(library: str, bootstrap: str, check: str, topic: str, group: str) -> None:
    """Run one check in a process of its own."""
    line = [sys.executable, __file__, library, bootstrap, check, topic, group]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


if __name__ == "__main__":
    library, bootstrap, check, topic, group = sys.argv[1:]
    CHECKS[check](Adapter(library, bootstrap, topic), group)
