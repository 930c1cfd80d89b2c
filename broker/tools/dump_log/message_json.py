"""A stored record as JSON, the way Kafka's generated converters write it.

Names in camelCase, bytes in base64, uuids as their text, and no field that the version lacks.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import cast

from ....protocol.declaration import Field, fields_of
from ....protocol.uuid_text import encode_uuid
from .printing import Value


def camel(name: str) -> str:
    """`producer_epoch` as `producerEpoch`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def message_json(message: object, version: int) -> "dict[str, Value]":
    """The fields that this version carries; tagged ones only where they differ from their default."""
    found: dict[str, Value] = {}
    for field in fields_of(type(message)):
        value: object = getattr(message, field.name)
        if version in field.versions and not (field.tag is not None and value == field.default):
            found[camel(field.name)] = _value(field, value, version)
    return found


def _value(field: Field, value: object, version: int) -> Value:
    if value is None:
        return None
    if field.kind == "array" and field.item is not None:
        item = field.item
        return [_value(item, one, version) for one in cast(Sequence[object], value)]
    if field.kind == "struct":
        return message_json(value, version)
    if field.kind == "uuid":
        return encode_uuid(cast(bytes, value))
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return cast(Value, value)
