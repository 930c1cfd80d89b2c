"""Compiles a declaration into the encoder of one version.

The rule: what the version has no place for is left out, what it cannot express is refused, and big byte fields
are passed on as segments of their own, never copied.
"""

import struct
from collections.abc import Callable
from typing import Any

from .declaration import FIXED_SIZES, Field, fields_of
from .schema import declared
from .source import Source
from .wire import put_uvarint

OWN_SEGMENT_BYTES = 4096


ANY_NUMBER = 1 << 62


class LargeMessage(Exception):
    """The message has more array items than its encoder was given room for."""


class Unencodable(ValueError):
    """A message that does not fit its own declaration: a mistake of the program, never of a client."""


def compile_encoder(cls: type, version: int) -> Callable[..., None]:
    """A function (message, out, segments, room=ANY_NUMBER): appends to `out`, moved to `segments` before a big field.

    It stops with LargeMessage once the message has more array items than `room`.
    """
    s = Source()
    s.names.update(
        put_uvarint=put_uvarint,
        pack=struct.pack,
        null_string=b"\xff\xff",
        null=b"\xff\xff\xff\xff",
        faults=(struct.error, AttributeError, TypeError, UnicodeEncodeError),
        refuse=_refuse,
        LargeMessage=LargeMessage,
    )
    s(0, f"def encode(m, out, segments, room={ANY_NUMBER}):")
    s(1, "append = out.append")
    s(1, "try:")
    _Body(s, version, version in declared(cls).flexible).struct(2, cls, "m", in_tag=False)
    s(2, "pass")
    s(1, "except faults as fault:")
    s(2, f"raise refuse(m, {version}, fault) from fault")
    return s.compile("encode", f"<encoder of {cls.__name__} v{version}>")


