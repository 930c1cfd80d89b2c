"""The page of the control plane is the one that the table writes, and what it shows runs."""

import json
import re
import shlex
from pathlib import Path

from odradek.broker.control.operation import Field
from odradek.broker.control.operations import OPERATIONS
from odradek.broker.tools.control_page import page, rows, section

from ..control.served import serving

FILE = Path(__file__).parents[3] / "docs" / "control.md"


def test_the_page_is_what_the_table_writes() -> None:
    assert FILE.read_text() == page(), "run `python -m odradek.broker.tools.control_page > docs/control.md`"


def test_every_operation_has_a_section() -> None:
    assert re.findall(r"^### (.+)$", page(), re.MULTILINE) == [operation.title for operation in OPERATIONS]


def test_a_field_of_items_stands_below_its_array() -> None:
    inner = Field("x", "string", "X.", choices=("a", "b"))
    assert rows([Field("list", "array", "L.", is_required=True, items=(inner,))]) == [
        "| `list` | array | L. Needed. |",
        "| `list[].x` | string | X. One of `a`, `b`. |",
    ]


def test_what_an_operation_answers_beside_its_body_is_said_once() -> None:
    told = section(next(one for one in OPERATIONS if one.name == "addFault"))
    assert told.count("| `api` |") == 1
    assert "Answered with 201, and what of the body is not as it is by itself:" in told


def test_the_documented_call_and_every_example_run() -> None:
    with serving("--ephemeral") as served:
        (call,) = re.findall(r"^curl (.+)$", FILE.read_text(), re.MULTILINE)
        _, body, url = shlex.split(call)
        assert served.call("POST", url[url.index("/v1") :], json.loads(body))["action"] == "disconnect_after"
        served.call("POST", "/v1/clusters", {"name": "three", "brokers": 3})
        for one in OPERATIONS:
            if one.example is not None:
                path = one.path.replace("{topic}", "orders").replace("{name}", "one").replace("{id}", "1")
                is_of_several = one.path.startswith(("/v1/brokers", "/v1/links"))
                served.call(one.method, path + ("?cluster=three" if is_of_several else ""), one.example)
