"""Stock clients of three brokers that die and come back in turn: what was acknowledged is there, once, and is read."""

from collections.abc import Callable, Iterator

import pytest

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster

from .conftest import CLIENTS
from .stock_client import Message, StockClient, until

SETTINGS = {
    "min.insync.replicas": 2,
    "offsets.topic.num.partitions": 3,
    "group.initial.rebalance.delay.ms": 0,
}
PARTITIONS = 3


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def kafka(host: ClusterHost, is_oracle: bool) -> Iterator[KafkaCluster]:
    if is_oracle:
        pytest.skip("three brokers of Apache Kafka are tested beside ours in tests/oracle")
    with host.cluster(SETTINGS, brokers=3, racks=["a", "b", "c"]) as kafka:
        kafka.topic("t", PARTITIONS)
        yield kafka


@pytest.fixture
def client(kafka: KafkaCluster, client_name: str) -> Iterator[StockClient]:
    client = CLIENTS[client_name](kafka.bootstrap)
    yield client
    client.close()


def killed_and_started(kafka: KafkaCluster, broker_id: int, meanwhile: Callable[[], None]) -> None:
    kafka.brokers[broker_id].kill()
    meanwhile()
    kafka.brokers[broker_id].start()


def stopped_and_started(kafka: KafkaCluster, broker_id: int, meanwhile: Callable[[], None]) -> None:
    kafka.brokers[broker_id].stop()
    meanwhile()
    kafka.brokers[broker_id].start()


def frozen_and_resumed(kafka: KafkaCluster, broker_id: int, meanwhile: Callable[[], None]) -> None:
    """A client that waits for its answer gets one when the broker goes on."""
    kafka.brokers[broker_id].freeze()
    kafka.clock.advance(seconds=10)
    kafka.brokers[broker_id].resume()
    meanwhile()


@pytest.mark.parametrize("trouble", [killed_and_started, stopped_and_started, frozen_and_resumed])
def test_records_are_written_once_and_read_though_each_broker_is_away_in_turn(
    kafka: KafkaCluster,
    client: StockClient,
    trouble: Callable[[KafkaCluster, int, Callable[[], None]], None],
) -> None:
    producer, member = client.producer(idempotent=True), client.member("g", "t")
    sent: list[bytes] = []
    read: set[bytes] = set()  # by a group that has committed nothing: it may have some of them again

    def is_all_read() -> bool:
        read.update(message.value or b"" for message in member.poll(0.2))
        return read == set(sent)

    def write_and_read() -> None:
        """A record to each partition, acknowledged by all, and read."""
        for partition in range(PARTITIONS):
            sent.append(b"%d" % len(sent))
            producer.send("t", Message(sent[-1], partition=partition))
        producer.flush()
        until(is_all_read, "all that was acknowledged is read")

    def is_at_the_end() -> bool:
        """A member that had to join again, after ten seconds without a heartbeat, begins at the beginning."""
        read.update(message.value or b"" for message in member.poll(0.2))
        return (
            kafka.groups()["g"].state == "Stable"
            and member.assigned() == set(range(PARTITIONS))
            and all(member.position(index) == len(sent) // PARTITIONS for index in range(PARTITIONS))
        )

    try:
        write_and_read()
        for broker_id in kafka.brokers:
            trouble(kafka, broker_id, write_and_read)
            kafka.await_in_sync("t")
            write_and_read()
        assert sorted((record.value or b"" for record in kafka.records("t")), key=int) == sent
        for broker_id in kafka.brokers:
            copies = [
                record.value for index in range(PARTITIONS) for record in kafka.brokers[broker_id].records("t", index)
            ]
            assert sorted((value or b"" for value in copies), key=int) == sent
        until(is_at_the_end, "the member has read all that it owns, of a group that is stable")
        member.commit()
        assert kafka.await_committed("g", {("t", index): len(sent) // PARTITIONS for index in range(PARTITIONS)})
    finally:
        producer.close()
        member.close()