class _Body:
    """Writes the statements that append values; `d` is the depth of indentation, `expr` what is encoded."""

    def __init__(self, s: Source, version: int, is_flexible: bool) -> None:
        self.s = s
        self.version = version
        self.is_flexible = is_flexible

    def struct(self, d: int, cls: type, expr: str, in_tag: bool) -> None:
        s = self.s
        live = [f for f in fields_of(cls) if self.version in f.versions]
        plain = [f for f in live if f.tag is None]
        i = 0
        while i < len(plain):
            run = i
            while run < len(plain) and plain[run].code:
                run += 1
            if run > i:  # fields of fixed size next to each other: one call
                codes = "".join(_code(f) for f in plain[i:run])
                s(d, f"out += {s.pack('>' + codes)}({', '.join(f'{expr}.{f.name}' for f in plain[i:run])})")
                i = run
            else:
                self.value(d, plain[i], f"{expr}.{plain[i].name}", in_tag, is_tagged=False)
                i += 1
        if self.is_flexible:
            tagged = sorted((f for f in live if f.tag is not None), key=lambda f: f.tag or 0)
            self._tags(d, tagged, expr)

    def value(self, d: int, f: Field, expr: str, in_tag: bool, is_tagged: bool) -> None:
        """One value. Inside a tag nothing leaves as a segment, because the tag's size comes first."""
        s = self.s
        if f.code:
            s(d, f"out += {s.pack('>' + _code(f))}({expr})")
            return
        v = s.new("v")
        s(d, f"{v} = {expr}")
        if self.version in f.nullable:
            s(d, f"if {v} is None:")
            s(d + 1, self._null(f, is_tagged))
            s(d, "else:")
            d += 1
            if f.struct is not None:
                s(d, "append(1)")
        if f.struct is not None:
            self.struct(d, f.struct, v, in_tag)
        elif f.item is not None:
            self._array(d, f.item, v, in_tag)
        else:
            self._bytes(d, f, v, in_tag)

    def _null(self, f: Field, is_tagged: bool) -> str:
        if f.struct is not None:
            return "append(0)" if is_tagged else "append(255)"
        if self.is_flexible:
            return "append(0)"
        return "out += null_string" if f.kind == "string" else "out += null"

    def _length(self, d: int, kind: str, v: str) -> str:
        s = self.s
        n = s.new("n")
        s(d, f"{n} = len({v})")
        if self.is_flexible:
            s(d, f"if {n} < 127: append({n} + 1)")
            s(d, f"else: put_uvarint(out, {n} + 1)")
        else:
            s(d, f"out += {s.pack('>h' if kind == 'string' else '>i')}({n})")
        return n

    def _bytes(self, d: int, f: Field, v: str, in_tag: bool) -> None:
        s = self.s
        if f.kind == "string":
            s(d, f"{v} = {v}.encode()")
        n = self._length(d, f.kind, v)
        if f.kind == "string" or in_tag:
            s(d, f"out += {v}")
            return
        s(d, f"if {n} < {OWN_SEGMENT_BYTES}: out += {v}")
        s(d, "else:")
        s(d + 1, "if out: segments.append(bytes(out)); out.clear()")
        s(d + 1, f"segments.append({v})")

    def _array(self, d: int, item: Field, v: str, in_tag: bool) -> None:
        s = self.s
        n = self._length(d, "array", v)
        s(d, f"room -= {n}")
        s(d, "if room < 0: raise LargeMessage")
        if item.code and item.code != "16s":
            s(d, f"out += pack(f'>{{{n}}}{_code(item)}', *{v})")
            return
        one = s.new("one")
        s(d, f"for {one} in {v}:")
        before = len(s.lines)
        self.value(d + 1, item, one, in_tag, is_tagged=False)
        if len(s.lines) == before:
            s(d + 1, "pass")

    def _tags(self, d: int, tagged: list[Field], expr: str) -> None:
        s = self.s
        if not tagged:
            s(d, "append(0)")
            return
        given = [(f, s.new("given")) for f in tagged]
        for f, there in given:
            s(d, f"{there} = {self._differs(f, f'{expr}.{f.name}')}")
        count = s.new("n")
        s(d, f"{count} = {' + '.join(there for _, there in given)}")
        s(d, f"append({count})")
        s(d, f"if {count}:")
        for f, there in given:
            s(d + 1, f"if {there}:")
            if f.code:
                s(d + 2, f"put_uvarint(out, {f.tag}); append({FIXED_SIZES[f.code]})")
                self.value(d + 2, f, f"{expr}.{f.name}", True, is_tagged=True)
                continue
            whole = s.new("whole")
            s(d + 2, f"{whole} = out; out = bytearray(); append = out.append")
            self.value(d + 2, f, f"{expr}.{f.name}", True, is_tagged=True)
            s(d + 2, f"put_uvarint({whole}, {f.tag}); put_uvarint({whole}, len(out))")
            s(d + 2, f"{whole} += out; out = {whole}; append = out.append")

    def _differs(self, f: Field, value: str) -> str:
        """Whether the value is worth a tag: a default is left out."""
        if f.default is None:
            return f"{value} is not None"
        if f.kind in ("array", "string", "bytes", "records") and not f.default:
            return f"({value} is None or len({value}) > 0)"
        default = self.s.bind("default", f.default)
        if f.struct is not None:  # one shared default: most messages never get to comparing fields
            return f"({value} is not {default} and {value} != {default})"
        return f"({value} != {default})"


def _code(f: Field) -> str:
    """A bool goes out as the byte it is: struct would make a False of None."""
    return "b" if f.code == "?" else f.code


def _refuse(message: object, version: int, fault: Exception) -> Unencodable:
    title = f"{type(message).__name__} v{version}"
    return Unencodable(f"{title}: {_culprit(type(message), message, version) or fault}")


def _culprit(cls: type, value: object, version: int) -> str | None:
    """Names the first field that does not fit, by its path."""
    for f in fields_of(cls):
        if version in f.versions:
            found = _misfit(f, getattr(value, f.name), version)
            if found is not None:
                return f".{f.name}{found}"
    return None


def _misfit(f: Field, value: Any, version: int) -> str | None:
    if value is None:
        return None if version in f.nullable else " may not be None"
    if f.code:
        try:
            struct.pack(">" + _code(f), value)
        except struct.error as fault:
            return f" = {value!r}: {fault}"
        return None
    if f.struct is not None:
        return _culprit(f.struct, value, version) if isinstance(value, f.struct) else f" is no {f.struct.__name__}"
    if f.item is not None:
        if not hasattr(value, "__len__"):
            return " is no array"
        for i, one in enumerate(value):
            found = _misfit(f.item, one, version)
            if found is not None:
                return f"[{i}]{found}"
        return None
    wanted = str if f.kind == "string" else (bytes, bytearray, memoryview)
    return None if isinstance(value, wanted) else f" is no {f.kind}"
