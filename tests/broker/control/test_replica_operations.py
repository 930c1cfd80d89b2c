"""Leaders, replicas and elections over HTTP."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from .served import Served

_numbers = count(1)


@pytest.fixture
def several(served: Served) -> Iterator[Served]:
    """Calls about a cluster of three brokers with a topic."""
    name = f"replicas-{next(_numbers)}"
    made = served.call("POST", "/v1/clusters", {"name": name, "brokers": 3})
    cluster = replace(served, cluster=name, bootstrap=made["bootstrap"])
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 2, "replication_factor": 2})
    yield cluster
    served.call("DELETE", f"/v1/clusters/{name}")


def partitions(cluster: Served, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.call("GET", f"/v1/topics/t/partitions{query}")["partitions"]
    return found


def test_a_partition_is_shown_with_the_log_of_each_replica(several: Served) -> None:
    assert several.call("GET", "/v1/topics/t")["replication_factor"] == 2
    placed = several.call("POST", "/v1/topics/t/records", {"records": [{"value": "a"}], "partition": 1, "acks": "all"})
    assert placed["placed"] == [{"partition": 1, "offset": 0}]
    (seen,) = partitions(several, "?partition=1")
    assert (seen["partition"], seen["leader_epoch"], seen["eligible"], seen["last_known"]) == (1, 0, [], [])
    assert [one["broker"] for one in seen["replicas"]] == seen["isr"]
    first, second = seen["replicas"]
    assert (first["is_leader"], second["is_leader"]) == (True, False)
    assert (seen["leader"], first["log_end"], second["log_end"], first["log_start"]) == (first["broker"], 1, 1, 0)
    assert first["high_watermark"] == 1


def test_the_log_of_a_broker_that_is_down_is_not_known(several: Served) -> None:
    leader = partitions(several)[0]["leader"]
    several.call("POST", f"/v1/brokers/{leader}/kill")
    seen = partitions(several)[0]
    (gone,) = [one for one in seen["replicas"] if one["broker"] == leader]
    assert (gone["log_start"], gone["log_end"], gone["high_watermark"]) == (None, None, None)
    assert (gone["is_leader"], gone["is_in_sync"], seen["leader_epoch"]) == (False, False, 1)


def test_what_is_waited_for_is_answered_when_it_is_so(several: Served) -> None:
    leader = partitions(several)[0]["leader"]
    answered: list[dict[str, Any]] = []
    waiting = threading.Thread(
        target=lambda: answered.extend(partitions(several, f"?partition=0&until=led&other_than={leader}"))
    )
    waiting.start()
    several.call("POST", f"/v1/brokers/{leader}/kill")
    waiting.join(20)
    assert answered[0]["leader"] not in (None, leader)
    assert any(len(one["isr"]) == 1 for one in partitions(several, "?until=under_replicated"))
    several.call("POST", f"/v1/brokers/{leader}/start")
    assert all(len(one["isr"]) == 2 for one in partitions(several, "?until=in_sync"))


def test_what_does_not_come_is_said_as_it_was(several: Served) -> None:
    status, why = several.refused("GET", "/v1/topics/t/partitions?until=under_replicated&timeout_ms=1")
    assert status == 409
    assert why.startswith("after 0.001 s there were not replicas of 't' that are not in sync, but: t-0 with leader")
    status, why = several.refused("GET", "/v1/topics/t/partitions?other_than=1")
    assert (status, why) == (400, "other_than is said of until=led: the leader is to be another broker")
    assert several.refused("GET", "/v1/topics/nope/partitions")[0] == 404
    assert several.refused("GET", "/v1/topics/t/partitions?partition=2")[0] == 404


def test_an_election_brings_the_preferred_leader_back(several: Served) -> None:
    leader = partitions(several)[0]["leader"]
    several.call("POST", f"/v1/brokers/{leader}/stop")
    status, why = several.refused("POST", "/v1/topics/t/elections", {"partition": 0})
    assert (status, why) == (400, "PREFERRED_LEADER_NOT_AVAILABLE: t-0: The preferred leader was not available.")
    several.call("POST", f"/v1/brokers/{leader}/start")
    partitions(several, "?until=in_sync")
    (seen,) = several.call("POST", "/v1/topics/t/elections", {"partition": 0})["partitions"]
    assert (seen["leader"], seen["leader_epoch"]) == (leader, 2)
    assert several.call("POST", "/v1/topics/t/elections", {"kind": "unclean"})["partitions"][0]["leader"] == leader


def test_a_partition_of_a_broker_alone_is_in_sync(cluster: Served) -> None:
    cluster.call("POST", "/v1/topics", {"name": "t"})
    (seen,) = partitions(cluster, "?until=in_sync")
    assert (seen["leader"], seen["isr"]) == (1, [1])
    assert cluster.call("POST", "/v1/topics/t/elections")["partitions"][0]["leader"] == 1
