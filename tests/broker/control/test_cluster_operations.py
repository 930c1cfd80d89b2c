"""Clusters over HTTP: each is apart from the others, and gone when it is dropped."""

from typing import Any

import pytest

from odradek.broker.control.cluster_operations import setting_text
from odradek.broker.control.operation import Refused
from odradek.broker.wire import Wire

from .served import Served


def test_clusters_are_made_listed_and_dropped(served: Served) -> None:
    made = served.call("POST", "/v1/clusters", {"name": "other", "settings": {"num.partitions": 3}})
    assert served.call("GET", "/v1/clusters/other") == made
    assert [one["name"] for one in served.call("GET", "/v1/clusters")["clusters"]] == ["default", "other"]
    assert served.call("GET", "/v1/clusters/default")["bootstrap"] == served.bootstrap
    assert served.call("POST", "/v1/topics?cluster=other", {"name": "t"})["partitions"] == 3
    assert served.call("GET", "/v1/topics")["topics"] == []
    Wire(made["bootstrap"]).close()
    assert served.call("DELETE", "/v1/clusters/other") == made
    with pytest.raises(ConnectionRefusedError):
        Wire(made["bootstrap"])
    assert served.call("GET", "/v1/health") == {"status": "ready", "clusters": 1}


def test_with_a_seed_ids_are_the_same_in_every_run(served: Served) -> None:
    ids: list[str] = []
    for _ in range(2):
        ids.append(served.call("POST", "/v1/clusters", {"name": "seeded", "seed": 5})["cluster_id"])
        served.call("DELETE", "/v1/clusters/seeded")
    assert ids[0] == ids[1]


def test_a_cluster_may_show_itself_as_another_release(served: Served) -> None:
    served.call("POST", "/v1/clusters", {"name": "older", "settings": {"odradek.as.version": 3.9}})
    smallest = {"name": "t", "config": {"segment.bytes": "14"}}
    assert served.call("POST", "/v1/topics?cluster=older", smallest)["name"] == "t"
    assert served.refused("POST", "/v1/topics", smallest)[0] == 400
    served.call("DELETE", "/v1/clusters/older")


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({}, 400, "POST /v1/clusters needs name: What it is to be called."),
        ({"name": 5}, 400, "name of POST /v1/clusters cannot be 5; it is a text"),
        ({"name": "a b"}, 400, "'a b' is no name of a cluster: 1 to 100 of a-z, A-Z, 0-9, '.', '_' and '-'"),
        ({"name": "default"}, 409, "there is a cluster 'default' already"),
        ({"name": "x", "setings": {}}, 400, "POST /v1/clusters has no field 'setings'; did you mean 'settings'?"),
        (
            {"name": "x", "settings": {"num.partition": 1}},
            400,
            "unknown setting 'num.partition'; did you mean 'num.partitions'?",
        ),
        (
            {"name": "x", "settings": {"odradek.as.version": "3.9.1"}},
            400,
            "no release '3.9.1' of Apache Kafka can be shown; did you mean '3.9'? There are: 4.3, 4.2, 4.1, 4.0, "
            "3.9, 3.8, 3.7, 3.6, 3.5, 3.4, 3.3, 3.2, 3.1, 3.0, 2.8",
        ),
        (
            {"name": "x", "settings": {"num.partitions": []}},
            400,
            "num.partitions: a setting is a text, a number, true or false, not []",
        ),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(served: Served, body: dict[str, Any], status: int, why: str) -> None:
    assert served.refused("POST", "/v1/clusters", body) == (status, why)
    assert served.call("GET", "/v1/health")["clusters"] == 1


def test_the_one_that_is_served_is_not_dropped_and_the_nearest_is_named(served: Served, cluster: Served) -> None:
    assert served.refused("DELETE", "/v1/clusters/default") == (
        409,
        "the cluster 'default' ends with the process that serves it",
    )
    asked = f"{cluster.cluster}x"
    why = (404, f"there is no cluster '{asked}'; did you mean '{cluster.cluster}'?")
    assert served.refused("DELETE", f"/v1/clusters/{asked}") == why
    assert served.refused("GET", f"/v1/topics?cluster={asked}") == why


def test_a_setting_is_written_as_kafka_does() -> None:
    assert [setting_text("n", value) for value in (True, False, 3, 0.5, "x")] == ["true", "false", "3", "0.5", "x"]
    with pytest.raises(Refused, match="n: a setting is"):
        setting_text("n", None)
