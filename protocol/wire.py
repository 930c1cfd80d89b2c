"""Varints, and the one error of this layer. Unsigned ones are the protocol's, zigzag ones those inside records."""


class CorruptFrame(ValueError):
    """Bytes that are not what the protocol says they should be. It closes the connection they came from."""


def uvarint_tail(data: bytes | bytearray | memoryview, pos: int, first: int) -> tuple[int, int]:
    """The rest of an unsigned varint whose `first` byte had its top bit set: (value, position after it).

    At most five bytes, and at most 2^32-1: nothing in the protocol is longer.
    """
    value, shift = first & 0x7F, 7
    while True:
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > 0xFFFFFFFF:
                raise CorruptFrame("varint beyond 32 bits")
            return value, pos
        shift += 7
        if shift > 28:
            raise CorruptFrame("varint longer than five bytes")


def uvarint(data: bytes | bytearray | memoryview, pos: int) -> tuple[int, int]:
    """An unsigned varint: (value, position after it). IndexError where `data` ends."""
    first = data[pos]
    return (first, pos + 1) if first < 128 else uvarint_tail(data, pos + 1, first)


def put_uvarint(out: bytearray, value: int) -> None:
    """Append an unsigned varint (LEB128)."""
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


def zigzag(data: bytes | bytearray | memoryview, pos: int, bits: int = 32) -> tuple[int, int]:
    """A signed varint, zigzag as records have it: (value, position after it). IndexError where `data` ends."""
    byte = data[pos]
    pos += 1
    value, shift = byte & 0x7F, 7
    while byte > 0x7F:
        if shift >= bits:
            raise CorruptFrame(f"varint longer than {bits} bits")
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    if value >> bits:
        raise CorruptFrame(f"varint beyond {bits} bits")
    return (value >> 1) ^ -(value & 1), pos


def put_zigzag(out: bytearray, value: int) -> None:
    """Append a signed varint, zigzag; up to 64 bits."""
    if 0 <= value < 64:  # nearly all that a record of a coordinator has
        out.append(value << 1)
    else:
        put_uvarint(out, (value << 1) ^ (value >> 63))
