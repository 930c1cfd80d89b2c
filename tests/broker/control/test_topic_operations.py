"""Topics and records over HTTP: written and read past every client, and by stock clients."""

import re
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from .served import Served


def records(cluster: Served, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.call("GET", f"/v1/topics/t/records{query}")["records"]
    return found


def test_a_topic_is_made_and_looked_at(cluster: Served) -> None:
    made = cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 2, "config": {"retention.ms": 1000}})
    assert (made["name"], made["partitions"], made["config"]) == ("t", 2, {"retention.ms": "1000"})
    assert cluster.call("GET", "/v1/topics/t") == made
    assert cluster.call("GET", "/v1/topics")["topics"] == [made]


def test_what_is_appended_is_read_and_consumed(cluster: Served) -> None:
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
    given = [
        {"value": "é", "key": "k", "headers": [{"key": "h", "value": "x"}, {"key": "n"}], "timestamp_ms": 5},
        {"value_base64": "AP8=", "key_base64": "AQI="},
        {"value": None, "key": "gone"},
    ]
    placed = cluster.call("POST", "/v1/topics/t/records", {"records": given})["placed"]
    assert placed == [{"partition": 0, "offset": offset} for offset in range(3)]
    first, second, third = records(cluster)
    headers = [{"key": "h", "value": "x"}, {"key": "n", "value": None}]
    assert first == {
        **{"partition": 0, "offset": 0, "timestamp_ms": 5, "key": "k", "value": "é"},
        "headers": headers,
    }
    assert (second["value_base64"], second["key"]) == ("AP8=", "\x01\x02")
    assert (third["value"], third["key"]) == (None, "gone")
    assert records(cluster, "?encoding=base64&limit=1")[0]["value_base64"] == "w6k="
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g"})
    consumer.assign([TopicPartition("t", 0, 0)])
    taken = consumer.consume(3, timeout=20)
    consumer.close()
    assert [(one.key(), one.value()) for one in taken] == [
        (b"k", "é".encode()),
        (b"\x01\x02", b"\0\xff"),
        (b"gone", None),
    ]
    assert taken[0].headers() == [("h", b"x"), ("n", None)]


def test_pages_go_on_where_the_last_one_ended(cluster: Served) -> None:
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 2})
    cluster.call("POST", "/v1/topics/t/records", {"records": [{"value": str(n)} for n in range(10)]})
    page = cluster.call("GET", "/v1/topics/t/records?limit=7")
    assert [record["value"] for record in page["records"]] == ["0", "2", "4", "6", "8", "1", "3"]
    assert (page["is_complete"], page["next"]) == (False, {"partition": 1, "offset": 2})
    rest = cluster.call("GET", "/v1/topics/t/records?partition=1&from=2")
    assert [record["value"] for record in rest["records"]] == ["5", "7", "9"]
    assert rest["is_complete"]


def test_offsets_and_outcomes_of_transactions_are_seen(cluster: Served) -> None:
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "x"})
    producer.init_transactions()
    for value, end in (
        (b"kept", producer.commit_transaction),
        (b"lost", producer.abort_transaction),
        (b"open", producer.flush),
    ):
        producer.begin_transaction()
        producer.produce("t", value)
        producer.flush()
        end()
    assert [(one["value"], one["transaction"]) for one in records(cluster, "?isolation=read_uncommitted")] == [
        ("kept", "committed"),
        ("lost", "aborted"),
        ("open", "open"),
    ]
    assert [one["value"] for one in records(cluster)] == ["kept"]
    assert cluster.call("GET", "/v1/topics/t/offsets")["offsets"] == [
        {"partition": 0, "log_start": 0, "high_watermark": 5, "last_stable": 4}
    ]
    producer.abort_transaction()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("GET", "/v1/topics/u/records", None, 404, "there is no topic 'u'; there are: t"),
        ("GET", "/v1/topics/tt", None, 404, "did you mean 't'.; there are: t"),
        ("GET", "/v1/topics/t/offsets?partition=7", None, 404, "'t' has no partition 7: it has 0 to 0"),
        ("GET", "/v1/topics/t/offsets?partition=-1", None, 400, "partition of GET .* cannot be -1; it is a whole num"),
        ("GET", "/v1/topics/t/records?limit=0", None, 400, "cannot be 0; it is a whole number from 1 to 1000"),
        ("GET", "/v1/topics/t/records?limit=x", None, 400, "cannot be 'x'"),
        ("GET", "/v1/topics/t/records?limt=1", None, 400, "has no field 'limt'; did you mean 'limit'"),
        ("GET", "/v1/topics/t/records?limit=1&limit=2", None, 400, "limit of .* is given twice"),
        ("GET", "/v1/topics/t/records?from=1", None, 400, "from is an offset of one partition"),
        ("GET", "/v1/topics/t/records?isolation=x", None, 400, "one of read_committed, read_uncommitted"),
        ("POST", "/v1/topics", {"name": "t"}, 409, "Topic 't' already exists"),
        ("POST", "/v1/topics", {"name": "a/b"}, 400, "INVALID_TOPIC_EXCEPTION"),
        ("POST", "/v1/topics", {"name": "u", "config": {"retention.m": 1}}, 400, "INVALID_CONFIG"),
        ("POST", "/v1/topics/t/records", {"records": [5]}, 400, "record 0 is an object with value"),
        ("POST", "/v1/topics/t/records", {"records": [{"valu": ""}]}, 400, "record 0 has no field 'valu'; did you"),
        ("POST", "/v1/topics/t/records", {"records": [{"value_base64": "?"}]}, 400, "record 0 is no base64"),
        ("POST", "/v1/topics/t/records", {"records": [{"value": "", "value_base64": ""}]}, 400, "not both"),
        ("POST", "/v1/topics/t/records", {"records": [{"headers": [{}]}]}, 400, "header 0 of record 0 needs key"),
        ("POST", "/v1/topics/t/records", {"records": [{}], "partition": 9}, 404, "has no partition 9"),
        ("POST", "/v1/topics/u/records", {"records": [{}], "partition": 9}, 404, "'u' would have no partition 9"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    cluster: Served, method: str, path: str, body: Any, status: int, why: str
) -> None:
    made = cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
    found = cluster.refused(method, path, body)
    assert found[0] == status
    assert re.search(why, found[1]), found[1]
    assert cluster.call("GET", "/v1/topics")["topics"] == [made]
    assert records(cluster) == []


def test_a_full_disk_is_an_error_that_can_be_tried_again(cluster: Served) -> None:
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
    cluster.call("POST", "/v1/faults", {"topic": "t", "action": "disk_full", "times": 1})
    given = {"records": [{"value": "a"}]}
    status, said = cluster.refused("POST", "/v1/topics/t/records", given)
    assert status == 503
    assert said.startswith("KAFKA_STORAGE_ERROR: [Errno 28] No space left on device")
    assert cluster.call("POST", "/v1/topics/t/records", given)["placed"] == [{"partition": 0, "offset": 0}]
