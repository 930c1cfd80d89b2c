"""A broker that may have few files open, under a stock client that makes it write to many."""

import sys
from contextlib import closing
from pathlib import Path

import pytest

from ..conftest import FreshBroker
from .stock_client import Message, create, read_to_end
from .with_confluent_kafka import ConfluentKafka

PARTITIONS = 100
DESCRIPTORS = 60


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets the limits of another process be set")
def test_a_transaction_over_more_partitions_than_there_are_descriptors_is_committed(
    fresh_broker: FreshBroker, topic: str, is_oracle: bool
) -> None:
    import resource

    if is_oracle:
        pytest.skip("a Java process of so few descriptors does not even start")
    broker = fresh_broker({"log.flush.interval.messages": "1"})
    client = ConfluentKafka(broker.address)
    create(client, topic, PARTITIONS)
    resource.prlimit(broker.pid(), resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    messages = [Message(b"%d" % number, partition=number) for number in range(PARTITIONS)]
    with closing(client.transactional(f"x-{topic}")) as producer:
        producer.begin()
        for message in messages:
            producer.send(topic, message)
        producer.flush()
        producer.commit()
        producer.begin()
        producer.send(topic, Message(b"next", partition=0))
        producer.commit()
    first, *others = read_to_end(client, topic, "read_committed", PARTITIONS)
    assert first == [b"0", b"next"]
    assert others == [[b"%d" % number] for number in range(1, PARTITIONS)]
    client.close()
    broker.stop()
    assert Path(broker.data_dir, ".kafka_cleanshutdown").exists()
