"""An error in the answer's right place, of any API: at each item that a request names, or for the request as a whole.

What an answer must have beside the error is taken from the request, field by field of the same name.
"""

from typing import Any, cast

from ..protocol.declaration import Field, fields_of
from ..protocol.errors import ErrorCode
from .request_names import GROUP_FIELDS, INDEX_FIELDS, TOPIC_FIELDS, array_fields, index_of

ALIASES = (INDEX_FIELDS, TOPIC_FIELDS, GROUP_FIELDS, ("key",))
# What tells the items of an answer apart; everything else of a request says nothing about its answer.
COPIED = {
    *(name for names in ALIASES for name in names),
    "topic_id",
    "transactional_id",
    "resource_type",
    "resource_name",
}
TEXTS, NUMBERS = ("string",), ("int8", "int16", "int32", "int64", "uint16", "uint32")
_NOTHING: dict[str, Any] = {"string": "", "bytes": b"", "records": b"", "bool": False, "float64": 0.0, "array": ()}


def error_answer(body: object, response: type[Any], version: int, code: ErrorCode) -> object | None:
    """The answer that has this error wherever it can be; None where this version of it has no place for one."""
    answer, has_error = _mirrored(body, response, version, code)
    return answer if has_error else None


def failed_answer(body: object, response: type[Any], version: int, code: ErrorCode, why: str) -> object:
    """The same, without the error where there is no place for it: an answer that says nothing."""
    answer, _ = _mirrored(body, response, version, code)
    if getattr(answer, "error_message", "") is None:
        answer.error_message = why
    return answer


def add_errors(answer: Any, body: object, version: int, code: ErrorCode) -> None:
    """Add to an answer what is to be said of the items of a request that were kept from its handler."""
    array = _error_array(cast("type[object]", type(answer)), version)
    if array is not None:
        setattr(answer, array.name, [*getattr(answer, array.name), *_items(body, array, version, code)])


def _mirrored(source: object, made: type[Any], version: int, code: ErrorCode) -> tuple[Any, bool]:
    """What answers a part of a request, and whether the error is in it."""
    array = _error_array(made, version)
    items = [] if array is None else _items(source, array, version, code)
    has_error = bool(items)
    values: dict[str, Any] = {}
    for one in fields_of(made):
        if version not in one.versions:
            if not one.has_default:
                values[one.name] = _nothing(one, version)
        elif array is not None and one.name == array.name:
            values[one.name] = items
        elif one.name == "error_code":
            values[one.name] = ErrorCode.NONE if items else code
            has_error = True
        elif (known := _known(source, one)) is not None:
            values[one.name] = known
        elif not one.has_default:
            values[one.name] = _nothing(one, version)
    return made(**values), has_error


def _items(source: object, array: Field, version: int, code: ErrorCode) -> list[Any]:
    assert array.item is not None
    assert array.item.struct is not None
    given = next((items for _, items in array_fields(source)), ()) if not isinstance(source, str | int) else ()
    mirrored = [_mirrored(one, array.item.struct, version, code) for one in given]
    return [item for item, has_error in mirrored if has_error]


def _known(source: object, made: Field) -> Any:
    """What a part of a request has for a field of its answer, under one of the field's names."""
    wanted = _python_type(made)
    if wanted is None or made.name not in COPIED:
        return None
    names = next((names for names in ALIASES if made.name in names), (made.name,))
    if isinstance(source, str | int):
        is_meant = made.name in (INDEX_FIELDS if index_of(source) is not None else (*TOPIC_FIELDS, "group_id", "key"))
        return source if is_meant and isinstance(source, wanted) else None
    for name in names:
        value = getattr(source, name, None)
        if isinstance(value, wanted) and not isinstance(value, bool):
            return value
    return None


def _python_type(made: Field) -> type[object] | None:
    if made.kind in TEXTS:
        return str
    if made.kind in NUMBERS:
        return int
    return bytes if made.kind == "uuid" else None


def _error_array(made: type[Any], version: int) -> Field | None:
    """The array of an answer whose items, or theirs, have an error of their own."""
    for one in fields_of(made):
        if version not in one.versions or one.item is None or one.item.struct is None:
            continue
        names = {inner.name for inner in fields_of(one.item.struct) if version in inner.versions}
        if "error_code" in names or _error_array(one.item.struct, version) is not None:
            return one
    return None


def _nothing(field: Field, version: int) -> Any:
    """What stands for nothing in a field that an answer must have."""
    if version in field.nullable:
        return None
    if field.struct is not None:
        made = fields_of(field.struct)
        return field.struct(**{inner.name: _nothing(inner, version) for inner in made if not inner.has_default})
    return bytes(16) if field.kind == "uuid" else _NOTHING.get(field.kind, -1)
