"""The journal over HTTP."""

import pytest
from confluent_kafka import Producer

from .served import Served


@pytest.fixture
def asked(cluster: Served) -> Served:
    """A cluster that a producer, `shop`, has made a topic of."""
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "client.id": "shop"})
    producer.produce("orders", b"one")
    assert producer.flush(20) == 0
    return cluster


def test_requests_and_decisions_are_listed(asked: Served) -> None:
    entries = asked.call("GET", "/v1/journal")["entries"]
    assert {one["kind"] for one in entries} == {"request", "decision"}
    created = next(one for one in entries if one.get("name") == "orders")
    assert (created["subject"], created["what"].split(" by ")[0]) == (
        "topic",
        "created with 1 partition automatically (auto.create.topics.enable)",
    )
    cause = next(one for one in entries if one["number"] == created["cause"])
    assert (cause["api"], cause["client_id"]) == ("Metadata", "shop")


def test_requests_are_found_by_what_they_are(asked: Served) -> None:
    path = f"/v1/journal?cluster={asked.cluster}"
    (produced,) = asked.send("GET", f"{path}&api=produce&client_id=shop&topic=orders")[1]["entries"]
    assert produced["answer"]["responses"][0]["partitionResponses"][0]["baseOffset"] == 0
    assert asked.send("GET", f"{path}&group=g")[1] == {"entries": []}
    entries = asked.send("GET", f"{path}&most=1")[1]["entries"]
    assert len(entries) == 1
    assert asked.send("GET", f"{path}&after={entries[0]['number']}")[1]["entries"] == []
    status, said = asked.send("GET", f"{path}&api=Prodcue")
    assert (status, said["error"]) == (400, "there is no API 'Prodcue'; did you mean 'Produce'?")


def test_things_are_explained_or_said_not_to_be_there(asked: Served) -> None:
    assert asked.call("GET", "/v1/explain/client/shop")["text"].startswith("client shop from 127.0.0.1:")
    text = asked.call("GET", "/v1/explain/partition/orders")["text"]
    assert text.startswith("partition orders-0: log start 0, high watermark 1, last stable offset 1")
    for path, why in (
        ("group/g", "there is no group 'g'; there are: none"),
        ("transaction/x", "there is no transactional id 'x'; there are: none"),
        ("partition/order", "there is no topic 'order'; there are: orders; did you mean 'orders'?"),
        ("client/shp", "there is no client 'shp'; there are: shop; did you mean 'shop'?"),
        (
            "topics/orders",
            "there is nothing to explain of a 'topics'; there is of: group, transaction, partition, client",
        ),
    ):
        assert asked.refused("GET", f"/v1/explain/{path}") == (404, why)


def test_the_cluster_that_is_served_has_a_journal_of_its_own(asked: Served, served: Served) -> None:
    Producer({"bootstrap.servers": served.bootstrap, "client.id": "till"}).list_topics(timeout=20)
    clients = {one.get("client_id") for one in served.send("GET", "/v1/journal")[1]["entries"]}
    assert "till" in clients
    assert "shop" not in clients


def test_a_partition_that_is_offline_is_explained_and_keeps_an_export_from_being_made(asked: Served) -> None:
    asked.call("POST", "/v1/topics", {"name": "synced", "partitions": 1, "config": {"flush.messages": 1}})
    asked.call("POST", "/v1/faults", {"topic": "synced", "action": "fsync_error", "times": 1})
    given = {"records": [{"value": "a"}]}
    assert asked.refused("POST", "/v1/topics/synced/records", given)[0] == 503
    text = asked.call("GET", "/v1/explain/partition/synced")["text"]
    assert text.startswith("partition synced-0 is offline until the broker is started again: [Errno 5]")
    status, said = asked.refused("GET", "/v1/export")
    assert (status, said.split(" until ")[0]) == (503, "KAFKA_STORAGE_ERROR: synced-0 is offline")
