"""The words messages are declared with: the annotation says what a field is, `field(...)` when it lives.

    @message(api_key=12, versions="0-4", flexible="4+")
    class HeartbeatRequest:
        group_id: str
        generation_id: i32 = 0
        member_id: str
        group_instance_id: str | None = field(default=None, versions="3+")

One class serves every version. A message is never changed once built: defaults that are objects are shared.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast, dataclass_transform, overload

T = TypeVar("T")

ZERO_UUID = bytes(16)
NEWEST = 32767  # versions are int16


@dataclass(frozen=True, slots=True)
class Wire:
    """Marks an annotation with its wire type; `code` is the struct format of one that has a fixed size."""

    kind: str
    code: str = ""


boolean = Annotated[bool, Wire("bool", "?")]
i8 = Annotated[int, Wire("int8", "b")]
i16 = Annotated[int, Wire("int16", "h")]
i32 = Annotated[int, Wire("int32", "i")]
i64 = Annotated[int, Wire("int64", "q")]
u16 = Annotated[int, Wire("uint16", "H")]
u32 = Annotated[int, Wire("uint32", "I")]
f64 = Annotated[float, Wire("float64", "d")]
uuid = Annotated[bytes, Wire("uuid", "16s")]
Records = Annotated[bytes | bytearray | memoryview, Wire("records")]


@dataclass(frozen=True, slots=True)
class Versions:
    """A range of versions, both ends included; `first > last` is none at all."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> "Versions":
        """Reads Kafka's notation: "3+", "0-4", "2", "none"."""
        if text == "none":
            return NEVER
        if text.endswith("+"):
            return cls(int(text[:-1]), NEWEST)
        first, _, last = text.partition("-")
        return cls(int(first), int(last or first))

    def __contains__(self, version: object) -> bool:
        return isinstance(version, int) and self.first <= version <= self.last

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))


NEVER = Versions(NEWEST + 1, 0)
ALWAYS = Versions(0, NEWEST)


@dataclass(frozen=True, slots=True)
class Life:
    """What `field` notes about a field, kept in the dataclass's metadata."""

    versions: Versions
    nullable: Versions
    tag: int | None
    absent: object  # dataclasses.MISSING where it is the default, or no version lacks the field


@dataclass(frozen=True, slots=True)
class Declared:
    """What `@message` notes about a class: the versions its codec knows, the flexible ones (KIP-482)."""

    api_key: int | None
    versions: Versions
    flexible: Versions


@overload
def field(*, absent: object = ..., versions: str = ..., nullable: str = ..., tag: int | None = ...) -> Any: ...
@overload
def field(*, default: T, versions: str = ..., nullable: str = ..., tag: int | None = ...) -> T: ...
@overload
def field(
    *, default_factory: Callable[[], T], versions: str = ..., nullable: str = ..., tag: int | None = ...
) -> T: ...
def field(
    *,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    absent: object = dataclasses.MISSING,
    versions: str = "0+",
    nullable: str = "0+",
    tag: int | None = None,
) -> Any:
    """The life of a field: the versions that carry it, may leave it null, and the tag it has there.

    The default is also what decoding makes of a field that is not there. `default_factory` is called once.
    `absent` is that alone, for a field which must be given.
    """
    life = Life(Versions.parse(versions), Versions.parse(nullable), tag, absent)
    if default_factory is not dataclasses.MISSING:
        shared = default_factory()
        return dataclasses.field(default_factory=lambda: shared, metadata={"life": life})
    return dataclasses.field(default=default, metadata={"life": life})


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def message(
    api_key: int | None = None, *, versions: str = "0+", flexible: str = "none"
) -> Callable[[type[T]], type[T]]:
    """Declares a message, or a stored value, that is encoded on its own."""

    def declare(cls: type[T]) -> type[T]:
        made = _slotted(cls)
        notes = Declared(api_key, Versions.parse(versions), Versions.parse(flexible))
        _declared[made] = notes
        for name in (
            "api_key",
            "versions",
            "flexible",
        ):  # beside `declared`, for who holds a class of unknown type
            if not hasattr(made, name):
                setattr(made, name, getattr(notes, name))
        return made

    return declare


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def nested(cls: type[T]) -> type[T]:
    """Declares a struct that lives inside messages."""
    return _slotted(cls)


def declared(cls: type) -> Declared:
    """What `@message` declared of this class; LookupError for a class that is none."""
    try:
        return _declared[cls]
    except KeyError:
        raise LookupError(f"{cls.__name__} is not declared with @message") from None


_declared: dict[type, Declared] = {}


def _slotted(cls: type[T]) -> type[T]:
    made = dataclass(slots=True, kw_only=True, eq=False)(cls)
    names = tuple(f.name for f in dataclasses.fields(made))  # type: ignore[arg-type]

    def equal(self: object, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not type(self):
            return False
        return all(_is_same(getattr(self, name), getattr(other, name)) for name in names)

    setattr(made, "__eq__", equal)  # noqa: B010 (the checkers see a frozen slot)
    setattr(made, "__hash__", None)  # noqa: B010
    return made


def _is_same(one: object, other: object) -> bool:
    """Equality of fields: an array is what it holds, whether a list or a tuple."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        ours, theirs = cast(Sequence[object], one), cast(Sequence[object], other)
        return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))
    return bool(one == other)
