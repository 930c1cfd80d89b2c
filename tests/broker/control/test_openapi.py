"""The document says of each operation what the table does."""

import json
from typing import Any

from odradek.broker.control.openapi import document, schema_of
from odradek.broker.control.operation import Field
from odradek.broker.control.operations import OPERATIONS, ROOMS

from .served import check


def test_it_has_every_operation_and_nothing_else() -> None:
    described = document(ROOMS)
    found = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert found == {(one.method, one.path) for one in OPERATIONS}
    json.dumps(described, allow_nan=False)


def test_what_an_operation_takes_is_what_the_document_says() -> None:
    paths: Any = document(ROOMS)["paths"]
    told = paths["/v1/topics/{topic}/records"]["get"]
    kinds = {one["name"]: (one["in"], one["required"], one["schema"]["type"]) for one in told["parameters"]}
    assert kinds["topic"] == ("path", True, "string")
    assert kinds["limit"] == ("query", False, "integer")
    body = paths["/v1/clusters"]["post"]["requestBody"]
    assert body["required"]
    assert body["content"]["application/json"]["schema"]["required"] == ["name"]


def test_every_example_is_one_that_its_schema_takes() -> None:
    examples = [one for one in OPERATIONS if one.example is not None]
    assert len(examples) > 5
    for one in examples:
        check(one.example, schema_of(one.body), one.title)


def test_a_schema_has_bounds_choices_and_items() -> None:
    fields = (
        Field("n", "integer", "N.", is_required=True, least=1, most=2),
        Field("c", "string", "C.", choices=("a", "b"), is_nullable=True),
        Field("l", "array", "L.", items=(Field("x", "boolean", "X."),)),
    )
    assert schema_of(fields) == {
        "type": "object",
        "properties": {
            "n": {"description": "N.", "type": "integer", "minimum": 1, "maximum": 2},
            "c": {"description": "C.", "type": ["string", "null"], "enum": ["a", "b", None]},
            "l": {
                "description": "L.",
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"x": {"description": "X.", "type": "boolean"}},
                    "additionalProperties": False,
                },
            },
        },
        "additionalProperties": False,
        "required": ["n"],
    }
