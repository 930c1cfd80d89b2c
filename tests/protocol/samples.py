"""Declarations with every kind of field, for the tests of what is compiled from them."""

from collections.abc import Sequence

from odradek.protocol.schema import (
    ZERO_UUID,
    Records,
    boolean,
    f64,
    field,
    i8,
    i16,
    i32,
    i64,
    message,
    nested,
    u16,
    u32,
    uuid,
)

ID = bytes(range(16))


@nested
class Point:
    x: i32 = 0
    label: str | None = None


@nested
class Nothing:
    later: i32 = field(default=0, versions="5+")


@message(versions="0-5", flexible="3+")
class Sample:
    """Every kind of field."""

    flag: boolean = False
    tiny: i8 = 0
    short: i16 = 0
    long: i64 = 0
    unsigned: u16 = 0
    wide: u32 = 0
    real: f64 = 0.0
    id: uuid = ZERO_UUID
    name: str = ""
    alias: str | None = None
    blob: bytes = b""
    records: Records | None = None
    point: Point = field(default_factory=Point, versions="1+")
    maybe: Point | None = field(default=None, versions="2+")
    numbers: Sequence[i16] = ()
    ids: Sequence[uuid] = ()
    names: Sequence[str] = ()
    points: Sequence[Point] | None = field(default=(), nullable="2+")
    nothings: Sequence[Nothing] = ()
    tagged_number: i64 = field(default=-1, versions="3+", tag=0)
    tagged_point: Point = field(default_factory=Point, versions="3+", tag=2)
    tagged_maybe: Point | None = field(default=None, versions="3+", tag=1)
    tagged_blob: bytes = field(default=b"", versions="4+", tag=3)


@message(versions="0-1", flexible="1+")
class Named:
    """One string."""

    name: str


@message(versions="0-1", flexible="1+")
class Many:
    """Structs of no bytes at all in version 0."""

    nothings: Sequence[Nothing] = ()


@message(versions="0", flexible="0+")
class Tagged:
    """A tagged number."""

    number: i32 = field(default=7, tag=1)


FULL = Sample(
    flag=True,
    tiny=-128,
    short=-2,
    long=1 << 62,
    unsigned=65535,
    wide=4294967295,
    real=0.5,
    id=ID,
    name="größe",
    alias="",
    blob=b"blob",
    records=b"r" * 9000,
    point=Point(x=4, label="p"),
    maybe=Point(x=5),
    numbers=[1, -1],
    ids=[ID, ZERO_UUID],
    names=["", "n"],
    points=[Point(x=1), Point(x=2, label="q")],
    nothings=[Nothing(), Nothing()],
    tagged_number=9,
    tagged_point=Point(x=8),
    tagged_maybe=Point(label="t"),
    tagged_blob=b"b" * 5000,
)
