"""The clock over HTTP."""

from typing import Any

import pytest

from .served import Served


def test_a_frozen_clock_stands_still_and_is_moved_on(cluster: Served) -> None:
    began = cluster.call("POST", "/v1/clock/freeze")
    assert began["rate"] == 0
    assert cluster.call("GET", "/v1/clock") == began
    moved = cluster.call("POST", "/v1/clock/advance", {"ms": 60000, "minutes": 1})
    assert moved == {"now_ms": began["now_ms"] + 120_000, "rate": 0}


def test_it_goes_on_at_a_rate(cluster: Served) -> None:
    assert cluster.call("POST", "/v1/clock/run", {"rate": 1000})["rate"] == 1000
    assert cluster.call("POST", "/v1/clock/run")["rate"] == 1


def test_what_is_due_has_been_done_when_an_advance_is_answered(cluster: Served) -> None:
    config = {"retention.ms": 604_800_000, "segment.ms": 3_600_000}
    cluster.call("POST", "/v1/topics", {"name": "audit", "partitions": 1, "config": config})
    cluster.call("POST", "/v1/topics/audit/records", {"records": [{"value": "old"}]})
    cluster.call("POST", "/v1/clock/advance", {"days": 9})
    assert cluster.call("GET", "/v1/topics/audit/records")["records"] == []


def test_the_clock_of_the_cluster_that_is_served_is_another(served: Served, cluster: Served) -> None:
    before = served.call("GET", "/v1/clock")["now_ms"]
    cluster.call("POST", "/v1/clock/advance", {"days": 30})
    assert served.call("GET", "/v1/clock")["now_ms"] < before + 86_400_000


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("advance", {"ms": -1}, "a clock is moved forward, not by -0.001 s"),
        (
            "advance",
            {"days": 1e9},
            "the last time that a clock can show is 253402300799999, the end of the year 9999: "
            "it cannot be moved by 86400000000000.0 s",
        ),
        ("advance", {"day": 1}, "POST /v1/clock/advance has no field 'day'; did you mean 'days'?"),
        ("advance", {"days": "1"}, "days of POST /v1/clock/advance cannot be '1'; it is a number"),
        ("advance", {"days": True}, "days of POST /v1/clock/advance cannot be True; it is a number"),
        ("run", {"rate": -1}, "a clock runs at a rate from 0 to 1000000, not -1"),
        ("run", {"rate": 1e15}, "a clock runs at a rate from 0 to 1000000, not 1e+15"),
        ("freeze", {"ms": 1}, "POST /v1/clock/freeze has no field 'ms'"),
    ],
)
def test_what_no_clock_can_do_is_refused(cluster: Served, path: str, body: dict[str, Any], why: str) -> None:
    cluster.call("POST", "/v1/clock/freeze")
    before = cluster.call("GET", "/v1/clock")
    assert cluster.refused("POST", f"/v1/clock/{path}", body) == (400, why)
    assert cluster.call("GET", "/v1/clock") == before


def test_a_time_at_the_end_is_told_like_any_other(cluster: Served) -> None:
    cluster.call("POST", "/v1/clock/freeze")
    left_ms = 253402300799999 - cluster.call("GET", "/v1/clock")["now_ms"]
    assert cluster.call("POST", "/v1/clock/advance", {"ms": left_ms})["now_ms"] == 253402300799999
    cluster.call("POST", "/v1/topics", {"name": "late", "partitions": 1})
    cluster.call("POST", "/v1/topics/late/records", {"records": [{"value": "one"}]})
    assert cluster.call("GET", "/v1/topics/late/records")["records"][0]["timestamp_ms"] == 253402300799999
    assert "23:59:59.999" in cluster.call("GET", "/v1/explain/partition/late?partition=0")["text"]
    assert cluster.call("POST", "/v1/clock/run")["rate"] == 0
