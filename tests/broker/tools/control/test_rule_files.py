"""Rules in files: what is read, and what is refused with the place where it stands."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from odradek.broker.tools.control.client import ControlClient, Failed
from odradek.broker.tools.control.rule_files import add_all, read_rules

RULE = {"api": "Produce", "action": "delay", "ms": 5}


def written(path: Path, text: str) -> Path:
    file = path / "faults"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (json.dumps(RULE), [RULE]),
        (json.dumps([RULE, RULE]), [RULE, RULE]),
        ("api: Produce\naction: delay\nms: 5\n", [RULE]),
        ("- api: Produce  # slow\n  action: delay\n  ms: 5\n", [RULE]),
    ],
)
def test_one_rule_or_a_list_is_read_from_json_or_yaml(tmp_path: Path, text: str, rules: list[Any]) -> None:
    assert read_rules(written(tmp_path, text)) == rules


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- {api: Produce, action: delay, ms: 5}\n- {api: Produse, action: blackhole}", "faults: rule 2: .*'Produse'"),
        ("action: nothing", "faults: 'nothing' is no action"),
        ("a: [1", "faults: line 1: "),
        ("one\n- two: [", "faults: line 2: "),
        ("on: 1\naction: blackhole", "a fault has no field 'True'"),
        ("- 7", "faults: a fault is an object with fields, not 7"),
        ("", "faults: a fault is an object with fields, not None"),
        ("[]", "there is no fault in it"),
        ("a: \x07", "faults: unacceptable character"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(click.UsageError, match=why):
        read_rules(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match=r"cannot read .*nowhere"):
        read_rules(tmp_path / "nowhere")
    (tmp_path / "faults").write_bytes(b"\xff")
    with pytest.raises(click.UsageError, match=r"cannot read .*faults"):
        read_rules(tmp_path / "faults")


def test_yaml_asks_for_its_extra_and_json_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert read_rules(written(tmp_path, json.dumps(RULE))) == [RULE]
    with pytest.raises(click.ClickException, match=r"pip install 'odradek\[control\]'"):
        read_rules(written(tmp_path, "action: blackhole"))


class Full(ControlClient):
    """A control plane that has room for one fault."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.calls: list[tuple[str, ...]] = []

    def call(
        self,
        method: str,
        *path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        data: bytes | None = None,
    ) -> dict[str, Any]:
        self.calls.append((method, *path))
        if len(self.calls) == 2:
            raise Failed("there can be no more")
        return {"id": "fault-1"}


def test_those_that_were_added_before_one_that_is_refused_are_taken_back() -> None:
    client = Full()
    with pytest.raises(Failed, match="there can be no more"):
        add_all(client, [RULE, RULE])
    assert client.calls == [("POST", "faults"), ("POST", "faults"), ("DELETE", "faults", "fault-1")]
