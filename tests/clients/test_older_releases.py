"""Stock clients and a broker that shows itself as an older Apache Kafka: the paths they fall back to."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka import Consumer, Producer
from confluent_kafka import admin as administration
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from odradek.broker.config.release import AS_VERSION
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from odradek.protocol.messages.fetch import FetchRequest, FetchResponse

OLDEST = "2.8"
LAST_WITH_ZOOKEEPER_CODE = "3.9"


@pytest.fixture(scope="module")
def clusters() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(clusters: ClusterHost, request: pytest.FixtureRequest) -> Iterator[KafkaCluster]:
    """A broker that shows itself as the release that is the parameter."""
    with clusters.cluster({AS_VERSION: request.param}) as made:
        yield made


def versions_used(cluster: KafkaCluster, api: str) -> set[int]:
    return {exchange.version for exchange in cluster.requests(api)}


def values(cluster: KafkaCluster, topic: str) -> list[bytes | None]:
    return [record.value for record in cluster.records(topic)]


@pytest.mark.parametrize("cluster", [OLDEST], indirect=True)
def test_librdkafka_falls_back_to_the_versions_of_the_release(cluster: KafkaCluster) -> None:
    cluster.topic("t", partitions=1)
    producer = Producer(
        {"bootstrap.servers": cluster.bootstrap, "enable.idempotence": True, "compression.type": "zstd"}
    )
    producer.produce("t", b"one")
    assert producer.flush(20) == 0
    consumer = Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "readers", "auto.offset.reset": "earliest"}
    )
    try:
        consumer.subscribe(["t"])
        message = consumer.poll(20)
        assert message is not None
        assert message.value() == b"one"
        consumer.commit(message=message, asynchronous=False)
    finally:
        consumer.close()
    assert max(versions_used(cluster, "Produce")) <= 9
    assert max(versions_used(cluster, "Fetch")) <= 12
    assert max(versions_used(cluster, "Metadata")) <= 11
    assert max(versions_used(cluster, "OffsetFetch")) <= 7


@pytest.mark.parametrize(
    ("cluster", "most"),
    [(OLDEST, {"Produce": 9, "Fetch": 12}), (LAST_WITH_ZOOKEEPER_CODE, {"Produce": 11, "Fetch": 17})],
    indirect=["cluster"],
)
def test_kafka_python_falls_back_to_the_versions_of_the_release(cluster: KafkaCluster, most: dict[str, int]) -> None:
    with contextlib.closing(KafkaProducer(bootstrap_servers=cluster.bootstrap)) as producer:
        producer.send("t", b"one").get(20)
    reader = KafkaConsumer("t", bootstrap_servers=cluster.bootstrap, group_id="r", auto_offset_reset="earliest")
    with contextlib.closing(reader) as consumer:
        assert next(consumer).value == b"one"
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=cluster.bootstrap)) as admin:
        assert "t" in admin.list_topics()
    for api, version in most.items():
        assert max(versions_used(cluster, api)) <= version


@pytest.mark.parametrize("cluster", [OLDEST], indirect=True)
def test_aiokafka_works_with_the_versions_of_the_release(cluster: KafkaCluster) -> None:
    async def go_round() -> object:
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap) as producer:
            await producer.send_and_wait("t", b"one")
        async with AIOKafkaConsumer(
            "t", bootstrap_servers=cluster.bootstrap, group_id="readers", auto_offset_reset="earliest"
        ) as consumer:
            message = await asyncio.wait_for(consumer.getone(), 20)
            return message.value

    assert asyncio.run(go_round()) == b"one"


@pytest.mark.parametrize("cluster", [LAST_WITH_ZOOKEEPER_CODE, "3.5"], indirect=True)
def test_a_consumer_of_the_new_protocol_joins_nothing_before_4_0(cluster: KafkaCluster) -> None:
    cluster.topic("t", partitions=1)
    cluster.produce("t", [b"one"])
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "new", "group.protocol": "consumer"})
    try:
        consumer.subscribe(["t"])
        deadline = time.monotonic() + 20
        while len(cluster.requests("FindCoordinator")) < 4 and time.monotonic() < deadline:
            assert consumer.poll(0.1) is None
        assert cluster.requests("FindCoordinator")
        assert cluster.requests("ConsumerGroupHeartbeat") == []  # it would ask at version 1, which is not listed
    finally:
        consumer.close()
    assert cluster.groups() == {}


@pytest.mark.parametrize("cluster", [LAST_WITH_ZOOKEEPER_CODE], indirect=True)
def test_where_the_new_protocol_is_a_preview_its_heartbeat_is_refused(cluster: KafkaCluster) -> None:
    request = ConsumerGroupHeartbeatRequest(group_id="new", member_id="")
    with Wire(cluster.bootstrap) as wire:
        assert wire.ask(request, 0, ConsumerGroupHeartbeatResponse).error_code == ErrorCode.UNSUPPORTED_VERSION
        assert wire.ask(FetchRequest(), 17, FetchResponse).error_code == ErrorCode.NONE  # the connection goes on


@pytest.mark.parametrize("cluster", ["4.0"], indirect=True)
def test_groups_of_the_new_protocol_are_there_from_4_0_on(cluster: KafkaCluster) -> None:
    cluster.topic("t", partitions=1)
    cluster.produce("t", [b"one"])
    consumer = Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": "new",
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
        }
    )
    try:
        consumer.subscribe(["t"])
        message = consumer.poll(20)
        assert message is not None
        assert message.value() == b"one"
    finally:
        consumer.close()


@pytest.mark.parametrize(
    ("cluster", "most"), [(OLDEST, 3), (LAST_WITH_ZOOKEEPER_CODE, 4), ("4.0", 5)], indirect=["cluster"]
)
def test_a_transaction_ends_at_the_versions_of_the_release(cluster: KafkaCluster, most: int) -> None:
    cluster.topic("t", partitions=1)
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x"})
    producer.init_transactions(20)
    for value in (b"one", b"two"):
        producer.begin_transaction()
        producer.produce("t", value)
        producer.commit_transaction(20)
    assert values(cluster, "t") == [b"one", b"two"]
    assert max(versions_used(cluster, "EndTxn")) <= most
    assert len(cluster.requests("AddPartitionsToTxn")) == 2


@pytest.mark.parametrize("cluster", [LAST_WITH_ZOOKEEPER_CODE], indirect=True)
def test_a_topic_of_an_older_broker_has_the_settings_and_defaults_of_its_time(cluster: KafkaCluster) -> None:
    cluster.topic("t", partitions=1, config={"segment.bytes": "2000"})
    exported: Any = administration  # it exports less by its types than it documents
    admin = exported.AdminClient({"bootstrap.servers": cluster.bootstrap})
    (described,) = admin.describe_configs([exported.ConfigResource(exported.ResourceType.TOPIC, "t")]).values()
    configs = described.result(20)
    assert configs["message.timestamp.after.max.ms"].value == "9223372036854775807"
    assert configs["message.format.version"].value == "3.0-IV1"
    assert "cordoned.log.dirs" not in configs


@pytest.mark.parametrize("cluster", ["3.7"], indirect=True)
def test_what_the_release_does_not_list_closes_the_connection(cluster: KafkaCluster) -> None:
    with Wire(cluster.bootstrap) as wire, pytest.raises(ClosedByPeer):
        wire.ask(DescribeTopicPartitionsRequest(), 0, DescribeTopicPartitionsResponse)
    with Wire(cluster.bootstrap) as wire, pytest.raises(ClosedByPeer):
        wire.ask(FetchRequest(), 17, FetchResponse)
    with Wire(cluster.bootstrap) as wire:
        assert wire.ask(FetchRequest(), 16, FetchResponse).error_code == 0


def test_a_release_that_is_not_there_is_refused_with_the_nearest(clusters: ClusterHost) -> None:
    with pytest.raises(ValueError, match=r"did you mean '3\.9'"):
        clusters.cluster({AS_VERSION: "3.9.0"})
