"""Compiles a declaration into the decoder of one version.

The rule: whatever the bytes are, a decoder returns a message or raises CorruptFrame, and makes nothing larger
than the bytes in front of it warrant. Lengths are checked before slices and counts before loops.
"""

import struct
from collections.abc import Callable
from typing import Any

from .declaration import FIXED_SIZES, Field, fields_of, smallest_size
from .schema import declared
from .source import Source
from .wire import CorruptFrame, uvarint_tail

# An empty struct costs fifty times its bytes in memory: frames are bounded by the number of items as well.
MAX_ELEMENTS = 1 << 20
MAX_STRING_BYTES = 0x7FFF


class TooManyItems(CorruptFrame):
    """More array items and tagged fields than the caller has room for; with more room it may be a message."""


def compile_decoder(cls: type, version: int) -> Callable[..., Any]:
    """A function (data, pos=0, room=MAX_ELEMENTS) -> (message, position after it); `room` bounds the items in it."""
    s = Source()
    s.names.update(
        new=object.__new__,
        uvarint_tail=uvarint_tail,
        unpack_from=struct.unpack_from,
        CorruptFrame=CorruptFrame,
        TooManyItems=TooManyItems,
        faults=(struct.error, IndexError, UnicodeDecodeError),
    )
    title = f"{cls.__name__} v{version}"
    s(0, f"def decode(data, pos=0, room={MAX_ELEMENTS}):")
    s(1, "end = len(data)")
    s(1, "try:")
    _Body(s, version, version in declared(cls).flexible).struct(2, cls, "m")
    s(1, "except faults as fault:")
    s(2, f"raise CorruptFrame(f'{title}: {{fault}}') from fault")
    s(1, "return m, pos")
    return s.compile("decode", f"<decoder of {title}>")


