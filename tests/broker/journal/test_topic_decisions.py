"""Why topics came and went."""

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from odradek.broker.testing.kafka_cluster import KafkaCluster

from .conftest import Clients, decided


def told(cluster: KafkaCluster, topic: str) -> list[str]:
    return decided(cluster, "topic", topic)


def test_an_automatic_topic_names_the_client_that_asked_for_it(cluster: KafkaCluster, clients: Clients) -> None:
    producer = clients.producer("shop")
    producer.produce("orders", b"v")
    assert producer.flush(20) == 0
    (what,) = told(cluster, "orders")
    asked = next(one for one in cluster.requests("Metadata") if "orders" in one.topics)
    assert what == (
        f"created with 1 partition automatically (auto.create.topics.enable) by Metadata of shop (#{asked.number})"
    )
    assert what in cluster.explain_partition("orders", 0)
    assert what in cluster.explain_client("shop")


def test_topics_that_are_asked_for_name_the_request(cluster: KafkaCluster) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap, "client.id": "ops"})
    admin.create_topics([NewTopic("t", 2)])["t"].result(20)
    admin.create_partitions([NewPartitions("t", 3)])["t"].result(20)
    admin.delete_topics(["t"])["t"].result(20)
    created, grown, deleted = told(cluster, "t")
    assert created.startswith("created with 2 partitions by CreateTopics of ops (#")
    assert grown.startswith("has 3 partitions now")
    assert deleted.startswith("deleted by DeleteTopics of ops (#")


def test_a_topic_past_every_client_and_one_of_a_coordinator(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    assert told(cluster, "t") == ["created with 1 partition past every client"]
    clients.producer("one", **{"transactional.id": "x"})
    (what,) = told(cluster, "__transaction_state")
    assert what.startswith("created with 50 partitions, when it was first needed, by FindCoordinator of one (#")
