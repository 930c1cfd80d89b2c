"""The few helpers that compiled codec code calls, and the one error of this layer."""


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


def put_uvarint(out: bytearray, value: int) -> None:
    """Append an unsigned varint (LEB128)."""
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
