"""`odradek control` from a shell: one JSON object a line."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from odradek.broker.cli import main
from odradek.broker.control.app import is_path_of
from odradek.broker.control.operations import OPERATIONS
from odradek.broker.tools.control.client import ControlClient

from .conftest import Shell


def test_faults_are_added_listed_and_removed(shell: Shell) -> None:
    options = ("--api", "Produce", "--topic", "t", "--error", "NOT_LEADER_OR_FOLLOWER", "--is-applied", "--times", "2")
    (fault,) = shell.said("faults", "add", *options)
    rule = {"api": "Produce", "topic": "t", "error": "NOT_LEADER_OR_FOLLOWER", "is_applied": True, "times": 2}
    assert fault == {"id": fault["id"], "hits": 0, "matched": 0, "is_over": False, **rule}
    assert shell.said("faults", "list") == shell.said("faults", "list", "--never-hit") == [fault]
    assert shell.said("faults", "show", fault["id"]) == [fault]
    assert "there were not 1 hits" in shell.failed("faults", "show", fault["id"], "--hits", "1", "--timeout-ms", "1")
    assert shell.said("faults", "remove", fault["id"]) == [fault]
    assert shell.said("faults", "list") == []
    assert "a fault has an error or an action, one of them" in shell.failed("faults", "add", "--api", "Fetch")
    assert "there is no fault 'x'; there are: none" in shell.failed("faults", "remove", "x")


def test_faults_are_added_from_a_file_all_or_none(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "# while the disk is full\n- {api: Produce, action: delay, ms: 5}\n- action: disk_full\n  topic: t\n"
    )
    added = shell.said("faults", "add", "--file", str(path))
    assert [(one.get("api"), one["action"], one.get("ms")) for one in added] == [
        ("Produce", "delay", 5),
        (None, "disk_full", None),
    ]
    for one in added:
        shell.said("faults", "remove", one["id"])
    path.write_text("- {action: blackhole}\n- {action: blackhol}\n")
    assert "faults.yaml: rule 2: 'blackhol' is no action" in shell.failed("faults", "add", "--file", str(path))
    assert "no other option" in shell.failed("faults", "add", "--file", str(path), "--times", "1")
    assert shell.said("faults", "list") == []


def test_the_clock_is_frozen_advanced_and_run(shell: Shell) -> None:
    (frozen,) = shell.said("clock", "freeze")
    assert frozen["rate"] == 0
    (moved,) = shell.said("clock", "advance", "--ms", "500", "--minutes", "1.5")
    assert moved["now_ms"] == frozen["now_ms"] + 90_500
    assert shell.said("clock", "run", "--rate", "5")[0]["rate"] == 5
    assert shell.said("clock", "run")[0]["rate"] == 1
    assert "advance by what? It has --ms, --seconds, --minutes, --hours, --days" in shell.failed("clock", "advance")
    assert "a clock is moved forward" in shell.failed("clock", "advance", "--ms", "-1")


def test_a_cluster_is_made_with_a_clock_that_stands_still(shell: Shell) -> None:
    shell.said("clusters", "create", "still", "--frozen-at", "1700000000000")
    shown = {"now_ms": 1_700_000_000_000, "rate": 0}
    assert shell.served.call("GET", "/v1/clock?cluster=still") == shown
    shell.said("clusters", "drop", "still")
    assert "since 1970" in shell.failed("clusters", "create", "never", "--frozen-at", "-1")


def test_clusters_are_made_and_looked_into(shell: Shell) -> None:
    (made,) = shell.said("clusters", "create", "other", "--set", "num.partitions=3", "--seed", "4")
    assert [one["name"] for one in shell.said("clusters", "list")] == ["default", "other"]
    shell.served.call("POST", "/v1/topics/t/records?cluster=other", {"records": [{"value": str(n)} for n in range(4)]})
    of_it = ("--cluster", "other")
    assert [(one["name"], one["partitions"]) for one in shell.said(*of_it, "topics")] == [("t", 3)]
    assert [one["value"] for one in shell.said(*of_it, "records", "t")] == ["0", "3", "1", "2"]
    done = shell.run(*of_it, "records", "t", "--limit", "1", "--uncommitted")
    assert done.stderr == "there is more: --partition 0 --from 1\n"
    rest = shell.said(*of_it, "records", "t", "--partition", "0", "--from", "1")
    assert [one["value"] for one in rest] == ["3"]
    assert shell.said("clusters", "show", "other") == [made]
    assert shell.said("clusters", "drop", "other") == [made]
    assert shell.said("topics") == []
    assert "'num.partitions' is not NAME=VALUE" in shell.failed("clusters", "create", "x", "--set", "num.partitions")


def test_where_it_is_has_to_be_said() -> None:
    done = CliRunner().invoke(main, ["control", "topics"], env={"ODRADEK_CONTROL": None})
    assert done.exit_code == 2
    assert "Missing option '--url'" in done.stderr


EACH = [
    *(
        "faults add --action blackhole --api Heartbeat",
        "faults list",
        "faults show fault-{id}",
        "faults remove fault-{id}",
    ),
    *("faults clear", "clock show", "clock freeze", "clock run", "clock advance --ms 1"),
    *("clusters create x", "clusters show x", "clusters list", "clusters drop x"),
    *("clusters create three --brokers 3 --racks a,b,c", "{three} brokers list", "{three} brokers show 1"),
    *("{three} brokers kill 1", "{three} brokers start 1", "{three} brokers stop 2", "{three} brokers start 2"),
    *("{three} brokers freeze 3", "{three} brokers resume 3", "{three} topics create t --replication-factor 2"),
    *("{three} links list", "{three} links cut 1 2", "{three} links heal", "{three} partitions t --until in_sync"),
    *("{three} elect t", "clusters drop three"),
    *("topics create t --partitions 1", "topics show t", "topics", "produce t v", "records t", "offsets t"),
    *("groups", "journal", "requests ApiVersions", "explain partition t", "health", "describe"),
    *("snapshot s", "snapshots list", "fork s y", "restore s", "snapshots remove s", "reset", "export -", "import -"),
]


def test_each_operation_has_a_verb(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: set[str] = set()
    send = ControlClient._send

    def noted(client: ControlClient, method: str, path: Any, *rest: Any) -> bytes:
        (operation,) = [one for one in OPERATIONS if one.method == method and is_path_of(one, ["v1", *path])]
        sent.add(operation.title)
        return send(client, method, path, *rest)

    monkeypatch.setattr(ControlClient, "_send", noted)
    last = shell.said("faults", "add", "--action", "blackhole", "--api", "Heartbeat")[0]["id"]
    for line in EACH:
        line = line.replace("{three}", "--cluster three")
        shell.printed(*line.replace("{id}", str(int(last.removeprefix("fault-")) + 1)).split())
    assert "there is no group 'g'" in shell.failed("committed", "g")
    assert sent == {one.title for one in OPERATIONS}
