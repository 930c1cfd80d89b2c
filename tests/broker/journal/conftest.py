"""A cluster with a journal, and stock clients of it."""

from collections.abc import Iterator
from typing import Protocol

import pytest
from confluent_kafka import Consumer, Producer

from odradek.broker.journal.entries import Decision, Subject
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster


class Clients(Protocol):
    """Makes clients by their ids."""

    def producer(self, client_id: str, **settings: object) -> Producer: ...
    def consumer(self, client_id: str, group: str, topic: str, **settings: object) -> Consumer: ...


class _Clients:
    def __init__(self, bootstrap: str) -> None:
        self._common: dict[str, object] = {"bootstrap.servers": bootstrap, "log_level": 0}
        self.consumers: list[Consumer] = []

    def producer(self, client_id: str, **settings: object) -> Producer:
        producer = Producer({**self._common, "client.id": client_id, **settings})
        if "transactional.id" in settings:
            producer.init_transactions(20)
        return producer

    def consumer(self, client_id: str, group: str, topic: str, **settings: object) -> Consumer:
        own = {"client.id": client_id, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
        consumer = Consumer({**self._common, **own, **settings})
        consumer.subscribe([topic])
        self.consumers.append(consumer)
        return consumer


def decided(cluster: KafkaCluster, subject: Subject, name: str) -> list[str]:
    """What was decided about something, the newest last."""
    return [
        one.what
        for one in cluster.journal()
        if isinstance(one, Decision) and (one.subject, one.name) == (subject, name)
    ]


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost, request: pytest.FixtureRequest) -> Iterator[KafkaCluster]:
    """One with Kafka's defaults, or with the settings that a test parametrises it with."""
    with host.cluster(getattr(request, "param", None)) as cluster:
        yield cluster


@pytest.fixture
def clients(cluster: KafkaCluster) -> Iterator[Clients]:
    clients = _Clients(cluster.bootstrap)
    yield clients
    cluster.clock.run()
    for consumer in clients.consumers:
        consumer.close()