class _Body:
    """Writes the statements that read values; `d` is the depth of indentation, `target` what is assigned."""

    def __init__(self, s: Source, version: int, is_flexible: bool) -> None:
        self.s = s
        self.version = version
        self.is_flexible = is_flexible

    def struct(self, d: int, cls: type, target: str) -> None:
        s = self.s
        fields = fields_of(cls)
        s(d, f"{target} = new({s.bind('cls', cls)})")
        live = [f for f in fields if self.version in f.versions]
        plain = [f for f in live if f.tag is None]
        for f in fields:
            if f not in plain:
                if not f.has_default:
                    raise TypeError(f"{cls.__name__}.{f.name} is not in every version and has no default")
                s(d, f"{target}.{f.name} = {s.bind('default', f.default)}")
        self._plain(d, plain, target)
        if self.is_flexible:
            self._tags(d, [f for f in live if f.tag is not None], target)

    def _plain(self, d: int, plain: list[Field], target: str) -> None:
        i = 0
        while i < len(plain):
            run = i
            while run < len(plain) and plain[run].code:
                run += 1
            if run > i:  # fields of fixed size next to each other: one call
                codes = "".join(f.code for f in plain[i:run])
                left = ", ".join(f"{target}.{f.name}" for f in plain[i:run])
                self._unpack(d, codes, left + ("," if run == i + 1 else ""))
                i = run
            else:
                self.value(d, plain[i], f"{target}.{plain[i].name}", in_tag=False)
                i += 1

    def _unpack(self, d: int, codes: str, left: str) -> None:
        self.s(d, f"{left} = {self.s.unpack('>' + codes)}(data, pos); pos += {struct.calcsize('>' + codes)}")

    def _uvarint(self, d: int, name: str) -> None:
        self.s(d, f"{name} = data[pos]; pos += 1")
        self.s(d, f"if {name} > 127: {name}, pos = uvarint_tail(data, pos, {name})")

    def _length(self, d: int, f: Field) -> str:
        n = self.s.new("n")
        if self.is_flexible:
            self._uvarint(d, n)
            self.s(d, f"{n} -= 1")
        else:
            self._unpack(d, "h" if f.kind == "string" else "i", f"{n},")
        self.s(d, f"if {n} < 0:")
        return n

    def _null(self, d: int, f: Field, target: str) -> None:
        if self.version in f.nullable:
            self.s(d, f"{target} = None")
        else:
            self.s(d, f"raise CorruptFrame('{f.name} may not be null')")

    def value(self, d: int, f: Field, target: str, in_tag: bool) -> None:
        """One value; a nullable struct inside a tag is announced by a varint, elsewhere by a byte."""
        s = self.s
        if f.code:
            self._unpack(d, f.code, f"{target},")
        elif f.struct is not None:
            if self.version in f.nullable:
                there = s.new("there")
                if in_tag:
                    self._uvarint(d, there)
                    s(d, f"if {there} == 0: {target} = None")
                else:
                    s(d, f"{there} = data[pos]; pos += 1")
                    s(d, f"if {there} > 127: {target} = None")
                s(d, "else:")
                d += 1
            self.struct(d, f.struct, target)
        elif f.item is not None:
            n = self._length(d, f)
            self._null(d + 1, f, target)
            s(d, "else:")
            self._array(d + 1, f.item, target, n)
        else:
            n = self._length(d, f)
            self._null(d + 1, f, target)
            s(d, "else:")
            self._bytes(d + 1, f, target, n)

    def _bytes(self, d: int, f: Field, target: str, n: str) -> None:
        s = self.s
        if f.kind == "string" and self.is_flexible:
            s(
                d,
                f"if {n} > {MAX_STRING_BYTES}: raise CorruptFrame('{f.name} is longer than a string may be')",
            )
        value = {
            "string": f"str(data[pos:pos + {n}], 'utf-8')",
            "bytes": f"bytes(data[pos:pos + {n}])",
            "records": f"memoryview(data)[pos:pos + {n}]",
        }[f.kind]
        s(d, f"{target} = {value}; pos += {n}")
        s(d, f"if pos > end: raise CorruptFrame('{f.name} ends beyond its frame')")

    def _array(self, d: int, item: Field, target: str, n: str) -> None:
        s = self.s
        smallest = max(1, smallest_size(item, self.version, self.is_flexible))
        many = n if smallest == 1 else f"{n} * {smallest}"
        s(d, f"room -= {n}")
        s(
            d,
            f"if {many} > end - pos: raise CorruptFrame('more items than room in the frame')",
        )
        s(d, "if room < 0: raise TooManyItems('more items than are allowed')")
        if item.code == "16s":
            s(
                d,
                f"{target} = [bytes(data[at:at + 16]) for at in range(pos, pos + {many}, 16)]; pos += {many}",
            )
        elif item.code:
            size = FIXED_SIZES[item.code]
            s(d, f"{target} = list(unpack_from(f'>{{{n}}}{item.code}', data, pos)); pos += {n} * {size}")
        else:
            add, one = s.new("add"), s.new("one")
            s(d, f"{target} = []")
            s(d, f"{add} = {target}.append")
            s(d, f"for _ in range({n}):")
            self.value(d + 1, item, one, in_tag=False)
            s(d + 1, f"{add}({one})")

    def _tags(self, d: int, tagged: list[Field], target: str) -> None:
        s = self.s
        n, tag, stop = s.new("n"), s.new("tag"), s.new("stop")
        s(d, f"{n} = data[pos]; pos += 1")
        s(d, f"if {n}:")
        s(d + 1, f"if {n} > 127: {n}, pos = uvarint_tail(data, pos, {n})")
        s(d + 1, f"room -= {n}")
        s(d + 1, "if room < 0: raise TooManyItems('more tagged fields than are allowed')")
        s(d + 1, f"for _ in range({n}):")
        self._uvarint(d + 2, tag)
        self._uvarint(d + 2, stop)
        s(d + 2, f"{stop} += pos")
        s(d + 2, f"if {stop} > end: raise CorruptFrame('tagged field ends beyond its frame')")
        for i, f in enumerate(tagged):
            s(d + 2, f"{'elif' if i else 'if'} {tag} == {f.tag}:")
            self.value(d + 3, f, f"{target}.{f.name}", in_tag=True)
            s(d + 3, f"if pos != {stop}: raise CorruptFrame('{f.name} is not as long as its tag says')")
        if tagged:
            s(d + 2, "else:")
            s(d + 3, f"pos = {stop}")
        else:
            s(d + 2, f"pos = {stop}")
