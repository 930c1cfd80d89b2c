"""What administrators' tools ask for beyond topics and groups, with the stock clients that can ask it."""

from collections.abc import Iterator
from typing import Any

import pytest

from .stock_client import Message, StockClient, create, send_all
from .with_kafka_python import KafkaAdminClient


@pytest.fixture
def kafka_python(bootstrap: str) -> Iterator[Any]:
    """kafka-python's admin client: the one that has nearly every call."""
    made: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
    yield made
    made.close()


def test_the_size_of_a_partition_on_disk_is_that_of_its_records(
    kafka_python: Any, admin: StockClient, topic: str
) -> None:
    def sizes() -> dict[int, int]:
        (broker,) = kafka_python.describe_log_dirs()
        (log_dir,) = broker["log_dirs"]
        (found,) = (one for one in log_dir["topics"] if one["name"] == topic)
        return {one["partition_index"]: one["partition_size"] for one in found["partitions"]}

    create(admin, topic, 2)
    assert sizes() == {0: 0, 1: 0}
    send_all(admin, topic, [Message(b"x" * 1000, partition=1)])
    first = sizes()
    assert first[0] == 0
    assert 1000 < first[1] < 1200
    send_all(admin, topic, [Message(b"x" * 1000, partition=1)])
    assert sizes()[1] == 2 * first[1]
