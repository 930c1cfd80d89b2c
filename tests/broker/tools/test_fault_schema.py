"""The schema of a fault takes the rules that the broker takes, and refuses those that it refuses."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from odradek.broker.faults.rule import ACTIONS, MAY_HAVE_MS, WITH_MS, FaultError, parse_rule
from odradek.broker.tools.fault_schema import document, text

from ..faults.test_rule import WRONG

DOCS = Path(__file__).parents[3] / "docs"
VALIDATOR = Draft202012Validator(document())


MORE: Sequence[dict[str, Any]] = [
    *({"topic": "t"}, {"topic": "t", "partition": 0}, {"group": "g"}, {"transactional_id": "x"}, {"key": "k"}),
    *({"version": version} for version in (0, 3, 8, 13, 19)),
]


def takes(given: Any) -> bool:
    return bool(VALIDATOR.is_valid(given))


def parses(given: dict[str, Any]) -> bool:
    try:
        parse_rule(given)
    except FaultError:
        return False
    return True


def test_the_file_is_what_the_tables_write() -> None:
    written = (DOCS / "fault.schema.json").read_text()
    assert written == text(), "run `python -m odradek.broker.tools.fault_schema > docs/fault.schema.json`"
    Draft202012Validator.check_schema(json.loads(written))


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_what_the_broker_refuses_is_refused(given: dict[str, Any]) -> None:
    assert not takes(given)


@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_broker_takes_is_taken(action: str) -> None:
    ms: dict[str, Any] = {"ms": 5} if action in WITH_MS else {}
    further: Sequence[dict[str, Any]] = [{}, {"ms": 5}, {"error": None}, *MORE]
    for more in further:
        given: dict[str, Any] = {"action": action, **ms, **more}
        assert takes(given) == parses(given), given
    assert takes({"action": action, "ms": 5}) == (action in (*WITH_MS, *MAY_HAVE_MS))


def test_every_pair_of_an_api_and_something_it_may_name_is_judged_as_by_the_broker() -> None:
    apis = document()["$defs"]["rule"]["properties"]["api"]["enum"]
    for api in apis:
        for what in MORE:
            given: dict[str, Any] = {"api": api, "error": "UNKNOWN_SERVER_ERROR", **what}
            assert takes(given) == parses(given), given
        for action in ("raise_leader_epoch", "move_coordinator", "stale_metadata", "disk_full"):
            given = {"api": api, "action": action}
            assert takes(given) == parses(given), given


def test_a_list_of_rules_is_taken_from_yaml_too() -> None:
    rules = yaml.safe_load("- {api: Produce, action: disconnect_after, times: 1}\n- {action: disk_full, topic: t}\n")
    assert takes(rules)
    assert not takes([*rules, {"action": "nothing"}])
    assert not takes("disk_full")


@pytest.mark.parametrize("page", ["testing.md", "control.md"])
def test_every_rule_of_the_documentation_is_taken(page: str) -> None:
    content = (DOCS / page).read_text()
    found = [json.loads(rule) for rule in re.findall(r"\{[^{}\n]*\"(?:action|error)\": \"[^{}\n]*\}", content)]
    calls = re.findall(r"faults\.add\(([^)\n]+)\)", content)
    found += [eval(f"dict({call})", {}) for call in calls if call != "..."]
    assert len(found) >= 1
    assert [rule for rule in found if not takes(rule)] == []
