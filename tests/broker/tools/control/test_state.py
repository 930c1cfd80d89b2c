"""The state of a cluster from a shell."""

import json
from pathlib import Path

from .conftest import Shell


def values(shell: Shell) -> list[str]:
    return [one["value"] for one in shell.said("records", "t")]


def test_it_is_kept_brought_back_branched_off_and_emptied(shell: Shell) -> None:
    shell.said("produce", "t", "a")
    (taken,) = shell.said("snapshot", "one")
    shell.said("produce", "t", "b")
    assert shell.said("snapshots", "list") == [taken]
    assert shell.said("restore", "one") == [taken]
    assert values(shell) == ["a"]
    (made,) = shell.said("fork", "one", "branch")
    assert made in shell.said("clusters", "list")
    shell.said("reset")
    assert shell.said("topics") == []
    assert [one["value"] for one in shell.said("--cluster", "branch", "records", "t")] == ["a"]
    shell.said("clusters", "drop", "branch")
    assert shell.said("snapshots", "remove", "one") == [taken]
    assert "there is no snapshot 'one'; there are: none" in shell.failed("restore", "one")


def test_it_goes_to_a_file_and_comes_back(shell: Shell, tmp_path: Path) -> None:
    shell.said("reset")
    shell.said("produce", "t", "a", "b")
    file = tmp_path / "cluster.jsonl"
    shell.said("export", str(file))
    assert [json.loads(line).get("value") for line in file.read_text().splitlines()] == [None, "a", "b"]
    shell.said("reset")
    assert shell.said("import", str(file)) == [{"bytes": file.stat().st_size}]
    assert values(shell) == ["a", "b"]
    assert "line 1: the topic 't' is there already" in shell.failed("import", str(file))
    done = shell.run("import", "-", stdin=b'{"topic": "t", "value": "c"}\n')
    assert done.exit_code == 0
    assert values(shell) == ["a", "b", "c"]


def test_what_cannot_be_exported_leaves_no_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "cluster.jsonl"
    assert "there is no cluster 'x'" in shell.failed("--cluster", "x", "export", str(file))
    assert not file.exists()
