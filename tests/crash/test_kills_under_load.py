"""kill -9, again and again, while stock idempotent producers write: nothing acknowledged is lost, nothing doubled."""

import gc
import random
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from odradek.storage.checking.directory import DirectoryCheck
from odradek.storage.checking.findings import Finding
from odradek.storage.files.read_only_files import ReadOnlyFiles

from ..brokers import BrokerProcess
from ..conftest import FreshBroker, Rounds
from .writers import Writer, Writing, with_aiokafka, with_confluent_kafka, with_kafka_python

TOPIC = "numbers"
PARTITIONS = 3
DEADLINE_S = 60.0
WRITERS: dict[str, Writing] = {
    "confluent-kafka": with_confluent_kafka,
    "aiokafka": with_aiokafka,
    "kafka-python": with_kafka_python,
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # see _let_go
@pytest.mark.timeout(3600)
def test_kills_under_load_lose_nothing_and_double_nothing(
    fresh_broker: FreshBroker, is_oracle: bool, rounds: Rounds
) -> None:
    if is_oracle:
        pytest.skip("it is about our own files")
    chance = random.Random(9)
    broker = fresh_broker({"log.segment.bytes": "1048576"})
    _create_topic(broker)
    writers = [Writer(name, broker.address, TOPIC, PARTITIONS, writing) for name, writing in WRITERS.items()]
    try:
        for _ in range(rounds(10, 500)):
            for writer in writers:
                writer.progress.wait_for(chance.randrange(1, 200), DEADLINE_S)
            broker.kill()
            broker.start()
        broker.kill()
        assert [one for one in _findings(broker) if not one.is_explained] == []
        broker.start()
    finally:
        for writer in writers:
            writer.stop()
    for writer in writers:
        writer.finish()
    for writer, stored in _stored(broker, writers).items():
        assert stored == [list(range(sent)) for sent in writer.sent], writer.name
    broker.stop()
    assert _findings(broker) == []
    _let_go()


def _let_go() -> None:
    """aiokafka forgets connections that break while they are made: let them be found here, and in no other test."""
    gc.collect()


def _create_topic(broker: BrokerProcess) -> None:
    admin = AdminClient({"bootstrap.servers": broker.address})
    (created,) = admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)]).values()
    created.result(DEADLINE_S)


def _findings(broker: BrokerProcess) -> list[Finding]:
    return DirectoryCheck(ReadOnlyFiles(), str(broker.data_dir), is_deep=True).run().finish()


def _stored(broker: BrokerProcess, writers: list[Writer]) -> dict[Writer, list[list[int]]]:
    """The numbers that each writer's partitions hold, in the order of their offsets."""
    by_name = {writer.name: writer for writer in writers}
    stored = {writer: [list[int]() for _ in range(PARTITIONS)] for writer in writers}
    for partition in range(PARTITIONS):
        for value in _values(broker, partition):
            name, number, _ = value.split(b" ", 2)
            stored[by_name[name.decode()]][partition].append(int(number))
    return stored


def _values(broker: BrokerProcess, partition: int) -> Iterator[bytes]:
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "reader", "check.crcs": True})
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=DEADLINE_S)
        consumer.assign([TopicPartition(TOPIC, partition, 0)])
        offset = 0
        while offset < end:
            message = consumer.poll(DEADLINE_S)
            assert message is not None
            assert message.error() is None, message.error()
            assert message.offset() == offset
            yield message.value() or b""
            offset += 1
    finally:
        consumer.close()
