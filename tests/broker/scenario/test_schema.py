"""The schema says what the table does."""

import json
from pathlib import Path
from typing import Any

from odradek.broker.scenario.schema import schema
from odradek.broker.scenario.table import SCENARIO

EXAMPLE = Path(__file__).parents[3] / "examples" / "scenario" / "shop.yaml"


def test_it_has_every_section_and_no_other_field() -> None:
    found: Any = schema()
    assert list(found["properties"]) == [one.name for one in SCENARIO.parts]
    assert found["additionalProperties"] is False
    topic = found["properties"]["topics"]["items"]
    assert topic["required"] == ["name"]
    assert topic["properties"]["partitions"]["minimum"] == 1
    assert topic["properties"]["records"]["items"]["properties"]["value"]["anyOf"][0] == {"type": ["string", "null"]}
    assert "disconnect_after" in found["properties"]["faults"]["items"]["properties"]["action"]["enum"]
    json.dumps(found, allow_nan=False)


def test_the_example_names_it() -> None:
    (line,) = [line for line in EXAMPLE.read_text().splitlines() if "$schema=" in line]
    assert (EXAMPLE.parent / line.partition("$schema=")[2]).is_file()
