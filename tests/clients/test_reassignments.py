"""Stock clients go on while partitions move from broker to broker, and read from the replica in their own rack."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from kafka import KafkaAdminClient
from kafka.errors import NoError
from kafka.structs import TopicPartition

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster

from .stock_client import until

SETTINGS = {
    "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
    "replica.fetch.max.bytes": "6000",
}


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def kafka(host: ClusterHost, is_oracle: bool) -> Iterator[KafkaCluster]:
    if is_oracle:
        pytest.skip("three brokers of Apache Kafka are tested beside ours in tests/oracle")
    with host.cluster(SETTINGS, brokers=3, racks=["a", "b", "c"]) as kafka:
        yield kafka


def produce(kafka: KafkaCluster, topic: str, values: list[bytes], **settings: int) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all", "log_level": 0, **settings})
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0


def consume(kafka: KafkaCluster, topic: str, count: int, **settings: str) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": f"readers-of-{topic}",
            "auto.offset.reset": "earliest",
            "log_level": 0,
            **settings,
        }
    )
    consumer.subscribe([topic])
    values: list[bytes | None] = []
    deadline = time.monotonic() + 60
    while len(values) < count and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            values.append(message.value())
    consumer.close()
    return values


def test_a_consumer_reads_from_the_replica_in_its_own_rack(kafka: KafkaCluster) -> None:
    kafka.topic("near", 1)
    values = [b"%d" % number for number in range(50)]
    produce(kafka, "near", values)
    leader = kafka.leader("near", 0)
    other = next(one for one in kafka.brokers if one != leader)
    assert consume(kafka, "near", 50, **{"client.rack": "abc"[other - 1], "client.id": "near"}) == values
    fetched = [one for one in kafka.requests() if one.api == "Fetch" and one.client_id == "near"]
    served = [one.broker for one in fetched]
    assert other in served


@pytest.fixture
def admin(kafka: KafkaCluster) -> Iterator[Any]:
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka.bootstrap.split(","))
    yield admin
    admin.close()


def move(admin: Any, topic: str, replicas: list[int]) -> None:
    partition = TopicPartition(topic, 0)
    (error,) = admin.alter_partition_reassignments({partition: replicas}).values()
    assert error in (None, NoError)


def is_moving(admin: Any) -> bool:
    return bool(admin.list_partition_reassignments())


def test_a_partition_that_moves_between_brokers_loses_nothing(kafka: KafkaCluster, admin: Any) -> None:
    kafka.topic("moving", 1)
    written: list[bytes] = []
    for replicas in ([1], [2], [3, 1], [1, 2, 3]):
        values = [b"%d-%d" % (replicas[0], number) for number in range(20)]
        produce(kafka, "moving", values)
        written += values
        move(admin, "moving", replicas)
        until(lambda: not is_moving(admin), "the partition arrives")
        kafka.await_in_sync("moving")
        assert sorted(kafka.isr("moving", 0)) == sorted(replicas)
    assert consume(kafka, "moving", len(written)) == written


def test_a_move_to_a_broker_that_is_down_waits_until_it_is_back(kafka: KafkaCluster, admin: Any) -> None:
    kafka.topic("waiting", 1)
    produce(kafka, "waiting", [b"one"])
    move(admin, "waiting", [1, 2])
    until(lambda: not is_moving(admin), "the partition arrives")
    kafka.brokers[3].kill()
    move(admin, "waiting", [3])
    assert is_moving(admin)
    produce(kafka, "waiting", [b"two"])
    kafka.brokers[3].start()
    until(lambda: not is_moving(admin), "the partition arrives")
    assert kafka.leader("waiting", 0) == 3
    assert consume(kafka, "waiting", 2) == [b"one", b"two"]


def alter(admin: AdminClient, kind: ResourceType, name: str, configs: dict[str, str | None]) -> None:
    """None takes a config back."""
    changes = [
        ConfigEntry(
            key,
            value or "",
            incremental_operation=AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET,
        )
        for key, value in configs.items()
    ]
    (altered,) = admin.incremental_alter_configs([ConfigResource(kind, name, incremental_configs=changes)]).values()
    altered.result(30)


def test_a_throttled_move_takes_the_time_that_its_rate_says(kafka: KafkaCluster, admin: Any) -> None:
    """What kafka-reassign-partitions --throttle does (KIP-73), and --verify once it is over."""
    confluent = AdminClient({"bootstrap.servers": kafka.bootstrap})
    kafka.clock.freeze()
    kafka.topic("slow", 1)
    move(admin, "slow", [1, 2])
    until(lambda: not is_moving(admin), "the partition arrives")
    values = [b"%04d" % number * 250 for number in range(100)]
    produce(kafka, "slow", values, **{"batch.num.messages": 5})
    rates: dict[str, str | None] = {f"{side}.replication.throttled.rate": "10000" for side in ("leader", "follower")}
    replicas: dict[str, str | None] = {
        "leader.replication.throttled.replicas": "0:1,0:2",
        "follower.replication.throttled.replicas": "0:3",
    }
    for node_id in kafka.brokers:
        alter(confluent, ResourceType.BROKER, str(node_id), rates)
    alter(confluent, ResourceType.TOPIC, "slow", replicas)
    move(admin, "slow", [1, 2, 3])
    seconds = 0
    while is_moving(admin) and seconds < 60:
        kafka.clock.advance(seconds=1)
        seconds += 1
        assert seconds > 5 or len(kafka.brokers[3].records("slow", 0)) < 100
    assert 8 <= seconds <= 11
    assert [record.value for record in kafka.brokers[3].records("slow", 0)] == values
    for node_id in kafka.brokers:
        alter(confluent, ResourceType.BROKER, str(node_id), dict.fromkeys(rates))
    alter(confluent, ResourceType.TOPIC, "slow", dict.fromkeys(replicas))
    move(admin, "slow", [3])
    until(lambda: not is_moving(admin), "the partition arrives")
    assert kafka.leader("slow", 0) == 3
