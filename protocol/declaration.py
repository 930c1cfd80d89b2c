"""Reading a declaration: from a class's annotations to the fields the compilers walk. Once per class."""

import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from .schema import ALWAYS, NEVER, Life, Versions, Wire

FIXED_SIZES = {"?": 1, "b": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "d": 8, "16s": 16}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message, or the item of an array: `kind` is Kafka's type name, "struct" or "array"."""

    name: str
    kind: str
    code: str  # struct format of a fixed-size type, else ""
    item: "Field | None"
    struct: type | None
    versions: Versions
    nullable: Versions
    tag: int | None
    default: Any  # what an absent field decodes to; dataclasses.MISSING where it is never absent

    @property
    def has_default(self) -> bool:
        return self.default is not dataclasses.MISSING


def fields_of(cls: type) -> tuple[Field, ...]:
    """The fields of a declared class, in wire order."""
    if cls not in _fields:
        hints = typing.get_type_hints(cls, include_extras=True)
        _fields[cls] = tuple(
            _field(f.name, hints[f.name], f.metadata.get("life", _WHOLE_LIFE), _default_of(f))
            for f in dataclasses.fields(cls)
        )
    return _fields[cls]


_fields: dict[type, tuple[Field, ...]] = {}
_WHOLE_LIFE = Life(ALWAYS, ALWAYS, None, dataclasses.MISSING)


def _default_of(f: "dataclasses.Field[Any]") -> Any:
    if f.default_factory is not dataclasses.MISSING:
        return f.default_factory()
    if f.default is not dataclasses.MISSING:
        return f.default
    return f.metadata.get("life", _WHOLE_LIFE).absent


def _field(name: str, hint: Any, life: Life, default: Any) -> Field:
    nullable = NEVER
    if get_origin(hint) in (Union, types.UnionType):
        arms = [arm for arm in get_args(hint) if arm is not type(None)]
        if len(arms) != 1:
            raise TypeError(f"{name}: more than one type in {hint!r}")
        hint, nullable = arms[0], life.nullable
    kind, code, item, struct = _type(name, hint)
    return Field(name, kind, code, item, struct, life.versions, nullable, life.tag, default)


def _type(name: str, hint: Any) -> tuple[str, str, Field | None, type | None]:
    if get_origin(hint) is Annotated:
        for mark in get_args(hint)[1:]:
            if isinstance(mark, Wire):
                return mark.kind, mark.code, None, None
    if hint is str:
        return "string", "", None, None
    if hint is bytes:
        return "bytes", "", None, None
    if get_origin(hint) is Sequence:
        return "array", "", _field(name, get_args(hint)[0], _WHOLE_LIFE, dataclasses.MISSING), None
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return "struct", "", None, hint
    raise TypeError(f"{name}: no wire type for {hint!r}")


def smallest_size(field: Field, version: int, is_flexible: bool) -> int:
    """The fewest bytes a value of this field can take on the wire, null included."""
    if field.code:
        return FIXED_SIZES[field.code]
    if field.struct is not None:
        if version in field.nullable:
            return 1
        return sum(
            smallest_size(inner, version, is_flexible)
            for inner in fields_of(field.struct)
            if version in inner.versions and inner.tag is None
        ) + int(is_flexible)
    if is_flexible:
        return 1
    return 2 if field.kind == "string" else 4
