"""Brokers and links over HTTP: each answer is what the description says."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from .served import Served

_numbers = count(1)


@pytest.fixture
def several(served: Served) -> Iterator[Served]:
    """Calls about a cluster of three brokers with a topic, whose clock stands still."""
    name = f"several-{next(_numbers)}"
    body = {"name": name, "brokers": 3, "racks": ["a", "b", "c"], "settings": {"offsets.topic.num.partitions": 1}}
    made = served.call("POST", "/v1/clusters", body)
    cluster = replace(served, cluster=name, bootstrap=made["bootstrap"])
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
    cluster.call("POST", "/v1/clock/freeze")
    yield cluster
    served.call("DELETE", f"/v1/clusters/{name}")


def leader_of(cluster: Served) -> int:
    (partition,) = cluster.call("GET", "/v1/topics/t/partitions")["partitions"]
    leader: int = partition["leader"]
    return leader


def test_brokers_are_listed_with_what_they_lead(several: Served) -> None:
    brokers = several.call("GET", "/v1/brokers")["brokers"]
    assert [(one["id"], one["rack"], one["state"], one["is_fenced"]) for one in brokers] == [
        (1, "a", "running", False),
        (2, "b", "running", False),
        (3, "c", "running", False),
    ]
    assert ",".join(one["bootstrap"] for one in brokers) == several.bootstrap
    assert [one["leads"] for one in brokers] == [int(one["id"] == leader_of(several)) for one in brokers]
    assert several.call("GET", "/v1/brokers/2") == brokers[1]


def test_one_is_killed_and_started_and_the_answer_has_what_became_of_it(several: Served) -> None:
    leader = leader_of(several)
    killed = several.call("POST", f"/v1/brokers/{leader}/kill")
    assert (killed["state"], killed["is_fenced"], killed["leads"]) == ("killed", True, 0)
    assert leader_of(several) != leader
    assert several.refused("POST", f"/v1/brokers/{leader}/stop")[0] == 409
    started = several.call("POST", f"/v1/brokers/{leader}/start")
    assert (started["state"], started["is_fenced"], started["bootstrap"]) == ("running", False, killed["bootstrap"])


def test_a_death_that_is_not_noticed_takes_a_session_to_be_found_out(several: Served) -> None:
    leader = leader_of(several)
    killed = several.call("POST", f"/v1/brokers/{leader}/kill", {"noticed": False, "page_cache": "lost"})
    assert (killed["state"], killed["is_fenced"], killed["leads"]) == ("killed", False, 1)
    several.call("POST", "/v1/clock/advance", {"seconds": 10})
    assert several.call("GET", f"/v1/brokers/{leader}")["is_fenced"]
    assert leader_of(several) != leader


def test_one_is_stopped_frozen_and_resumed(several: Served) -> None:
    assert several.call("POST", "/v1/brokers/1/stop")["state"] == "stopped"
    assert several.call("POST", "/v1/brokers/2/freeze")["state"] == "frozen"
    assert several.refused("POST", "/v1/brokers/1/resume") == (
        409,
        "broker 1 is stopped: this is for one that is frozen",
    )
    assert several.call("POST", "/v1/brokers/2/resume")["state"] == "running"


def test_links_are_cut_slowed_and_healed(several: Served) -> None:
    cut = several.call("POST", "/v1/links", {"from": 1, "to": "clients", "cut": True, "both_ways": False})["links"]
    assert cut == [{"from": 1, "to": "clients", "is_cut": True, "delay_ms": 0}]
    slow = {"from": "2", "to": 3, "delay_ms": 250}
    several.call("POST", "/v1/links", slow)
    both = [{"from": one, "to": other, "is_cut": False, "delay_ms": 250} for one, other in ((2, 3), (3, 2))]
    assert several.call("GET", "/v1/links")["links"] == [*both, *cut]
    assert several.call("DELETE", "/v1/links?from=2&to=3&both_ways=false")["links"] == [both[1], *cut]
    assert several.call("POST", "/v1/links", {"from": 1, "to": "clients", "cut": False})["links"] == [both[1]]
    assert several.call("DELETE", "/v1/links")["links"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("GET", "/v1/brokers/4", None, 404, "there is no broker '4'; there are: 1, 2, 3"),
        ("POST", "/v1/brokers/one/kill", None, 404, "there is no broker 'one'; there are: 1, 2, 3"),
        ("POST", "/v1/brokers/1/kill", {"page_cache": "gone"}, 400, "page_cache of POST"),
        ("POST", "/v1/links", {"from": 1, "to": 2}, 400, "a link is cut, or has a delay_ms"),
        ("POST", "/v1/links", {"from": 1, "to": 9, "cut": True}, 404, "there is no broker 9; there are: 1, 2, 3"),
        ("POST", "/v1/links", {"from": 1, "to": "client", "cut": True}, 404, "a link ends at the id of a broker"),
        ("POST", "/v1/links", {"from": 1, "to": True, "cut": True}, 400, "to of POST /v1/links cannot be True"),
        ("POST", "/v1/links", {"from": 1, "to": "clients", "delay_ms": 5}, 409, "the way of clients is not slowed"),
        ("DELETE", "/v1/links?from=1", None, 409, "a link has two ends: name both, or none for all links"),
    ],
)
def test_what_cannot_be_is_refused(
    several: Served, method: str, path: str, body: dict[str, object] | None, status: int, why: str
) -> None:
    found = several.refused(method, path, body)
    assert (found[0], found[1][: len(why)]) == (status, why)
    assert several.call("GET", "/v1/links")["links"] == []


def test_a_broker_alone_is_listed_and_cannot_be_killed(cluster: Served) -> None:
    (broker,) = cluster.call("GET", "/v1/brokers")["brokers"]
    assert (broker["id"], broker["bootstrap"], broker["rack"]) == (1, cluster.bootstrap, None)
    assert broker["state"] == "running"
    assert cluster.call("GET", "/v1/links")["links"] == []
    why = "this is a cluster of one broker: make one of several to stop and start them alone"
    assert cluster.refused("POST", "/v1/brokers/1/kill") == (409, why)
    assert cluster.refused("POST", "/v1/links", {"from": 1, "to": "clients", "cut": True}) == (409, why)


def test_a_number_of_brokers_or_racks_that_cannot_be_is_refused(served: Served) -> None:
    for body, why in (
        ({"brokers": 0}, "brokers of POST /v1/clusters cannot be 0; it is a whole number from 1 to 100"),
        ({"brokers": 2, "racks": ["a", "b", "c"]}, "2 brokers cannot stand in 3 racks: there is one for each"),
        ({"brokers": 2, "racks": ["a", 5]}, "a rack is a text, or None, not 5"),
    ):
        assert served.refused("POST", "/v1/clusters", {"name": "x", **body}) == (400, why)


def test_the_journal_says_which_broker_it_was(several: Served) -> None:
    rule = several.call("POST", "/v1/faults", {"api": "Metadata", "action": "delay", "ms": 1, "broker": 2})
    assert rule["broker"] == 2
    status, why = several.refused("POST", "/v1/faults", {"action": "blackhole", "broker": 4})
    assert (status, why) == (400, "there is no broker 4 in this cluster; there are: 1, 2, 3")
    several.call("POST", "/v1/brokers/2/freeze")
    (entry,) = [one for one in several.call("GET", "/v1/journal")["entries"] if one.get("subject") == "broker"]
    assert (entry["name"], entry["what"]) == ("2", "frozen")
