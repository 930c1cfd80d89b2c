"""DER, as far as certificates and keys need it: elements in a row, each a tag and a body (X.690)."""

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, OCTETS, OID, SEQUENCE = 0x02, 0x04, 0x06, 0x30


class Element(NamedTuple):
    """One element; `whole` has its tag and its length, too."""

    tag: int
    body: bytes
    whole: bytes


def elements(data: bytes) -> Iterator[Element]:
    """What stands in a row. ValueError where one ends beyond its place; IndexError where its length is missing."""
    pos = 0
    while pos < len(data):
        begin, tag, size = pos, data[pos], data[pos + 1]
        pos += 2
        if size & 0x80:
            width = size & 0x7F
            size = int.from_bytes(data[pos : pos + width])
            pos += width
        if pos + size > len(data):
            raise ValueError("an element ends beyond its place")
        yield Element(tag, data[pos : pos + size], data[begin : pos + size])
        pos += size


def element(tag: int, body: bytes) -> bytes:
    """One element as it is written."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + body


def dotted(oid: bytes) -> str:
    """An object identifier as text: 2.5.4.3. ValueError for none."""
    numbers: list[int] = []
    number = 0
    for byte in oid:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers or number:
        raise ValueError("an object identifier that does not end")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
