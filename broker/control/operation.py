"""An operation of the control plane as data: what it is called by, what it takes, and what it answers.

The one rule: routes, checks, the OpenAPI document and the page in docs/ are all made of these.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from ..config.config_def import nearest

if TYPE_CHECKING:
    from ..testing.running_cluster import RunningCluster
    from .plane import ControlPlane

Kind = Literal["string", "integer", "number", "boolean", "object", "array"]
Method = Literal["GET", "POST", "DELETE"]
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
_WORDS: Mapping[str, str] = {
    **{"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"},
    **{"object": "an object", "array": "a list"},
}
MOST_INT = 2**63 - 1
ENDING = "the broker ends"
LINES = "application/x-ndjson"  # the kind of file that is taken and given: JSON, one object a line


class Refused(Exception):
    """What was asked for cannot be; nothing has been changed, and the text says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body, of a query or of an answer."""

    name: str
    kind: Kind
    about: str
    is_required: bool = False
    choices: Sequence[str] = ()
    least: float | None = None
    most: float | None = None
    items: "Sequence[Field]" = ()  # of the objects of an array
    is_nullable: bool = False
    also: Kind | None = None  # another kind that it may be

    @property
    def kinds(self) -> str:
        """As a person reads it."""
        return self.kind if self.also is None else f"{self.kind} or {self.also}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of an operation, checked."""

    plane: "ControlPlane"
    cluster: "RunningCluster"
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    data: bytes = b""  # the body of an operation that takes a file


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` has the names of its parts in braces; `example` is a body as a person would write it."""

    method: Method
    path: str
    name: str
    about: str
    does: Callable[[Asked], Awaitable[Mapping[str, Any] | bytes]]
    body: Sequence[Field] = ()
    query: Sequence[Field] = ()
    answer: Sequence[Field] = ()
    status: int = 200
    example: Mapping[str, Any] | None = None
    has_own_checks: bool = False  # of its body, with the words that Python has for it
    path_fields: Mapping[str, str] = field(default_factory=dict[str, str])  # what the names in braces mean
    takes_file: bool = False  # its body is the bytes of a file
    gives_file: bool = False  # what it answers is
    has_own_turn: bool = False  # it takes its turn in the cluster itself, or waits for something and needs none

    @property
    def title(self) -> str:
        """How errors call it."""
        return f"{self.method} {self.path}"


CLUSTER = Field("cluster", "string", "The cluster that is meant; without it the one that is served.")


def check_fields(given: object, known: Sequence[Field], what: str) -> dict[str, Any]:
    """What was given, if it is an object and each of it is a known field and can be what it says. Refused."""
    if not isinstance(given, dict):
        raise Refused(400, f"{what} is an object with {', '.join(one.name for one in known)}")
    return _checked(cast("dict[str, Any]", given), known, what)


def _checked(given: dict[str, Any], known: Sequence[Field], what: str) -> dict[str, Any]:
    names = [one.name for one in known]
    for name in given:
        if name not in names:
            has = f"; it has {', '.join(names)}" if names else ""
            raise Refused(400, f"{what} has no field {name!r}{nearest(name, names) or has}")
    for one in known:
        if one.name not in given:
            if one.is_required:
                raise Refused(400, f"{what} needs {one.name}: {one.about}")
        elif not _can_be(one, given[one.name]):
            raise Refused(400, f"{one.name} of {what} cannot be {_short(given[one.name])}{_bounds(one)}")
    return given


def parse_query(given: Sequence[tuple[str, str]], known: Sequence[Field], what: str) -> dict[str, Any]:
    """The parameters of a query, as what they stand for. Refused."""
    kinds: dict[str, Kind] = {one.name: one.kind for one in known}
    found: dict[str, Any] = {}
    for name, text in given:
        if name in found:
            raise Refused(400, f"{name} of {what} is given twice")
        found[name] = _parsed(text, kinds.get(name, "string"))
    return check_fields(found, known, what)


def _parsed(text: str, kind: Kind) -> object:
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "integer" and len(text) < 20:  # a longer one is beyond every bound
        try:
            return int(text)
        except ValueError:
            return text
    return text


def _can_be(one: Field, value: object) -> bool:
    if value is None:
        return one.is_nullable
    if isinstance(value, bool) and one.kind != "boolean":
        return False
    if not isinstance(value, _TYPES[one.kind]) and not (one.also and isinstance(value, _TYPES[one.also])):
        return False
    if one.choices and value not in one.choices:
        return False
    if isinstance(value, int | float):
        least, most = one.least, MOST_INT if one.most is None else one.most
        return (least is None or value >= least) and -MOST_INT <= value <= most
    return True


def _bounds(one: Field) -> str:
    if one.choices:
        return f"; it is one of {', '.join(one.choices)}"
    if one.least is not None and one.most is not None:
        return f"; it is {_WORDS[one.kind]} from {_number(one.least)} to {_number(one.most)}"
    if one.least is not None:
        return f"; it is {_WORDS[one.kind]}, {_number(one.least)} at least"
    return f"; it is {_WORDS[one.kind]}"


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) <= MOST_INT else "a number so large"
    return text if len(text) <= 100 else text[:100] + "…"
