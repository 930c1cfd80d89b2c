"""`odradek control` from a shell: one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from odradek.broker.cli import main

from ...control.served import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--ephemeral") as served:
        yield served


def control(served: Served, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["control", *arguments], env={"ODRADEK_CONTROL": served.url})


def said(served: Served, *arguments: str) -> list[Any]:
    """The objects that are printed."""
    done = control(served, *arguments)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def failed(served: Served, *arguments: str) -> str:
    done = control(served, *arguments)
    assert done.exit_code != 0
    assert done.stdout == ""
    return done.stderr


def test_faults_are_added_listed_and_removed(served: Served) -> None:
    options = ("--api", "Produce", "--topic", "t", "--error", "NOT_LEADER_OR_FOLLOWER", "--is-applied", "--times", "2")
    (fault,) = said(served, "faults", "add", *options)
    rule = {"api": "Produce", "topic": "t", "error": "NOT_LEADER_OR_FOLLOWER", "is_applied": True, "times": 2}
    assert fault == {"id": fault["id"], "hits": 0, "matched": 0, "is_over": False, **rule}
    assert said(served, "faults", "list") == said(served, "faults", "list", "--never-hit") == [fault]
    assert said(served, "faults", "remove", fault["id"]) == [fault]
    assert said(served, "faults", "list") == []
    assert "a fault has an error or an action, one of them" in failed(served, "faults", "add", "--api", "Fetch")
    assert "there is no fault 'x'; there are: none" in failed(served, "faults", "remove", "x")


def test_faults_are_added_from_a_file_all_or_none(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "# while the disk is full\n- {api: Produce, action: delay, ms: 5}\n- action: disk_full\n  topic: t\n"
    )
    added = said(served, "faults", "add", "--file", str(path))
    assert [(one.get("api"), one["action"], one.get("ms")) for one in added] == [
        ("Produce", "delay", 5),
        (None, "disk_full", None),
    ]
    for one in added:
        said(served, "faults", "remove", one["id"])
    path.write_text("- {action: blackhole}\n- {action: blackhol}\n")
    assert "faults.yaml: rule 2: 'blackhol' is no action" in failed(served, "faults", "add", "--file", str(path))
    assert "no other option" in failed(served, "faults", "add", "--file", str(path), "--times", "1")
    assert said(served, "faults", "list") == []


def test_the_clock_is_frozen_advanced_and_run(served: Served) -> None:
    (frozen,) = said(served, "clock", "freeze")
    assert frozen["rate"] == 0
    (moved,) = said(served, "clock", "advance", "--ms", "500", "--minutes", "1.5")
    assert moved["now_ms"] == frozen["now_ms"] + 90_500
    assert said(served, "clock", "run", "--rate", "5")[0]["rate"] == 5
    assert said(served, "clock", "run")[0]["rate"] == 1
    assert "advance by what? It has --ms, --seconds, --minutes, --hours, --days" in failed(served, "clock", "advance")
    assert "a clock is moved forward" in failed(served, "clock", "advance", "--ms", "-1")


def test_clusters_are_made_and_looked_into(served: Served) -> None:
    (made,) = said(served, "clusters", "create", "other", "--set", "num.partitions=3", "--seed", "4")
    assert [one["name"] for one in said(served, "clusters", "list")] == ["default", "other"]
    served.call("POST", "/v1/topics/t/records?cluster=other", {"records": [{"value": str(n)} for n in range(4)]})
    of_it = ("--cluster", "other")
    assert [(one["name"], one["partitions"]) for one in said(served, *of_it, "topics")] == [("t", 3)]
    assert [one["value"] for one in said(served, *of_it, "records", "t")] == ["0", "3", "1", "2"]
    done = control(served, *of_it, "records", "t", "--limit", "1", "--uncommitted")
    assert done.stderr == "there is more: --partition 0 --from 1\n"
    rest = said(served, *of_it, "records", "t", "--partition", "0", "--from", "1")
    assert [one["value"] for one in rest] == ["3"]
    assert said(served, "clusters", "drop", "other") == [made]
    assert said(served, "topics") == []
    assert "'num.partitions' is not NAME=VALUE" in failed(served, "clusters", "create", "x", "--set", "num.partitions")


def test_where_it_is_has_to_be_said() -> None:
    done = CliRunner().invoke(main, ["control", "topics"], env={"ODRADEK_CONTROL": None})
    assert done.exit_code == 2
    assert "Missing option '--url'" in done.stderr
