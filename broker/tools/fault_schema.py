"""Writes docs/fault.schema.json: `python -m odradek.broker.tools.fault_schema > docs/fault.schema.json`.

The rule: it is made of what `parse_rule` looks at, so that it takes what the broker takes and refuses what it refuses.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from ..answers.request_names import can_name
from ..apis import TABLE, Api
from ..control.fault_operations import RULE
from ..control.openapi import schema_of
from ..faults.rule import (
    CONNECTION,
    LEAST,
    MAY_HAVE_MS,
    MOST,
    NEEDED_NAMES,
    OF_METADATA,
    OF_REQUESTS,
    ON_DISK,
    PRINCIPAL,
    WITH_MS,
    api_of,
)
from ..topic_names import MAX_LENGTH

Schema = dict[str, Any]
TOPIC = r"^(?!\.{1,2}$)[a-zA-Z0-9._-]+$"  # as check_topic_name has it
NAMES = ("topic", "partition", "group", "transactional_id")


def document() -> Schema:
    """The whole schema: a rule, or a list of them."""
    rule = {"$ref": "#/$defs/rule"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Faults of Odradek",
        "description": "A fault of a cluster, or a list of them, in JSON or YAML: docs/testing.md.",
        "anyOf": [rule, {"type": "array", "items": rule}],
        "$defs": {"rule": _rule()},
    }


def _rule() -> Schema:
    schema = schema_of(RULE)
    fields: dict[str, Schema] = schema["properties"]
    fields["api"]["enum"] = [*_spellings(TABLE.values()), None]
    for name, field in fields.items():
        if "string" in field["type"] and "enum" not in field:
            field["minLength"] = 1
        if name in LEAST:
            field["minimum"] = LEAST[name]
        if name in MOST:
            field["maximum"] = MOST[name]
    fields["principal"]["pattern"], fields["connection"]["pattern"] = f"^{PRINCIPAL}$", f"^{CONNECTION}$"
    fields["topic"] |= {"pattern": TOPIC, "maxLength": MAX_LENGTH}
    fields["probability"] |= {"exclusiveMinimum": 0, "maximum": 1}
    return {**schema, "oneOf": [_has("error"), _has("action")], "allOf": [*_conditions(), *_versions()]}


def _conditions() -> Iterator[Schema]:
    """What fields ask of each other."""
    coordinators = [api for api in TABLE.values() if api_of(api.key) == "FindCoordinator"]
    yield _if(_is("action", WITH_MS), _has("ms"))
    yield _if(_has("ms"), _is("action", (*WITH_MS, *MAY_HAVE_MS)))
    yield _if(_is("is_applied", [True]), _has("error"))
    yield _if(_has("partition"), _has("topic"))
    yield _if(_has("key"), _may_be("api", _spellings(coordinators)))
    yield _if(_is("action", ON_DISK), {"properties": {name: {"type": "null"} for name in OF_REQUESTS}})
    for name in NAMES:
        yield _if(_has(name), _may_be("api", _spellings(_naming(name))))
    for action, needed in NEEDED_NAMES.items():
        yield _if(_is("action", [action]), _may_be("api", _spellings(_naming(*needed))))
    answered = [api for api in TABLE.values() if api_of(api.key) in OF_METADATA]
    yield _if(_is("action", ["stale_metadata"]), _may_be("api", _spellings(answered)))
    yield _if(_is("action", [*NEEDED_NAMES, "stale_metadata"]), {"properties": {"key": {"type": "null"}}})


def _versions() -> Iterator[Schema]:
    """Each API is served in versions of its own."""
    for api in TABLE.values():
        served = {"minimum": api.first, "maximum": api.last}
        yield _if(_is("api", _spellings([api])), {"properties": {"version": served}})


def _spellings(apis: Iterable[Api]) -> list[str]:
    """The APIs as Kafka writes them, and in small letters with underscores."""
    return [spelling for api in apis for spelling in (api_of(api.key), api.name)]


def _naming(*names: str) -> list[Api]:
    """The APIs whose requests can name one of these."""
    return [api for api in TABLE.values() if not can_name(api.load().request).isdisjoint(names)]


def _if(condition: Schema, then: Schema) -> Schema:
    return {"if": condition, "then": then}


def _has(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _is(name: str, values: Iterable[object]) -> Schema:
    return {"required": [name], "properties": {name: {"enum": [*values]}}}


def _may_be(name: str, values: Iterable[object]) -> Schema:
    return {"properties": {name: {"enum": [*values, None]}}}


def text() -> str:
    """The file."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    click.echo(text(), nl=False)
