"""The OpenAPI 3.1 document, made of the table of operations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .operation import LINES, Field, Operation

ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string", "description": "What was wrong, and the nearest right thing."}},
    "required": ["error"],
}
FILE: Mapping[str, Any] = {LINES: {"schema": {"type": "string"}}}


def document(rooms: Iterable[tuple[str, Sequence[Operation]]]) -> Mapping[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for tag, operations in rooms:
        for operation in operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, tag)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Odradek's control plane", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Error": ERROR}},
    }


def schema_of(fields: Iterable[Field]) -> dict[str, Any]:
    """The JSON schema of an object with these fields and no others."""
    listed = list(fields)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: _field(one) for one in listed},
        "additionalProperties": False,
    }
    if required := [one.name for one in listed if one.is_required]:
        schema["required"] = required
    return schema


def _field(one: Field) -> dict[str, Any]:
    kinds = [one.kind, *([one.also] if one.also else []), *(["null"] if one.is_nullable else [])]
    kind = kinds if len(kinds) > 1 else one.kind
    schema: dict[str, Any] = {"description": one.about, "type": kind}
    if one.choices:
        schema["enum"] = [*one.choices, None] if one.is_nullable else [*one.choices]
    if one.least is not None:
        schema["minimum"] = one.least
    if one.most is not None:
        schema["maximum"] = one.most
    if one.items:
        schema["items"] = schema_of(one.items)
    return schema


def _described(operation: Operation, tag: str) -> Mapping[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "description": about, "schema": {"type": "string"}}
        for name, about in operation.path_fields.items()
    ]
    for one in operation.query:
        schema = _field(one)
        about = schema.pop("description")
        parameters.append(
            {"name": one.name, "in": "query", "required": one.is_required, "description": about, "schema": schema}
        )
    answer = {"application/json": {"schema": schema_of(operation.answer) if operation.answer else {"type": "object"}}}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.about,
        "tags": [tag],
        "parameters": parameters,
        "responses": {
            str(operation.status): {"description": "Done.", "content": FILE if operation.gives_file else answer},
            "4XX": {
                "description": "Refused, and nothing changed.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if operation.takes_file:
        described["requestBody"] = {"required": True, "content": FILE}
    if operation.body:
        content: dict[str, Any] = {"schema": schema_of(operation.body)}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {
            "required": any(one.is_required for one in operation.body),
            "content": {"application/json": content},
        }
    return described
