"""An error in the answer's right place, of any API: at each item that a request names, or for the request as a whole.

What an answer must have beside the error is taken from the request, field by field of the same name.
"""

from collections.abc import Generator, Iterator
from enum import Enum, auto
from itertools import chain
from typing import Any, NamedTuple, TypeVar, cast

from ...protocol.declaration import Field, fields_of
from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from ..slices import run_to_end
from .request_names import GROUP_FIELDS, INDEX_FIELDS, TOPIC_FIELDS, array_fields, index_of

R = TypeVar("R")

ALIASES = (INDEX_FIELDS, TOPIC_FIELDS, GROUP_FIELDS, ("key",))
# What tells the items of an answer apart; everything else of a request says nothing about its answer.
COPIED = {
    *(name for names in ALIASES for name in names),
    "topic_id",
    "transactional_id",
    "resource_type",
    "resource_name",
    "user",
}
OF_TEXTS = (*TOPIC_FIELDS, "group_id", "key", "user")  # what an item that is a text may be the name of
TEXTS, NUMBERS = ("string",), ("int8", "int16", "int32", "int64", "uint16", "uint32")
_NOTHING: dict[str, Any] = {"string": "", "bytes": b"", "records": b"", "bool": False, "float64": 0.0, "array": ()}


# Where nothing is, in an answer that has an error.
_NOWHERE = ("low_watermark", "committed_offset")


class Place(Enum):
    """Where an answer has the error that has a place for it in its items, and one of its own."""

    ITEMS = auto()
    TOP = auto()
    BOTH = auto()


class _Said(NamedTuple):
    """What is said of each item: the error, perhaps in words, too."""

    code: ErrorCode
    text: str | None = None
    place: Place = Place.ITEMS


def error_answer(
    body: object, response: type[Any], version: int, code: ErrorCode, text: str | None = None
) -> object | None:
    """The answer that has this error wherever it can be; None where this version of it has no place for one."""
    answer, has_error = run_to_end(_mirrored(body, response, version, _Said(code, text)))
    return answer if has_error else None


def refusal(body: object, response: type[Any], version: int, code: ErrorCode, text: str | None = None) -> object:
    """The same, and an empty answer where there is no place for the error, as Kafka has it."""
    return run_to_end(refusal_in_steps(body, response, version, code, text))


def refusal_in_steps(
    body: object,
    response: type[Any],
    version: int,
    code: ErrorCode,
    text: str | None = None,
    place: Place = Place.ITEMS,
) -> Generator[None, None, object]:
    """The same of a request that may name very much."""
    answer, _ = yield from _mirrored(body, response, version, _Said(code, text, place))
    return answer


def add_errors(answer: Any, body: object, version: int, code: ErrorCode) -> None:
    """Add to an answer what is to be said of the items of a request that were kept from its handler."""
    array = _error_array(cast("type[object]", type(answer)), version)
    if array is not None:
        items = run_to_end(_items(body, array, version, _Said(code)))
        setattr(answer, array.name, [*getattr(answer, array.name), *items])


def error_items(
    body: object, response: type[Any], version: int, code: ErrorCode, text: str | None
) -> Generator[None, None, tuple[str, list[Any]]]:
    """What is to be said of the items of a request that are kept from its handler, and in which field; in steps."""
    array = _error_array(response, version)
    if array is None:
        return "", []
    return array.name, (yield from _items(body, array, version, _Said(code, text)))


def _mirrored(source: object, made: type[Any], version: int, said: _Said) -> Generator[None, None, tuple[Any, bool]]:
    """What answers a part of a request, and whether the error is in it."""
    array = _error_array(made, version)
    is_whole = said.place is Place.TOP and _has_own_error(made, version)
    items: list[Any] = []
    if array is not None and not is_whole:
        items = yield from _items(source, array, version, said._replace(place=Place.ITEMS))
    is_told_here = not items or said.place is Place.BOTH
    has_error = bool(items)
    values: dict[str, Any] = {}
    for one in fields_of(made):
        if version not in one.versions:
            if not one.has_default:
                values[one.name] = _nothing(one, version)
        elif array is not None and one.name == array.name:
            values[one.name] = items
        elif one.name == "error_code":
            values[one.name] = said.code if is_told_here else ErrorCode.NONE
            has_error = True
        elif one.name == "error_message" and said.text is not None and is_told_here:
            values[one.name] = said.text
        elif one.name in _NOWHERE:
            values[one.name] = -1
        elif (known := _known(source, one)) is not None:
            values[one.name] = known
        elif not one.has_default:
            values[one.name] = _nothing(one, version)
    return made(**values), has_error


def _items(source: object, array: Field, version: int, said: _Said) -> Generator[None, None, list[Any]]:
    assert array.item is not None
    assert array.item.struct is not None
    items: list[Any] = []
    for one in _answered_items(source):
        item, has_error = yield from _mirrored(one, array.item.struct, version, said)
        if has_error:
            items.append(item)
        yield
    return items


def _answered_items(source: object) -> Iterator[Any]:
    """The items of a part of a request that its answer has an item for each."""
    if isinstance(source, AlterUserScramCredentialsRequest):  # one for each user, whatever was to become of it
        told: set[str] = set()
        for one in chain[ScramCredentialDeletion | ScramCredentialUpsertion](source.deletions, source.upsertions):
            if one.name not in told:
                told.add(one.name)
                yield one.name
    elif not isinstance(source, str | int):
        yield from next((items for _, items in array_fields(source)), ())


def _known(source: object, made: Field) -> Any:
    """What a part of a request has for a field of its answer, under one of the field's names."""
    wanted = _python_type(made)
    if wanted is None or made.name not in COPIED:
        return None
    names = next((names for names in ALIASES if made.name in names), (made.name,))
    if isinstance(source, str | int):
        is_meant = made.name in (INDEX_FIELDS if index_of(source) is not None else OF_TEXTS)
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


def _has_own_error(made: type[Any], version: int) -> bool:
    return any(one.name == "error_code" and version in one.versions for one in fields_of(made))


def _error_array(made: type[Any], version: int) -> Field | None:
    """The array of an answer whose items, or theirs, have an error of their own."""
    for one in fields_of(made):
        if version not in one.versions or one.item is None or one.item.struct is None:
            continue
        if _has_own_error(one.item.struct, version) or _error_array(one.item.struct, version) is not None:
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
