"""Bytes in JSON: a text where they are one, else base64 under the name NAME_base64."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from .operation import Field, Refused

BASE64 = "_base64"


def put_bytes(out: dict[str, Any], name: str, value: bytes | None, *, as_base64: bool = False) -> None:
    """Have `value` in an object, under its name or that with _base64."""
    if value is not None and not as_base64:
        try:
            out[name] = value.decode()
        except UnicodeDecodeError:
            as_base64 = True
    if value is None:
        out[name] = None
    elif as_base64:
        out[name + BASE64] = base64.b64encode(value).decode()


def take_bytes(given: Mapping[str, Any], name: str, what: str) -> bytes | None:
    """What an object has under a name or that with _base64; None where it has neither. Refused."""
    if name in given and name + BASE64 in given:
        raise Refused(400, f"{what} has {name} or {name}{BASE64}, not both")
    text = given.get(name + BASE64)
    if text is None:
        plain: str | None = given.get(name)
        return None if plain is None else plain.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, f"{name}{BASE64} of {what} is no base64") from None


def bytes_fields(name: str, about: str) -> tuple[Field, Field]:
    """Both fields that bytes can be in."""
    return (
        Field(name, "string", about, is_nullable=True),
        Field(name + BASE64, "string", "The same as base64, where it is no text.", is_nullable=True),
    )
