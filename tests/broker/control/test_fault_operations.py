"""Faults over HTTP, seen by a stock client."""

import threading
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from odradek.broker.control.fault_operations import RULE
from odradek.broker.faults.rule import FaultError, parse_rule

from .served import Served, serving


def send(bootstrap: str, topic: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 0})
    producer.produce(topic, b"one")
    assert producer.flush(20) == 0


@pytest.mark.parametrize(
    "what", [{"error": "NOT_LEADER_OR_FOLLOWER"}, {"action": "disconnect_after"}, {"action": "delay", "ms": 20}]
)
def test_a_fault_hits_a_stock_client_which_stores_once(cluster: Served, what: dict[str, Any]) -> None:
    cluster.call("POST", "/v1/topics", {"name": "orders", "partitions": 1})
    rule = {"api": "Produce", "topic": "orders", "times": 1, **what}
    fault = cluster.call("POST", "/v1/faults", rule)
    assert fault == {"id": "fault-1", "hits": 0, "matched": 0, "is_over": False, **rule}
    send(cluster.bootstrap, "orders")
    hit = cluster.call("GET", "/v1/faults/fault-1?hits=1")
    assert (hit["hits"], hit["is_over"]) == (1, True)
    records = cluster.call("GET", "/v1/topics/orders/records")["records"]
    assert [record["value"] for record in records] == ["one"]


def test_hits_are_waited_for(cluster: Served) -> None:
    cluster.call("POST", "/v1/faults", {"api": "Produce", "action": "delay", "ms": 1})
    client = threading.Timer(0.2, send, (cluster.bootstrap, "t"))
    client.start()
    assert cluster.call("GET", "/v1/faults/fault-1?hits=1&timeout_ms=20000")["hits"] == 1
    client.join()


def test_hits_that_do_not_come_are_said_to_be_missing(cluster: Served) -> None:
    cluster.call("POST", "/v1/faults", {"api": "Metadata", "action": "blackhole"})
    status, text = cluster.refused("GET", "/v1/faults/fault-1?hits=2&timeout_ms=10")
    assert status == 409
    assert text == "after 0.01 s there were not 2 hits of the fault api=Metadata action=blackhole, but 0"


def test_faults_that_were_never_hit_are_found(cluster: Served) -> None:
    for api in ("Metadata", "Heartbeat"):
        cluster.call("POST", "/v1/faults", {"api": api, "action": "delay", "ms": 0})
    send(cluster.bootstrap, "t")
    assert len(cluster.call("GET", "/v1/faults")["faults"]) == 2
    unhit = cluster.call("GET", "/v1/faults?never_hit=true")["faults"]
    assert [fault["api"] for fault in unhit] == ["Heartbeat"]


def test_a_fault_that_is_removed_hits_nothing_any_more(cluster: Served) -> None:
    cluster.call("POST", "/v1/faults", {"action": "blackhole"})
    assert cluster.call("DELETE", "/v1/faults/fault-1")["id"] == "fault-1"
    assert cluster.refused("GET", "/v1/faults/fault-1") == (404, "there is no fault 'fault-1'; there are: none")
    cluster.call("POST", "/v1/faults", {"action": "blackhole"})
    assert len(cluster.call("DELETE", "/v1/faults")["faults"]) == 1
    assert cluster.call("GET", "/v1/faults") == {"faults": []}
    send(cluster.bootstrap, "t")


@pytest.mark.parametrize(
    "rule",
    [
        {"api": "Produse", "action": "blackhole"},
        {"error": "NOT_LEADER"},
        {"eror": "NOT_LEADER_OR_FOLLOWER"},
        {"action": "delay"},
        {"action": "throttle", "ms": 10**30},
        {"times": "2", "action": "blackhole"},
        {},
    ],
)
def test_a_rule_is_refused_with_the_words_that_python_has(cluster: Served, rule: dict[str, Any]) -> None:
    with pytest.raises(FaultError) as raised:
        parse_rule(rule)
    assert cluster.refused("POST", "/v1/faults", rule) == (400, str(raised.value))
    assert cluster.call("GET", "/v1/faults") == {"faults": []}


def test_the_nearest_fault_is_named(cluster: Served) -> None:
    cluster.call("POST", "/v1/faults", {"action": "blackhole"})
    why = (404, "there is no fault 'fault1'; did you mean 'fault-1'?")
    assert cluster.refused("DELETE", "/v1/faults/fault1") == why


def test_each_field_of_a_rule_is_described() -> None:
    kinds = {field.name: field.kind for field in RULE}
    assert (kinds["api"], kinds["times"], kinds["probability"], kinds["is_applied"]) == (
        "string",
        "integer",
        "number",
        "boolean",
    )


def test_a_disk_with_a_directory_is_full_and_breaks_and_what_was_acknowledged_is_there_after_a_restart(
    tmp_path: Path,
) -> None:
    options = ("--data-dir", str(tmp_path), "--set", "log.flush.interval.messages=1", "--log-level", "error")
    with serving(*options) as served:
        served.call("POST", "/v1/topics", {"name": "orders", "partitions": 1})
        served.call("POST", "/v1/faults", {"action": "disk_full", "topic": "orders", "times": 2})
        send(served.bootstrap, "orders")
        assert served.call("GET", "/v1/faults/fault-1")["hits"] == 2
        served.call("POST", "/v1/faults", {"action": "fsync_error", "topic": "orders", "times": 1})
        lost = Producer({"bootstrap.servers": served.bootstrap, "message.timeout.ms": 1000, "log_level": 0})
        lost.produce("orders", b"unknown")
        lost.flush(20)
        assert served.call("GET", "/v1/faults/fault-2")["hits"] == 1
    with serving(*options) as served:
        records = served.call("GET", "/v1/topics/orders/records")["records"]
        assert records[0]["value"] == "one"
        assert [record["value"] for record in records[1:]] in ([], ["unknown"])  # nobody was told either
