"""The JSON schema of a scenario, for editors, made of the table."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..control.openapi import schema_of
from .table import RULE_FIELDS, SCENARIO, Part

_DATA: Mapping[str, Any] = {
    "anyOf": [
        {"type": ["string", "null"]},
        {
            "type": "object",
            "properties": {"base64": {"type": "string"}},
            "required": ["base64"],
            "additionalProperties": False,
        },
        {"type": "object", "properties": {"json": {}}, "required": ["json"], "additionalProperties": False},
    ]
}
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "time": {"type": ["integer", "string"]},
    "texts": {"type": "array", "items": {"type": "string"}},
    "end": {"type": ["integer", "string"]},
    "settings": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "data": _DATA,
    "headers": {"type": ["object", "array"]},
}


def schema() -> Mapping[str, Any]:
    """The whole of it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of Odradek",
        **_part(SCENARIO),
    }


def _part(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {"description": part.about}
    if part.kind == "object":
        said |= _object(part.parts)
    elif part.kind == "list":
        said |= {"type": "array", "items": _object(part.parts)}
    elif part.kind == "fault":
        said |= {"type": "array", "items": schema_of(RULE_FIELDS)}
    else:
        said |= _KINDS[part.kind]
    if part.least is not None:
        said["minimum"] = part.least
    return said


def _object(parts: Iterable[Part]) -> dict[str, Any]:
    listed = list(parts)
    said: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: _part(one) for one in listed},
        "additionalProperties": False,
    }
    if required := [one.name for one in listed if one.is_required]:
        said["required"] = required
    return said
